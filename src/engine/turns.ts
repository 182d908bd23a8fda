/**
 * Runs begin in turns: who begins many at once lets what runs already be heard in between, so that workers are fed, the event
 * loop breathes, and what is done is let go before more is made.
 *
 * 1. In one turn of the event loop runs begin for TURN ms.
 * 2. While MOST are going on, others wait for the end of one: so little is alive at a time, and most of it is let go before the
 *    garbage collection has copied it. Where none ends for STILL ms the next begin all the same, for what runs may wait for
 *    them; and as many as are going on then may go on until they are few again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** ms */
const TURN = 5;
const MOST = 64;
/** ms */
const STILL = 5;

/** The turn of one run. */
export class Turn {
  #resolve: (() => void) | null = null;
  #isHad = false;

  /** Resolves when the run may begin; undefined when it may at once. */
  come(): undefined | Promise<void> {
    if (this.#isHad) return undefined;
    if (since === null) {
      since = performance.now();
      void letIn();
    }
    if (waiting.length === 0 && mayBegin()) {
      this.#begin();
      return undefined;
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      waiting.push(this);
    });
  }

  /** The run has ended, or will not begin. Any number of times. */
  end(): void {
    this.#resolve = null;
    if (!this.#isHad) return;
    this.#isHad = false;
    if (--going < MOST) most = MOST;
    lastEnd = performance.now();
    if (going < most) wake();
  }

  /** Of one that waits. */
  letIn(): void {
    const resolve = this.#resolve;
    if (resolve === null) return;
    this.#begin();
    resolve();
  }

  #begin(): void {
    this.#isHad = true;
    most = Math.max(most, ++going);
  }
}

const waiting: Turn[] = [];
/** When the first run of this turn of the event loop began; null: none has. */
let since: number | null = null;
let going = 0;
/** How many may. */
let most = MOST;
let lastEnd = 0;
/** Ends the wait for the end of a run. */
let wake: () => void = () => {};

function mayBegin(): boolean {
  const now = performance.now();
  return now - (since ?? now) < TURN && (going < most || now - lastEnd > STILL);
}

async function letIn(): Promise<void> {
  let at = 0;
  do {
    await nextTurn();
    if (at < waiting.length && going >= most) await anEnd();
    since = performance.now();
    while (at < waiting.length && mayBegin()) {
      waiting[at++]?.letIn();
      // It begins before the next.
      await null;
    }
  } while (at < waiting.length);
  waiting.length = 0;
  since = null;
}

/** Resolves at the end of a run, or when there has been none for so long. */
function anEnd(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, STILL - (performance.now() - lastEnd));
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
