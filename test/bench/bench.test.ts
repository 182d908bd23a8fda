/** The benches report in the shape that tools read; nothing here looks at how fast anything is. All of them run in .ci/run. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runNode } from '../examples/run-node.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BENCH = ['--import', 'tsx', 'bench/main.ts'];
/** ms, on a crowded machine. */
const LONGEST = 120_000;
/** One of each kind: threads against something bare, processes, and what only the main thread does. */
const SOME = ['chain', 'import-time', 'large-flows'];
const NAMES = [
  'flood',
  'chain',
  'efficiency',
  'speed-up',
  'wavefront',
  'makespan',
  'small-flows',
  'progress',
  'responsiveness',
  'big-array',
  'object-graph',
  'start-up',
  'import-time',
  'large-flows',
  'compiling',
];

interface Report {
  readonly machine: Readonly<Record<'cpu' | 'cores' | 'node' | 'load', unknown>>;
  readonly results: readonly Result[];
}

interface Result {
  readonly bench: string;
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio: number | null;
  readonly against: string | null;
  readonly noise: number;
  readonly goal: object | null;
  readonly verdict: string | null;
}

test(
  'a bench runs and says what it measured',
  async () => {
    const { stdout, code } = await runNode([...BENCH, ...SOME, '--quick', '--json'], ROOT, LONGEST);
    expect(code).toBe(0);
    const { machine, results } = JSON.parse(stdout) as Report;
    expect(machine).toMatchObject({
      cpu: expect.any(String),
      cores: expect.any(Number),
      node: process.version,
      load: expect.any(Number),
    });
    expect([...new Set(results.map(({ bench }) => bench))]).toEqual(SOME);
    expect(results.length).toBeGreaterThan(8);
    expect(results.filter((result) => !isSound(result, results))).toEqual([]);
  },
  LONGEST + 10_000,
);

test('a bench that does not exist is refused with the names of those that do', async () => {
  const { stderr, code } = await runNode([...BENCH, 'speed'], ROOT);
  expect(code).toBe(2);
  for (const name of [`'speed'`, ...NAMES]) expect(stderr).toContain(name);
});

/** Finite, more than nothing, named once, compared with a case of its own bench, and not judged at quick sizes. */
function isSound(result: Result, all: readonly Result[]): boolean {
  const fellows = all.filter(({ bench }) => bench === result.bench);
  const alone = result.ratio === null && result.against === null;
  return (
    isPositive(result.value) &&
    result.unit !== '' &&
    Number.isFinite(result.noise) &&
    (result.goal === null) === (result.verdict === null) &&
    (result.verdict ?? 'not judged').startsWith('not judged') &&
    fellows.filter((each) => each.case === result.case).length === 1 &&
    (alone || (isPositive(result.ratio) && fellows.some((each) => each.case === result.against)))
  );
}

function isPositive(value: number | null): boolean {
  return value !== null && Number.isFinite(value) && value > 0;
}
