/** Lets one run of an engine go on at a time, and none once the engine is closed. */
import { closed, locked } from './refusals.ts';

export class Lock {
  readonly #flow: string;
  /** Resolves when the run that goes on has ended, whatever its end; null when none goes on. */
  ended: Promise<void> | null = null;
  isClosed = false;
  /** Resolves when the engine is closed. */
  readonly closing: Promise<void>;
  #announceClose: () => void = () => {};

  constructor(flow: string) {
    this.#flow = flow;
    this.closing = new Promise((resolve) => {
      this.#announceClose = resolve;
    });
  }

  /**
   * Returns what lets the next one in.
   *
   * @throws TaskloomError ENGINE_CLOSED, ENGINE_LOCKED
   */
  enter(): () => void {
    this.checkOpen();
    if (this.ended !== null) throw locked(this.#flow);
    let announce = (): void => {};
    this.ended = new Promise((resolve) => {
      announce = resolve;
    });
    return () => {
      this.ended = null;
      announce();
    };
  }

  /** @throws TaskloomError ENGINE_CLOSED */
  checkOpen(): void {
    if (this.isClosed) throw closed(this.#flow);
  }

  /** Waits for this, or for the engine's being closed. @throws TaskloomError ENGINE_CLOSED */
  async unlessClosed(step: Promise<unknown>): Promise<void> {
    await Promise.race([step, this.closing]);
    this.checkOpen();
  }

  close(): void {
    this.isClosed = true;
    this.#announceClose();
  }
}
