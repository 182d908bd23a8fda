/** A property as a test that can be repeated: how many flows it draws, and what is printed when one of them fails. */
import fc from 'fast-check';
import { it } from 'vitest';

export const numRuns = Number(process.env['TASKLOOM_RUNS'] ?? 250);
const seed = process.env['TASKLOOM_SEED'];
const path = process.env['TASKLOOM_PATH'];
/** ms; a run takes one or two. */
const timeout = 30_000 + numRuns * 100;

function parameters<T>(name: string, numRuns: number, suite: string): fc.Parameters<T> {
  return {
    numRuns,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
    endOnFailure: process.env['TASKLOOM_SHRINK'] === '0',
    reporter(run) {
      if (!run.failed) return;
      const repeat = `TASKLOOM_SEED=${run.seed} TASKLOOM_PATH=${run.counterexamplePath} npx vitest run${suite} test/model -t '${name}'`;
      throw new Error(`${fc.defaultReportMessage(run)}\n\nTo repeat it: ${repeat}`, {
        cause: run.errorInstance,
      });
    },
  };
}

/**
 * A test of many drawings.
 *
 * @param suite - What vitest has to be told beside the folder, where that is not in the main suite
 */
export function holds<T extends [unknown, ...unknown[]]>(
  name: string,
  drawn: fc.Arbitrary<T>,
  predicate: (...args: T) => Promise<void>,
  { runs = numRuns, suite = '' } = {},
): void {
  const property = fc.asyncProperty(drawn, (args) => predicate(...args));
  it(name, () => fc.assert(property, parameters<[T]>(name, runs, suite)), timeout);
}
