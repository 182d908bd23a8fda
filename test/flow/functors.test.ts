/** Tasks made of a function on single values. */
import { type AnyFlow, type AnyTask, linear, mapArguments, reduceArguments, run, task } from 'taskloom';
import { describe, expect, test } from 'vitest';
import { refused } from './refused.ts';

const serial = { executor: 'serial' } as const;

describe('on threads and on the main thread', () => {
  test.each(['threads', 'serial'] as const)('%s: values come in the order of requires', async (executor) => {
    const module = new URL('../fixtures/scenarios/functor-tasks.mjs', import.meta.url).href;
    const { lengths, join } = (await import(module)) as { readonly [name: string]: AnyTask };
    const flow: AnyFlow = linear('f').add(lengths!, join!);
    const results = await run(flow, { executor, store: { a: 'one', b: 'four', c: 'sixty' } });
    expect(results).toEqual({ x: 3, y: 4, z: 5, joined: '((5 4) 3)' });
  });
});

test('mapArguments gives each value alone to the function, and runs promises side by side', async () => {
  const seen: unknown[] = [];
  const all = task('all', {
    ...mapArguments(['b', 'a'], async (...args: [number]) => {
      seen.push(args);
      await Promise.resolve();
      seen.push('later');
      return args[0] * 2;
    }),
    provides: 'all',
  });
  expect(await run(all, { ...serial, store: { a: 1, b: 2 } })).toEqual({ all: [4, 2] });
  expect(seen).toEqual([[2], [1], 'later', 'later']);
});

test('reduceArguments awaits each step, from the first name to the last', async () => {
  const steps: unknown[] = [];
  const sum = task('sum', {
    ...reduceArguments(['a', 'b', 'c'], async (...[so, value]: [number, number]) => {
      steps.push([so, value]);
      return so + value;
    }),
    provides: 'sum',
  });
  expect(await run(sum, { ...serial, store: { a: 1, b: 2, c: 3 } })).toEqual({ sum: 6 });
  expect(steps).toEqual([
    [1, 2],
    [3, 3],
  ]);
});

test('what the function throws is the failure of the task', async () => {
  const refuse = (): never => {
    throw new RangeError('no');
  };
  const store = { a: 1, b: 2 };
  const mapped = task('mapped', mapArguments(['a', 'b'], refuse));
  await expect(run(mapped, { ...serial, store })).rejects.toThrow(RangeError);
  const reduced = task('reduced', reduceArguments(['a', 'b'], refuse));
  await expect(run(reduced, { ...serial, store } as never)).rejects.toThrow(RangeError);
});

test('a list that changes later, and names that objects have by birth', async () => {
  const names = ['__proto__', 'constructor'];
  const all = task('all', { ...mapArguments(names, (value: number) => value), provides: 'all' });
  names.push('late');
  const store = Object.fromEntries([
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  expect(await run(all, { ...serial, store })).toEqual({ all: [1, 2] });
});

describe('what is refused', () => {
  const plus = (a: number, b: number): number => a + b;
  test.each([
    ['no function', () => mapArguments(['a'], 5 as never), 'takes a function'],
    ['no function', () => reduceArguments(['a', 'b'], undefined as never), 'takes a function'],
    ['no list', () => mapArguments('a' as never, plus as never), 'array of names'],
    ['no list', () => reduceArguments(undefined as never, plus), 'array of names'],
    ['one name', () => reduceArguments(['a'], plus), 'at least two names'],
    ['no name', () => reduceArguments([], plus), 'at least two names'],
  ])('%s', (_, make, message) => {
    expect(refused('DEFINITION_INVALID', make).message).toContain(message);
  });

  test('what is no name, and a name that is listed twice', () => {
    refused('NAME_INVALID', () => mapArguments(['a', 5 as never], plus as never));
    refused('DEFINITION_INVALID', () =>
      task(
        't',
        mapArguments(['a', 'a'], (value: number) => value),
      ),
    );
  });
});
