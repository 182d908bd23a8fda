/**
 * When the next transaction is: at the end of this turn of the event loop where a task waits to be sent, else a little later, so
 * that what nobody waits for gathers, and many short tasks are one transaction.
 */

/**
 * ms that changes gather for, and for which at most what nobody waits for is told late and lost with the process. Measured: a thousand
 * tasks of 1 ms on two cores take 3.8 % longer than without a backend with 20, 2.5 % with 60, and 1 % with 100.
 */
const GATHERING = 50;

export class Pace {
  readonly #write: () => void;
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  /** A task waits. */
  isUrgent = false;

  /** @param write - Called when the time has come */
  constructor(write: () => void) {
    this.#write = write;
  }

  /** Something is to be written. */
  ask(): void {
    if (this.#soon !== undefined || (this.#later !== undefined && !this.isUrgent)) return;
    if (this.isUrgent) this.#soon = setImmediate(() => this.#due());
    else this.#later = setTimeout(() => this.#due(), GATHERING);
  }

  /** It is being written. */
  rest(): void {
    this.#callOff();
    this.isUrgent = false;
  }

  #due(): void {
    this.#callOff();
    this.#write();
  }

  #callOff(): void {
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    this.#soon = undefined;
    this.#later = undefined;
  }
}
