/**
 * How long tasks take, by definition, learned from how long they took: by it short ones travel together, and long ones alone.
 */
import type { Work } from '../flow/unit.ts';
import type { Learned } from './executor.ts';

/** How much the last time counts against all before. */
const WEIGHT = 0.2;

type Entry = { -readonly [Field in keyof Learned]: Learned[Field] };
type Action = 'execute' | 'revert';

export class Durations {
  readonly #learned: Readonly<Record<Action, WeakMap<Work, Entry>>> = {
    execute: new WeakMap(),
    revert: new WeakMap(),
  };

  /** @param elapsed - ms */
  note(work: Work, action: Action, elapsed: number): void {
    const learned = this.#learned[action].get(work);
    if (learned === undefined) {
      this.#learned[action].set(work, { mean: elapsed, times: 1 });
      return;
    }
    // The first few count alike, so that the very first, which is slow, is soon forgotten.
    learned.mean += (elapsed - learned.mean) * Math.max(WEIGHT, 1 / ++learned.times);
  }

  /** Takes what an earlier process has learned; what this one has seen itself counts more. */
  teach(work: Work, action: Action, { mean, times }: Learned): void {
    if (!this.#learned[action].has(work)) this.#learned[action].set(work, { mean, times });
  }

  /** Null while nothing is known. */
  learned(work: Work, action: Action): Learned | null {
    return this.#learned[action].get(work) ?? null;
  }

  /** What a task will take, in ms; null while nothing is known. */
  expected(work: Work, action: Action): number | null {
    return this.#learned[action].get(work)?.mean ?? null;
  }

  /** How many times it was seen. */
  times(work: Work, action: Action): number {
    return this.#learned[action].get(work)?.times ?? 0;
  }
}
