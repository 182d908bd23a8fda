/**
 * Stops a run from outside: the first signal aborts it, so that running tasks end and what ran is reverted; a second
 * one ends the process at once. A reader that leaves (`| head -1`) counts as a first signal.
 */
import type { StopReason } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * npm passes on the Ctrl-C that the terminal has sent to both of us, so that one press arrives twice: under npm and npx,
 * a second signal within this many ms belongs to the first.
 */
const ONE_PRESS = 300;

export interface InterruptListeners {
  first(reason: StopReason): void;
  second(reason: StopReason): void;
}

export class Interrupts implements Disposable {
  readonly #abort: AbortController;
  readonly #listeners: InterruptListeners;
  readonly #handlers = SIGNALS.map((signal) => [signal, () => this.#received(signal)] as const);
  readonly #patience: number;
  #reason: StopReason | null = null;
  #at = 0;

  /** Listens to the process's signals until it is disposed; the first one aborts. */
  constructor(abort: AbortController, listeners: InterruptListeners) {
    this.#abort = abort;
    this.#listeners = listeners;
    const npm = process.env['npm_lifecycle_event'] !== undefined;
    const terminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
    this.#patience = npm && terminal ? ONE_PRESS : 0;
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** What stopped the run first; null when nothing did. */
  get reason(): StopReason | null {
    return this.#reason;
  }

  /** As if a signal had come, but never the second one. */
  stop(reason: StopReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#at = performance.now();
    this.#listeners.first(reason);
    this.#abort.abort(new Error(`stopped: ${reason}`));
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.removeListener(signal, handler);
  }

  #received(signal: StopReason): void {
    if (this.#reason === null) this.stop(signal);
    else if (performance.now() - this.#at >= this.#patience) this.#listeners.second(signal);
  }
}
