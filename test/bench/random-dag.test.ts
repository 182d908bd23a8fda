/** Makespans worked out on paper. */
import { expect, test } from 'vitest';
import { listSchedule, lowerBound, randomDag, sum } from '../../bench/random-dag.ts';

test('a chain takes its whole length on any number of threads', () => {
  const chain = { weights: [3, 1, 2], before: [[], [0], [1]] };
  expect(lowerBound(chain, 2)).toBe(6);
  expect(listSchedule(chain, 2)).toBe(6);
});

test('independent tasks take an even share, or what list scheduling makes of it', () => {
  const loose = { weights: [3, 3, 2, 2, 2], before: [[], [], [], [], []] };
  expect(lowerBound(loose, 2)).toBe(6);
  expect(listSchedule(loose, 2)).toBe(7);
});

test('the task with the longest path below it goes first', () => {
  const forked = { weights: [1, 1, 1, 5], before: [[], [], [], [2]] };
  expect(listSchedule(forked, 1)).toBe(8);
  expect(listSchedule(forked, 2)).toBe(6);
});

test('a random DAG is the same for the same seed, and never below its bound', () => {
  expect(randomDag(1, 20, 4)).toEqual(randomDag(1, 20, 4));
  expect(randomDag(1, 20, 4)).not.toEqual(randomDag(2, 20, 4));
  for (const reach of [1, 4, 16]) {
    const dag = randomDag(3, 60, reach);
    expect(listSchedule(dag, 2)).toBeGreaterThanOrEqual(lowerBound(dag, 2) - 1e-9);
    expect(listSchedule(dag, 1)).toBeCloseTo(sum(dag.weights));
  }
});
