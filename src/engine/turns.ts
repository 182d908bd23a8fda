/**
 * Runs begin in turns: who begins many at once lets what runs already be heard in between, so that workers are fed, the event
 * loop breathes, and what is done is let go before more is made.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** ms of one turn of the event loop in which runs may begin. */
const TURN = 5;

const waiting: (() => void)[] = [];
/** When the first run of this turn began; null: none has. */
let since: number | null = null;

/** Resolves when a run may begin; undefined when it may at once. */
export function turnToBegin(): undefined | Promise<void> {
  if (since === null) {
    since = performance.now();
    void letIn();
    return undefined;
  }
  if (waiting.length === 0 && performance.now() - since < TURN) return undefined;
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

async function letIn(): Promise<void> {
  let at = 0;
  do {
    await nextTurn();
    since = performance.now();
    while (at < waiting.length && performance.now() - since < TURN) {
      waiting[at++]?.();
      await null;
    }
  } while (at < waiting.length);
  waiting.length = 0;
  since = null;
}
