/** Floors: what counts as lost, and what a run sets. */
import { expect, test } from 'vitest';
import type { Figure } from '../../bench/figure.ts';
import { compare, floorsOf } from '../../bench/floors.ts';
import type { Goal } from '../../bench/goal.ts';

const MORE: Goal = { on: 'ratio', atLeast: 15 };
const LESS: Goal = { on: 'ratio', atMost: 1.3 };

function measured(ratio: number | null, noise: number, goal: Goal | null): Figure {
  return { bench: 'flood', case: 'taskloom', value: 1, unit: 'ms', ratio, against: 'naive', noise, goal };
}

test.each<[Goal, number, string]>([
  [MORE, 12, 'held'],
  [MORE, 10, 'held'],
  [MORE, 9.5, 'within the noise'],
  [MORE, 8.9, 'lost'],
  [LESS, 8, 'held'],
  [LESS, 10, 'held'],
  [LESS, 10.5, 'within the noise'],
  [LESS, 11.1, 'lost'],
])('with goal %j and noise of 10 %%, %d × is against a floor of 10 × %s', (goal, ratio, verdict) => {
  const floors = { flood: { taskloom: 10 } };
  expect(compare(floors, [measured(ratio, 0.1, goal)])).toEqual([
    { bench: 'flood', case: 'taskloom', floor: 10, ratio, noise: 0.1, verdict },
  ]);
});

test('a floor whose case was not found, or has no ratio or goal any more, is missing', () => {
  const floors = { flood: { taskloom: 10 } };
  const others = [
    { ...measured(20, 0, MORE), case: 'another' },
    measured(null, 0, MORE),
    measured(20, 0, null),
  ];
  for (const other of others) {
    expect(compare(floors, [other]).map(({ verdict }) => verdict)).toEqual(['missing']);
  }
});

test('floors of benches that were not asked are not compared', () => {
  expect(compare({ chain: { threads: 1 } }, [measured(20, 0, MORE)])).toEqual([]);
});

test('a run sets floors below what it measured by the noise, for what has a ratio and a goal', () => {
  expect(floorsOf([measured(20, 0.1, MORE)])).toEqual({ flood: { taskloom: 18 } });
  expect(floorsOf([measured(1.2, 0.1, LESS)])).toEqual({ flood: { taskloom: 1.32 } });
  expect(floorsOf([measured(null, 0.1, MORE), measured(20, 0.1, null)])).toEqual({});
});

test('a run holds the floors that it sets', () => {
  const figures = [measured(20, 0.3, MORE), { ...measured(1.2345, 0.2, LESS), case: 'other' }];
  const verdicts = compare(floorsOf(figures), figures).map(({ verdict }) => verdict);
  expect(verdicts).toEqual(['held', 'held']);
});
