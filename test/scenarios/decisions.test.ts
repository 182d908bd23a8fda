/** What was decided otherwise than in TaskFlow, and has no other place here: values, errors, and lost workers. */
import { type AnyUnit, createEngine, linear, run, SerialTaskExecutor, task, unordered } from 'taskloom';
import { describe, expect, it } from 'vitest';
import { everyExecutor, fixtures, gives, stage, thrownBy } from './executors.ts';

describe.each(everyExecutor)('values, on %s', (_, executor) => {
  const spoil = (name: string) =>
    fixtures.spoil.as(name, { provides: `${name} made it`, rebind: { list: 'list' } });

  it('are cloned for each reader: who writes into what it got changes nothing for anyone, itself included', async () => {
    const list = [1];
    const flow = linear('f').add([gives('p', 'list', list), spoil('a'), spoil('b')]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    expect(await engine.run()).toEqual({ list: [1], 'a made it': 2, 'b made it': 2 });
    (engine.storage.fetch('list') as number[]).push(9);
    expect(engine.storage.fetch('list')).toEqual([1]);
    engine.reset();
    expect(await engine.run()).toEqual({ list: [1], 'a made it': 2, 'b made it': 2 });
    expect(list).toEqual([1]);
  });

  it('that a revert gets are those that execute got, not what that made of them', async () => {
    const { act } = stage();
    const flow = linear('f').add([spoil('a'), act('bad', { fails: true })]);
    const engine = createEngine(flow as AnyUnit, { executor: executor(), store: { list: [1] } });
    await thrownBy(engine.run());
    expect(engine.storage.revertResult('a')).toEqual([1]);
  });
});

describe.each(everyExecutor)('an error, on %s', (_, executor) => {
  it('reaches the caller, the storage, the events and reverts as an instance of its class', async () => {
    const { act } = stage();
    const seen: unknown[] = [];
    const first = task('first', {
      execute: () => 1,
      revert: (_args, _context, { failures }) => void seen.push(failures.get('bad')),
    });
    const flow = linear('f').add([first, act('bad', { fails: true })]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    engine.on('atom', ({ failure }) => failure !== null && seen.push(failure));
    seen.push(await thrownBy(engine.run()), engine.storage.failures.get('bad'));
    expect(seen).toHaveLength(4);
    for (const error of seen) {
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ name: 'RangeError', message: 'bad failed 1' });
      expect((error as Error).stack).toContain('acts.mjs');
    }
  });
});

describe('an error of the executor itself is an outcome of the task', () => {
  it('it has failed with EXECUTOR_FAILED and its cause, what ran before is undone, nothing else starts', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([act('a'), act('b'), act('c')]);
    const executor = new SerialTaskExecutor();
    const broken = Object.create(executor, {
      execute: {
        value: (...args: Parameters<SerialTaskExecutor['execute']>) => {
          if (args[0].name === 'b') throw new URIError('no line');
          return executor.execute(...args);
        },
      },
      revert: { value: executor.revert.bind(executor) },
      start: { value: executor.start.bind(executor) },
      stop: { value: executor.stop.bind(executor) },
    }) as SerialTaskExecutor;
    const engine = createEngine(flow as AnyUnit, { executor: broken });
    const error = await thrownBy(engine.run());
    expect(error).toMatchObject({ code: 'EXECUTOR_FAILED', cause: { message: 'no line' } });
    expect((error as Error).cause).toBeInstanceOf(URIError);
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(told().split(' ').at(-1)).toBe('-a');
    expect(told()).not.toContain('c');
    for (const atom of ['a', 'b']) expect(engine.storage.atomState(atom)).toBe('REVERTED');
  });
});

it('a second add of one task is refused, in one flow or two of a tree, and leaves the flow as it was', () => {
  const a = gives('a', 'x');
  const flow = linear('f').add([a]);
  expect(() => flow.add([a])).toThrow(expect.objectContaining({ code: 'DUPLICATE_NAME' }));
  expect(flow.units).toEqual([a]);
  const tree = unordered('tree').add([flow, linear('g').add([a])]);
  expect(() => createEngine(tree as AnyUnit).compile()).toThrow(
    expect.objectContaining({ code: 'DUPLICATE_NAME' }),
  );
});

it('the same flow gives the same on every executor', async () => {
  const ends: unknown[] = [];
  for (const [, executor] of everyExecutor) {
    const { act, told } = stage();
    const flow = linear('f').add([
      act('a'),
      fixtures.keys.as('k', { inject: { value: { w: 1 } } }),
      act('b'),
    ]);
    ends.push([await run(flow as AnyUnit, { executor: executor() }), told()]);
  }
  expect(ends).toEqual(Array(3).fill([{ a: 'a', width: 1, b: 'b' }, 'a b']));
});
