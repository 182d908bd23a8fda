/** A flow that is compiled once and run many times: with other stores, at once, and whatever became of a run before. */
import {
  type AnyUnit,
  type Compilation,
  compile,
  createEngine,
  linear,
  map,
  memory,
  run,
  task,
  times,
  unordered,
} from 'taskloom';
import { describe, expect, it } from 'vitest';
import { everyExecutor, fixtures, stage, thrownBy } from './executors.ts';

const double = task('double', {
  requires: ['n'],
  provides: 'twice',
  execute: ({ n }: { n: number }) => 2 * n,
});
const add = task('add', {
  requires: ['twice', 'n'],
  provides: 'sum',
  inject: { n: 1 },
  execute: ({ twice, n }: { twice: number; n: number }) => twice + n,
});
const numbers = Array.from({ length: 100 }, (_, n) => n);
const serial = { executor: 'serial' } as const;

describe.each(everyExecutor)('one compilation, on %s', (_, executorFor) => {
  it('runs a hundred times, each time with another store', async () => {
    const compilation = compile(linear('sum').add(double, add));
    const executor = executorFor();
    for (const n of numbers) {
      expect(await run(compilation, { store: { n }, executor })).toEqual({ twice: 2 * n, sum: 2 * n + 1 });
    }
  });

  it('runs a hundred times at once', async () => {
    const compilation = compile(linear('sum').add(double, add));
    const executor = executorFor();
    const results = await Promise.all(numbers.map((n) => run(compilation, { store: { n }, executor })));
    expect(results.map(({ sum }) => sum)).toEqual(numbers.map((n) => 2 * n + 1));
  });

  it('is reverted in one run, and done in the next', async () => {
    const { act, told } = stage();
    const trouble = task('trouble', {
      requires: ['go'],
      execute({ go }: { go: boolean }) {
        if (!go) throw new Error('no');
      },
    });
    const compilation = compile(linear('f').add(act('a'), trouble, act('b')) as AnyUnit) as Compilation;
    const executor = executorFor();
    const runs = [false, true, false].map((go) => () => run(compilation, { store: { go }, executor }));
    for (const each of runs) await each().catch(String);
    expect(told()).toBe('a -a a b a -a');
  });
});

describe('one compilation', () => {
  it('keeps the states, retries and items of two runs apart that go on at the same time', async () => {
    const half = task('half', {
      requires: ['n', 'most'],
      execute({ n, most }: { n: number; most: number }) {
        if (n > most) throw new Error(`${n}`);
        return n / 2;
      },
    });
    const tries = task('tries', {
      requires: ['number', 'until'],
      provides: 'tried',
      execute({ number, until }: { number: number; until: number }) {
        if (number < until) throw new Error('again');
        return number;
      },
    });
    const flow = unordered('f').add(
      map('halves', { over: 'list', as: 'n', task: half, provides: 'halves' }),
      linear('l', { retry: times(3, { provides: 'number' }) }).add(tries),
    );
    const compilation = compile(flow);
    const [one, two] = [
      createEngine(compilation, { store: { list: [2, 4], most: 9, until: 3 }, ...serial }),
      createEngine(compilation, { store: { list: [6, 8, 10], most: 9, until: 1 }, ...serial }),
    ];
    const [ended, failed] = await Promise.allSettled([one.run(), two.run()]);
    expect(ended).toMatchObject({ value: { halves: [1, 2], tried: 3 } });
    expect(failed).toMatchObject({ reason: { message: '10' } });
    expect([one.storage.attempts('tries'), two.storage.attempts('tries')]).toEqual([3, 1]);
    expect([one.storage.flowState, two.storage.flowState]).toEqual(['SUCCESS', 'REVERTED']);
    expect(one.compilation).toBe(two.compilation);
  });

  it('does not see what is added to the flow afterwards', async () => {
    const flow = linear('f').add(double);
    const compilation = compile(flow);
    flow.add(add);
    expect(await run(compilation, { store: { n: 2 }, ...serial })).toEqual({ twice: 4 });
    expect(await run(flow, { store: { n: 2 }, ...serial })).toEqual({ twice: 4, sum: 5 });
  });

  it('is what an engine made of its flow, too', async () => {
    const engine = createEngine(linear('f').add(double), { store: { n: 1 }, ...serial });
    expect(await engine.run()).toEqual({ twice: 2 });
    expect(await run(engine.compilation, { store: { n: 5 }, ...serial })).toEqual({ twice: 10 });
  });

  it('may be of a single task', async () => {
    expect(await run(compile(double), { store: { n: 4 }, ...serial })).toEqual({ twice: 8 });
  });

  it('goes on where another engine stopped', async () => {
    const [compilation, kept] = [compile(linear('f').add(double)), { backend: memory(), flowId: 'id' }];
    await run(compilation, { store: { n: 1 }, ...kept, ...serial });
    const engine = createEngine(compilation, { store: { n: 2 }, ...kept, ...serial });
    expect(await engine.run()).toEqual({ twice: 2 });
    expect(engine.storage.attempts('double')).toBe(1);
  });

  it('is frozen', () => {
    const compilation = compile(double);
    expect([Object.isFrozen(compilation), Object.isFrozen(compilation.nodes)]).toEqual([true, true]);
  });

  it('is refused without what it needs, and by its flow’s name', async () => {
    const error = await thrownBy(run(compile(linear('f').add(double)), serial as never));
    expect(error).toMatchObject({ code: 'MISSING_DEPENDENCIES' });
    expect(String(error)).toContain("Flow 'f'");
  });

  it('is no unit: it is not added to a flow, nor compiled again', () => {
    const compilation = compile(double);
    const refusal = /not a compilation \(only run\(\) and createEngine\(\) take one/;
    expect(() => linear('f').add(compilation as unknown as AnyUnit)).toThrow(refusal);
    expect(() => compile(compilation as unknown as AnyUnit)).toThrow(refusal);
    expect(() => createEngine({ ...compilation } as unknown as AnyUnit, serial)).toThrow(refusal);
  });
});

describe('compile()', () => {
  it('refuses what is no flow, and names of atoms that come twice', () => {
    expect(() => compile(undefined as never)).toThrow('compile(): a task or a flow is wanted');
    const twice = linear('f').add(linear('g').add(fixtures.act), linear('h').add(fixtures.act));
    expect(() => compile(twice)).toThrow("Two atoms are named 'act'");
  });
});
