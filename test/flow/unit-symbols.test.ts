/** `symbolsOf`: what a unit requires from outside and what it provides. */
import {
  type AnyTask,
  type AnyUnit,
  graph,
  linear,
  parameterizedForEach,
  retry,
  symbolsOf,
  task,
  times,
  unordered,
} from 'taskloom';
import { expect, test } from 'vitest';
import { refused } from './refused.ts';

const make = (name: string, requires: readonly string[], provides: readonly string[], more = {}): AnyTask =>
  task(name, { requires, provides, execute: () => [], ...more });
const of = (unit: AnyUnit): string => {
  const { requires, provides } = symbolsOf(unit);
  return `${[...requires].join(' ')} → ${[...provides].join(' ')}`;
};

test('of a task: what execute and revert require, by symbol; not what is optional or injected', () => {
  const all = task('all', {
    requires: ['a', 'b', 'c'],
    optional: ['d'],
    rebind: { a: 'other' },
    inject: { b: 1 },
    provides: { x: 'one', y: 'two' },
    execute: () => ({ one: 1, two: 2 }),
    revert: () => {},
    revertRequires: ['back'],
  });
  expect(of(all)).toBe('other c back → x y');
});

test('of flows: a linear one hides what is given before, an unordered one does not, a graph one what is linked', () => {
  const units = [make('a', ['in'], ['x']), make('b', ['x'], ['y']), make('c', ['y', 'in2'], [])] as const;
  const reversed = [...units].reverse();
  expect(of(linear('f').add(units))).toBe('in in2 → x y');
  expect(of(linear('f').add(reversed))).toBe('y in2 x in → y x');
  expect(of(unordered('f').add(units))).toBe('in x y in2 → x y');
  expect(of(graph('f').add(reversed))).toBe('in2 in → y x');
  expect(of(linear('outer').add(unordered('f').add(units), make('d', ['y', 'z'], [])))).toBe(
    'in x y in2 z → x y',
  );
});

test('what a retry provides is hidden from requires, what it requires is not', () => {
  const kept = retry('own', {
    requires: ['limit'],
    provides: 'n',
    execute: () => 1,
    onFailure: () => 'REVERT',
  });
  for (const flow of [linear, unordered, graph])
    expect(of(flow('f', { retry: kept }).add(make('a', ['n', 'in'], ['x'])))).toBe('limit in → n x');
  const task = make('a', ['value', 'in'], ['x'], {
    retry: parameterizedForEach('values', { provides: 'value' }),
  });
  expect(of(task)).toBe('values in → value x');
  expect(of(linear('f').add(task, make('b', ['value'], [])))).toBe('values in → value x');
});

test('a graph flow links a task by what its retry requires and provides', () => {
  const retried = make('retried', ['value'], ['x'], {
    retry: parameterizedForEach('values', { provides: 'value' }),
  });
  const flow = graph('g').add(retried, make('other', [], ['values']), make('after', ['value'], []));
  expect(flow.links.map(({ from, to }) => `${from.name}→${to.name}`)).toEqual([
    'other→retried',
    'retried→after',
  ]);
});

test('of a graph flow with a target only what the target depends on counts', () => {
  const [a, b, c] = [
    make('a', ['in'], ['x']),
    make('b', ['x'], ['y']),
    make('c', ['z', 'y'], ['w']),
  ] as const;
  const flow = graph('g', { retry: times(2, { provides: 'n' }) }).add(a, b, c);
  expect(of(flow)).toBe('in z → n x y w');
  expect(of(flow.target(b))).toBe('in → n x y');
  expect(of(linear('l').add(flow))).toBe('in → n x y');
  expect(of(graph('outer').add(flow))).toBe('in → n x y');
  expect(of(flow.target(null))).toBe('in z → n x y w');
});

test('what is empty, and what is no unit', () => {
  expect(of(linear('f'))).toBe(' → ');
  refused('UNIT_INVALID', () => symbolsOf(times(1) as never));
  refused('UNIT_INVALID', () => symbolsOf(undefined as never));
});
