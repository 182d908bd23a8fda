/**
 * Lets a process exit while a database works. Node ends its threads then, wherever they are; one that is in native code would
 * abort the whole process when it comes out of there. So the thread says when it is at work, and the exit waits for the end of
 * that: a transaction that was begun is written.
 *
 *   the thread's word:   IDLE ⇄ AT_WORK          by the thread, before and after each group of requests
 *                          │        │
 *                          ▼        ▼            by the exit, once
 *                        HALTED ◀─ HALTING       by the thread, which then stands still for good
 */

const IDLE = 0;
const AT_WORK = 1;
const HALTING = 2;
const HALTED = 3;
/** ms that an exit waits at most: for one transaction, on a disk that is slow or has much else to do. */
const LONGEST = 60_000;

/** The database's end of it. */
export class WayOut {
  readonly #word: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#word = new Int32Array(shared);
  }

  /** True when the work in hand should come to its end. */
  get isWanted(): boolean {
    return Atomics.load(this.#word, 0) === HALTING;
  }

  /** Does some work, during which the process does not exit. Does not return when it is exiting. */
  during(work: () => void): void {
    if (Atomics.compareExchange(this.#word, 0, IDLE, AT_WORK) !== IDLE) this.#standStill();
    try {
      work();
    } finally {
      if (Atomics.compareExchange(this.#word, 0, AT_WORK, IDLE) !== AT_WORK) this.#standStill();
    }
  }

  #standStill(): void {
    Atomics.store(this.#word, 0, HALTED);
    Atomics.notify(this.#word, 0);
    Atomics.wait(this.#word, 0, HALTED);
  }
}

const open = new Set<SharedArrayBuffer>();

/** On the main thread: the word of a database that is opened. */
export function newWayOut(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  if (open.size === 0) process.on('exit', haltAll);
  open.add(shared);
  return shared;
}

/** The database is closed, or its thread is dead. */
export function forgetWayOut(shared: SharedArrayBuffer): void {
  open.delete(shared);
  if (open.size === 0) process.off('exit', haltAll);
}

function haltAll(): void {
  for (const shared of open) {
    const word = new Int32Array(shared);
    Atomics.compareExchange(word, 0, IDLE, HALTED);
    Atomics.compareExchange(word, 0, AT_WORK, HALTING);
  }
  for (const shared of open) Atomics.wait(new Int32Array(shared), 0, HALTING, LONGEST);
}
