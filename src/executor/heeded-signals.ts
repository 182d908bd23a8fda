/** The abort signals of the calls that a thread has in hand: each is followed once, however many calls have it. */
import { type Follower, follow, type StopSignal, unfollow } from '../following.ts';

/** Signals that are followed though no call in hand has them. */
const MOST_FOLLOWED = 32;

interface Heeded extends Follower {
  calls: number;
}

export class HeededSignals {
  readonly #onAborted: (signal: StopSignal, reason: unknown) => void;
  readonly #signals = new Map<StopSignal, Heeded>();

  /** @param onAborted - Of a signal that a call in hand has */
  constructor(onAborted: (signal: StopSignal, reason: unknown) => void) {
    this.#onAborted = onAborted;
  }

  /** A call has it that is in hand from now on. */
  heed(signal: StopSignal | null): void {
    if (signal === null) return;
    const heeded = this.#signals.get(signal) ?? this.#follow(signal);
    heeded.calls++;
  }

  #follow(signal: StopSignal): Heeded {
    const heeded: Heeded = { calls: 0, onAborted: (reason) => this.#hear(signal, reason) };
    this.#signals.set(signal, heeded);
    follow(signal, heeded);
    return heeded;
  }

  /** A call had it. What none has any more is followed on, since the next call is likely to have it again; while these are not many. */
  unheed(signal: StopSignal | null): void {
    const heeded = signal === null ? undefined : this.#signals.get(signal);
    if (signal === null || heeded === undefined || --heeded.calls > 0) return;
    if (this.#signals.size <= MOST_FOLLOWED) return;
    this.#signals.delete(signal);
    unfollow(signal, heeded);
  }

  #hear(signal: StopSignal, reason: unknown): void {
    const heeded = this.#signals.get(signal);
    this.#signals.delete(signal);
    if (heeded !== undefined && heeded.calls > 0) this.#onAborted(signal, reason);
  }
}
