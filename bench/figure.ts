/**
 * A figure: one line of the report. Samples are kept by round, so that two cases of one round, which had the same
 * weather, are divided before the median is taken.
 */
import type { Goal } from './goal.ts';

export interface Figure {
  readonly bench: string;
  readonly case: string;
  /** The median over the rounds. */
  readonly value: number;
  readonly unit: string;
  /** This value / that of the case `against`, the median over the rounds; null when it stands alone. */
  readonly ratio: number | null;
  readonly against: string | null;
  /** The distance between the quartiles / the median, of the ratio where there is one, else of the value. */
  readonly noise: number;
  /** Null where nothing is asked of it. What has two goals has two figures. */
  readonly goal: Goal | null;
}

/** One value per round. */
export type Samples = readonly number[];

/** Puts the figures of one bench together; `against` names a case whose samples are given with it. */
export function figure(
  name: { readonly bench: string; readonly case: string; readonly unit: string },
  samples: Samples,
  against: { readonly case: string; readonly samples: Samples } | null = null,
  goal: Goal | null = null,
): Figure {
  const ratios = against === null ? null : zip(samples, against.samples, (one, other) => one / other);
  return {
    ...name,
    value: median(samples),
    ratio: ratios === null ? null : median(ratios),
    against: against === null ? null : against.case,
    noise: spread(ratios ?? samples),
    goal,
  };
}

export function zip(
  some: Samples,
  others: Samples,
  combine: (one: number, other: number) => number,
): Samples {
  return some.map((one, round) => combine(one, others[round] ?? Number.NaN));
}

function median(samples: Samples): number {
  return quantile(samples, 0.5);
}

function spread(samples: Samples): number {
  return (quantile(samples, 0.75) - quantile(samples, 0.25)) / median(samples);
}

/** Between two samples, the straight line. */
function quantile(samples: Samples, share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return below + (above - below) * (at - Math.floor(at));
}
