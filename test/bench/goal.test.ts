/** Goals: when one is met, and when nothing may be said of it. */
import { expect, test } from 'vitest';
import { type Figure, figure } from '../../bench/figure.ts';
import { type Goal, goalText, verdictOf } from '../../bench/goal.ts';
import { table } from '../../bench/print.ts';

const QUIET = { busy: false, quick: false };
const NAME = { bench: 'flood', case: 'taskloom', unit: 'tasks/s' };

/** A value of 600 and a ratio of 15. */
function figureWith(goal: Goal | null): Figure {
  return figure(NAME, [600, 600], { case: 'naive', samples: [40, 40] }, goal);
}

test.each<[Goal, string]>([
  [{ on: 'ratio', atLeast: 15 }, 'met'],
  [{ on: 'ratio', atLeast: 15.1 }, 'not met'],
  [{ on: 'ratio', atMost: 15 }, 'met'],
  [{ on: 'ratio', atMost: 14.9 }, 'not met'],
  [{ on: 'value', atLeast: 600 }, 'met'],
  [{ on: 'value', atLeast: 601 }, 'not met'],
  [{ on: 'value', atMost: 599 }, 'not met'],
])('600, and 15 × the other: %j is %s', (goal, verdict) => {
  expect(verdictOf(figureWith(goal), QUIET)).toBe(verdict);
});

test('no goal is judged on a busy machine or at quick sizes, met or not', () => {
  for (const goal of [{ on: 'ratio', atLeast: 15 } as const, { on: 'ratio', atLeast: 16 } as const]) {
    const measured = figureWith(goal);
    expect(verdictOf(measured, { busy: true, quick: false })).toBe('not judged: busy');
    expect(verdictOf(measured, { busy: true, quick: true })).toBe('not judged: busy');
    expect(verdictOf(measured, { busy: false, quick: true })).toBe('not judged: quick');
  }
});

test('without a goal there is no verdict', () => {
  expect(verdictOf(figureWith(null), QUIET)).toBeNull();
});

test('what was not measured has not met its goal', () => {
  const nothing = figure(NAME, [], null, { on: 'value', atMost: 1 });
  expect(verdictOf(nothing, QUIET)).toBe('not met');
  const alone = figure(NAME, [600], null, { on: 'ratio', atMost: 1 });
  expect(verdictOf(alone, QUIET)).toBe('not met');
});

test('the goal stands beside the figure, and the verdict beside the goal', () => {
  expect(goalText({ on: 'ratio', atLeast: 15 })).toBe('≥ 15 ×');
  expect(goalText({ on: 'value', atMost: 0.8 })).toBe('≤ 0.8');
  const figures = [figureWith({ on: 'ratio', atLeast: 15 }), figureWith(null)];
  const [first = '', second = ''] = table(figures, QUIET).split('\n');
  expect(first).toMatch(/15\.0 × naive +± 0 % +goal ≥ 15 × +met$/);
  expect(second).not.toContain('goal');
});
