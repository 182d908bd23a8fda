/** A goal: how good a figure should be, and whether it is. */
import type { Figure } from './figure.ts';

/** Held against the figure's value, or against its ratio. */
export type Goal =
  | { readonly on: 'value' | 'ratio'; readonly atLeast: number }
  | { readonly on: 'value' | 'ratio'; readonly atMost: number };

export type Verdict = 'met' | 'not met' | 'not judged: busy' | 'not judged: quick';

/** What a run was like as a whole: why its figures may say nothing about goals. */
export interface Conditions {
  /** The machine had other work before the start. */
  readonly busy: boolean;
  /** Sizes are small, and not those that the goals were set for. */
  readonly quick: boolean;
}

/** Null where there is no goal. A figure that is no number has not met it. */
export function verdictOf({ goal, value, ratio }: Figure, { busy, quick }: Conditions): Verdict | null {
  if (goal === null) return null;
  if (busy) return 'not judged: busy';
  if (quick) return 'not judged: quick';
  const measured = (goal.on === 'value' ? value : ratio) ?? Number.NaN;
  const met = 'atLeast' in goal ? measured >= goal.atLeast : measured <= goal.atMost;
  return met ? 'met' : 'not met';
}

/** `≥ 15 ×` for a ratio, `≥ 0.8` for a value. */
export function goalText(goal: Goal): string {
  const bound = 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return goal.on === 'ratio' ? `${bound} ×` : bound;
}
