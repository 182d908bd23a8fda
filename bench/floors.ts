/**
 * Floors: the ratios that were once reached, so that a change that loses one of them is noticed. Only a figure with a
 * goal has one, for the goal says which direction is the better one.
 */
import type { Figure } from './figure.ts';

/** By bench, then by case: the ratio that was reached, less the noise that it was measured with. */
export type Floors = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Comparison {
  readonly bench: string;
  readonly case: string;
  readonly floor: number;
  /** Null when the bench was asked, but has no such ratio any more. */
  readonly ratio: number | null;
  readonly noise: number;
  readonly verdict: 'held' | 'within the noise' | 'lost' | 'missing';
}

/** Holds every floor of the benches that were asked against what they measured. */
export function compare(floors: Floors, figures: readonly Figure[]): readonly Comparison[] {
  const asked = new Set(figures.map(({ bench }) => bench));
  return Object.entries(floors)
    .filter(([bench]) => asked.has(bench))
    .flatMap(([bench, cases]) =>
      Object.entries(cases).map(([name, floor]) => {
        const found = figures.find((figure) => figure.bench === bench && figure.case === name);
        return compareOne({ bench, case: name, floor }, found);
      }),
    );
}

function compareOne(
  name: { readonly bench: string; readonly case: string; readonly floor: number },
  found: Figure | undefined,
): Comparison {
  if (found === undefined || found.ratio === null || found.goal === null)
    return { ...name, ratio: null, noise: 0, verdict: 'missing' };
  const { ratio, noise } = found;
  // How much better it is than the floor, as a share of the floor.
  const ahead = moreIsBetter(found) ? ratio / name.floor - 1 : 1 - ratio / name.floor;
  const verdict = ahead >= 0 ? 'held' : -ahead <= noise ? 'within the noise' : 'lost';
  return { ...name, ratio, noise, verdict };
}

/** The floors that these figures set: the ratio, worsened by its own noise, so that the next run has room for its own. */
export function floorsOf(figures: readonly Figure[]): Floors {
  const floors: Record<string, Record<string, number>> = {};
  for (const figure of figures) {
    if (figure.ratio === null || figure.goal === null) continue;
    const floor = moreIsBetter(figure)
      ? figure.ratio * Math.max(0, 1 - figure.noise)
      : figure.ratio * (1 + figure.noise);
    floors[figure.bench] ??= {};
    Object.assign(floors[figure.bench] as object, { [figure.case]: Number(floor.toPrecision(3)) });
  }
  return floors;
}

/** What the goal asks for the value holds for the ratio as well: that is one value over another of its kind. */
function moreIsBetter({ goal }: Figure): boolean {
  return goal !== null && 'atLeast' in goal;
}
