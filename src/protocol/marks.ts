/**
 * How far a thread got with what it was sent, in shared memory that outlives it: what the main thread must know without
 * asking, since a thread that computes does not answer and one that died can't. And what the thread must know to be silent: a
 * message that wakes the main thread takes the thread longer than many a task.
 *
 * 1. A request belongs to whoever moves CLAIMED over its number first: the worker, who then performs it, or the main thread,
 *    who has then called it back. So what is called back never runs, and it is known at once what is.
 * 2. Numbers count up by one for each request that the thread is sent, and wrap at 32 bits; of those in hand at once, the
 *    order is that of their differences.
 * 3. SENT is moved when a message is on its way, never before: a thread that does not see it yet says once too often, and
 *    never once too little, that it has nothing left.
 */

/** The number of the first request that nobody claimed. */
const CLAIMED = 0;
/** The number of the last request of which the task's code began. */
const BEGUN = 1;
/** The number of the first request that was not sent. */
const SENT = 2;
/** 1 while the main thread wants to hear at once of what is done: another thread may have nothing to do before. */
const AWAITED = 3;
/** 1 while the thread may wait for more without sleeping: there is a core for it beside those that work. */
const MAY_SPIN = 4;
const WORDS = 5;
/** Beside them, as a float: when BEGUN was, in ms since 1970, on the clock of `wallNow`. */
const STARTED_BYTE = 24;

export class Marks {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #started: Float64Array;

  /** @param memory - That of the other side; none for a thread that is new. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(STARTED_BYTE + Float64Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(this.memory, 0, WORDS);
    this.#started = new Float64Array(this.memory, STARTED_BYTE, 1);
    if (memory === undefined) this.#words[BEGUN] = -1;
  }

  /** By the worker, before it performs a request. False: it was called back. */
  claim(number: number): boolean {
    return Atomics.compareExchange(this.#words, CLAIMED, number, nextOf(number)) === number;
  }

  /** By the worker, before the task's code. */
  begin(number: number, at: number): void {
    this.#started[0] = at;
    Atomics.store(this.#words, BEGUN, number);
  }

  /** By the main thread: calls back what is not claimed of all numbers before `next`. Returns the first that it got. */
  callBack(next: number): number {
    for (;;) {
      const claimed = Atomics.load(this.#words, CLAIMED);
      if (claimed === next || Atomics.compareExchange(this.#words, CLAIMED, claimed, next) === claimed)
        return claimed;
    }
  }

  /** By the main thread: all requests before `next` were sent. */
  noteSent(next: number): void {
    Atomics.store(this.#words, SENT, next);
  }

  /** By the worker: waits without sleeping until it is sent more, so many ms at most and while it may. False: it was not. */
  spinUntilSent(ms: number): boolean {
    const until = performance.now() + ms;
    while (this.isDone) if (!this.maySpin || performance.now() > until) return false;
    return true;
  }

  /** By the worker. */
  get maySpin(): boolean {
    return Atomics.load(this.#words, MAY_SPIN) === 1;
  }

  /** By the main thread. */
  set maySpin(maySpin: boolean) {
    Atomics.store(this.#words, MAY_SPIN, maySpin ? 1 : 0);
  }

  /** By the worker: nothing waits here to be claimed, as far as it can see. */
  get isDone(): boolean {
    return !isBefore(Atomics.load(this.#words, CLAIMED), Atomics.load(this.#words, SENT));
  }

  /** By the worker. */
  get isAwaited(): boolean {
    return Atomics.load(this.#words, AWAITED) === 1;
  }

  /** By the main thread. */
  set isAwaited(isAwaited: boolean) {
    Atomics.store(this.#words, AWAITED, isAwaited ? 1 : 0);
  }

  isClaimed(number: number): boolean {
    return isBefore(number, Atomics.load(this.#words, CLAIMED));
  }

  /** When the task's code began, on the clock of `wallNow`; null when it did not, or is not the last that did. */
  startOf(number: number): number | null {
    return Atomics.load(this.#words, BEGUN) === number ? (this.#started[0] as number) : null;
  }
}

/** Asked for once: it is a getter that takes longer than the time itself. */
const ORIGIN = performance.timeOrigin;

/** ms since 1970, of the monotonic clock that all threads share. */
export function wallNow(): number {
  return ORIGIN + performance.now();
}

export function nextOf(number: number): number {
  return (number + 1) | 0;
}

export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
