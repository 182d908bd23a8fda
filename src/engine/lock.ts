/** Lets one run of an engine go on at a time, when its turn comes, and none once the engine is closed. */
import { closed, locked } from './refusals.ts';
import { Turn } from './turns.ts';

export class Lock {
  readonly #flow: string;
  readonly #turn: Turn;
  /** Resolves when the run that goes on has ended, whatever its end; null when none goes on. */
  ended: Promise<void> | null = null;
  isClosed = false;
  /** Resolves when the engine is closed. */
  readonly closing: Promise<void>;
  #announceClose: () => void = () => {};

  /** @param turn - Of each run */
  constructor(flow: string, turn: Turn = new Turn()) {
    this.#flow = flow;
    this.#turn = turn;
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
      this.#turn.end();
      this.ended = null;
      announce();
    };
  }

  /** Resolves when the run may begin; undefined when it may at once. @throws (rejects) TaskloomError ENGINE_CLOSED */
  turn(): undefined | Promise<void> {
    const coming = this.#turn.come();
    return coming === undefined ? undefined : this.unlessClosed(coming);
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
