/**
 * How everything here is measured: each round runs every case once, so that what else the machine does meets all of
 * them alike, and the first round, which warms up, does not count.
 *
 *   round 0 (not counted)  a b c
 *   round 1                b c a
 *   round 2                c a b   …
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Samples } from './figure.ts';

/** Of what is young, or all. */
type Garbage = 'minor' | 'major';

/** Runs one case once, and returns what it measured. */
export type Case = () => number | Promise<number>;

/**
 * Runs all cases in turn, `rounds` times and once before; without `warmUp` not once before, for what is so long that it
 * warms up by itself. `garbage`: what is collected before each case.
 *
 * @returns the samples of each case, in the order of the rounds
 */
export async function interleave<Name extends string>(
  rounds: number,
  cases: Readonly<Record<Name, Case>>,
  { warmUp = true, garbage = 'minor' }: { readonly warmUp?: boolean; readonly garbage?: Garbage } = {},
): Promise<Readonly<Record<Name, Samples>>> {
  const names = Object.keys(cases) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      collectGarbage(garbage);
      const value = await cases[name]();
      if (round > 0) samples[name].push(value);
    }
  }
  return samples;
}

/** ms that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

let gc: ((options: { readonly type: Garbage }) => void) | null = null;

/**
 * Collects what is young before each case, so that it pays little for what another left behind. Not all there is, which only
 * what measures a heap needs, or leaves hundreds of MB behind: that throws away the optimised code whose objects are all gone, some 500 functions of ours,
 * and a case would be measured cold, five times as slow. Set here, for a flag on the command line reaches the workers.
 */
export function collectGarbage(type: Garbage): void {
  if (gc === null) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as NonNullable<typeof gc>;
  }
  gc({ type });
}
