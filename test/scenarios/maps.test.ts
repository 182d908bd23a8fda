/** What a map does: items one by one, on every executor; what fails, what is taken back, what a stop leaves. */
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  type Engine,
  type EngineSettings,
  forEach,
  formatFailure,
  graph,
  linear,
  map,
  run,
  SerialTaskExecutor,
  TaskloomError,
  ThreadPoolTaskExecutor,
  task,
  times,
  unordered,
  WrappedFailure,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { afterAll, describe, expect, it } from 'vitest';

type AnyDefinedTask = AnyTask & { as(name: string, options?: object): AnyTask };
const tasks = (await import(new URL('../fixtures/scenarios/map-tasks.mjs', import.meta.url).href)) as Record<
  'square' | 'noted' | 'flaky' | 'spread',
  AnyDefinedTask
>;
const threads = new ThreadPoolTaskExecutor({ threads: 2 });
afterAll(() => threads.stop());
const serial: EngineSettings = { executor: 'serial' };

const executors = [
  ['serial', () => new SerialTaskExecutor()],
  ['threads', () => threads],
  ['manual', () => new ManualTaskExecutor({ auto: true, concurrency: 2 })],
] as const;

/** Runs a flow whose types the compiler can't know. */
const go = (
  flow: AnyUnit,
  store: object,
  settings: EngineSettings = serial,
): Promise<Record<string, unknown>> =>
  run(flow, { store, ...settings } as never) as Promise<Record<string, unknown>>;

const engineOf = (flow: AnyUnit, store: object, settings: EngineSettings = serial): Engine =>
  createEngine(flow, { store, ...settings } as never) as Engine;

/** A task over `n` that tells what happens to it, and fails where it is told. */
function stage(failsAt: (n: number) => boolean = () => false, definition: object = {}) {
  const story: string[] = [];
  const act = task('act', {
    requires: ['n'],
    execute({ n }: { n: number }) {
      story.push(`${n}`);
      if (failsAt(n)) throw new Error(`${n} failed`);
      return n * 10;
    },
    revert: ({ n }: { n: number }) => void story.push(`-${n}`),
    ...definition,
  } as never) as AnyDefinedTask;
  return { act, story, told: () => story.join(' ') };
}

const codeOf = (error: unknown): unknown => (error instanceof TaskloomError ? error.code : error);

describe.each(executors)('on the %s executor a map', (_name, make) => {
  const over = (of: AnyTask, options: object = {}): AnyUnit =>
    map('m', { over: 'list', as: 'n', task: of, provides: 'all', ...options } as never);

  it('runs its task for each item, and gives the results in the order of the items', async () => {
    const list = Array.from({ length: 200 }, (_, at) => at);
    const { all } = await go(over(tasks.square), { list }, { executor: make() });
    expect(all).toEqual(list.map((n) => n * n));
  });

  it('of nothing gives an empty list', async () => {
    expect(await go(over(tasks.square), { list: [] }, { executor: make() })).toEqual({ all: [] });
  });

  it('keeps typed arrays and objects of each item as they are', async () => {
    const { all } = await go(over(tasks.spread), { list: [1, 3] }, { executor: make() });
    expect(all).toEqual([
      { data: new Float64Array([1]), twice: [1, 1] },
      { data: new Float64Array([3, 3, 3]), twice: [3, 3] },
    ]);
  });

  it('tries an item again by the retry of its task, and no other item', async () => {
    const engine = engineOf(over(tasks.flaky), { list: [1, 2, 3, 1] }, { executor: make() });
    expect(await engine.run()).toEqual({ all: ['1 at 1', '2 at 2', '3 at 3', '1 at 1'] });
    expect([0, 1, 2, 3].map((at) => engine.storage.attempts(`m[${at}]`))).toEqual([1, 2, 3, 1]);
    await engine.close();
  });

  it('reverts every item that ran when one fails, and starts no more', async () => {
    // More than threads may have in hand when it is heard of.
    const [items, most] = [10_000, 5_000];
    const notes = new Int32Array(new SharedArrayBuffer(4 * (1 + 2 * items)));
    const list = Array.from({ length: items }, (_, at) => at + 1);
    const engine = engineOf(over(tasks.noted), { list, notes, failsAt: 5, exitsAt: 0 }, { executor: make() });
    await expect(engine.run()).rejects.toMatchObject({ name: 'RangeError', message: 'not 5' });
    const told = [...notes.subarray(1, 1 + Number(notes[0]))];
    const ran = told.filter((n) => n > 0);
    expect(ran).toContain(5);
    expect(ran.length).toBeLessThan(most);
    expect(told.filter((n) => n < 0).map((n) => -n)).toEqual(expect.arrayContaining(ran));
    expect(told.length).toBe(2 * ran.length);
    expect([...engine.storage.failures.keys()]).toEqual(['m[4]']);
    expect(engine.storage.atomState('m')).toBe('REVERTED');
    expect(engine.storage.itemStates('m').filter((state) => state === 'REVERTED').length).toBe(ran.length);
    await engine.close();
  });
});

describe('the items of a map', () => {
  it('come from a task before it, as a list, a Set or the entries of a Map', async () => {
    for (const [given, wanted] of [
      [
        [1, 2],
        [1, 4],
      ],
      [new Set([3, 4]), [9, 16]],
    ] as const) {
      const make = task('make', { provides: 'list', execute: () => given });
      const flow = linear('f').add([
        make,
        map('m', { over: 'list', as: 'n', task: tasks.square, provides: 'all' }),
      ]);
      expect(await go(flow, {})).toMatchObject({ all: wanted });
    }
    const entries = task('entry', { requires: ['entry'], execute: ({ entry }) => entry });
    const flow = map('m', { over: 'list', as: 'entry', task: entries, provides: 'all' });
    expect(await go(flow, { list: new Map([['a', 1]]) })).toEqual({ all: [['a', 1]] });
  });

  it('come from generators in the store, at once or by promises', async () => {
    async function* later() {
      yield 1;
      yield 2;
    }
    function* now() {
      yield 3;
    }
    const flow = () => map('m', { over: 'list', as: 'n', task: tasks.square, provides: 'all' });
    expect(await go(flow(), { list: later() })).toEqual({ all: [1, 4] });
    expect(await go(flow(), { list: now() })).toEqual({ all: [9] });
  });

  it('come from a function, which sees the symbols that it requires', async () => {
    const flow = map('m', {
      over: {
        requires: ['upTo'],
        *items({ upTo }: { upTo: number }) {
          for (let n = 1; n <= upTo; n++) yield n;
        },
      },
      as: 'n',
      task: task('square', { requires: ['n'], execute: ({ n }: { n: number }) => n * n }),
      provides: 'all',
    });
    expect(await run(flow, { store: { upTo: 3 }, ...serial })).toEqual({ all: [1, 4, 9] });
  });

  it('reach the task beside other symbols, injects and their own position', async () => {
    const tell = task('tell', {
      requires: ['word', 'at', 'sign', 'mark'],
      rebind: { word: 'item' },
      inject: { mark: '!' },
      execute: ({ word, at, sign, mark }: { word: string; at: number; sign: string; mark: string }) =>
        `${at}${sign}${word}${mark}`,
    });
    const flow = map('m', { over: 'words', as: 'item', indexAs: 'at', task: tell, provides: 'told' });
    // The item wins over a value of the store under its own symbol.
    const store = { words: ['a', 'b'], sign: '-', item: 'other', at: 99 };
    expect(await go(flow, store)).toEqual({ told: ['0-a!', '1-b!'] });
  });

  it('are taken only as fast as the executor takes them', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 2 });
    let taken = 0;
    const items = function* () {
      for (let n = 0; n < 1_000_000; n++) {
        taken = n + 1;
        yield n;
      }
    };
    const engine = engineOf(map('m', { over: { items }, as: 'n', task: tasks.square }), {}, { executor });
    const ended = engine.run();
    await executor.idle();
    expect(taken).toBeLessThanOrEqual(16);
    for (let done = 1; done <= 50; done++) {
      await executor.settle(`m[${done - 1}]`);
      await executor.idle();
      expect(taken).toBeLessThanOrEqual(done + 64);
    }
    engine.suspend();
    for (await executor.idle(); executor.waiting.some(({ begun }) => begun); await executor.idle()) {
      await executor.settle(executor.waiting.find(({ begun }) => begun)?.atom ?? '');
    }
    await ended;
    expect(engine.storage.flowState).toBe('SUSPENDED');
    await engine.close();
  });

  it('are in hand no more at once than concurrency says', async () => {
    const executor = new ManualTaskExecutor();
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: tasks.square, concurrency: 3 }),
      { list: [1, 2, 3, 4, 5, 6, 7] },
      { executor },
    );
    const ended = engine.run();
    const seen: number[] = [];
    for (await executor.idle(); executor.waiting.length > 0; await executor.idle()) {
      seen.push(executor.waiting.length);
      await executor.settle(executor.waiting[0]?.atom ?? '');
    }
    await ended;
    expect(seen).toEqual([3, 3, 3, 3, 3, 2, 1]);
  });

  it('that cannot be gone through are refused, as a failure of the map', async () => {
    const flow = () => map('m', { over: 'list', as: 'n', task: tasks.square });
    for (const list of [7, 'text', { a: 1 }, null]) {
      const error = await go(flow(), { list }).catch((thrown: unknown) => thrown);
      expect(codeOf(error), String(list)).toBe('ITEMS_INVALID');
      expect((error as Error).message).toContain("Map 'm'");
    }
  });

  it('that fail to come are a failure of the map, which reverts those that ran', async () => {
    const now = function* () {
      yield 1;
      throw new RangeError('no more');
    };
    const broken = { name: 'RangeError', message: 'no more' };
    const first = stage();
    await expect(go(map('m', { over: { items: now }, as: 'n', task: first.act }), {})).rejects.toMatchObject(
      broken,
    );
    // The source had failed before an item could begin.
    expect(first.told()).toBe('');

    const { act, told } = stage();
    let engine: Engine | null = null;
    const late = async function* () {
      const ran = new Promise<void>((resolve) => {
        engine?.on('atom', ({ state }) => state === 'SUCCESS' && resolve());
      });
      yield 1;
      await ran;
      throw new RangeError('no more');
    };
    engine = engineOf(map('m', { over: { items: late }, as: 'n', task: act }), {});
    await expect(engine.run()).rejects.toMatchObject(broken);
    expect([...engine.storage.failures.keys()]).toEqual(['m']);
    expect(told()).toBe('1 -1');
  });

  it('that cannot be encoded are a failure of the map that names them', async () => {
    const items = () => [1, () => 2];
    const error = await go(map('m', { over: { items }, as: 'n', task: tasks.square } as never), {}).catch(
      (thrown: unknown) => thrown,
    );
    expect(codeOf(error)).toBe('VALUE_NOT_ENCODABLE');
    expect((error as Error).message).toContain("item 1 of map 'm'");
  });

  it('that can be gone through only once are not gone through twice', async () => {
    let failed = false;
    const once = task('once', {
      requires: ['n'],
      execute({ n }: { n: number }) {
        if (n === 2 && !failed) {
          failed = true;
          throw new Error('2 failed');
        }
        return n;
      },
    });
    const flow = linear('f', { retry: times(2) }).add(
      map('m', { over: 'list', as: 'n', task: once, provides: 'all' }),
    );
    const generator = (function* () {
      yield* [1, 2, 3];
    })();
    const error = await go(flow, { list: generator }).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('ITEMS_INVALID');
    expect((error as Error).message).toContain('only once');
    failed = false;
    expect(
      await go(
        linear('f', { retry: times(2) }).add(
          map('m', { over: 'list', as: 'n', task: once, provides: 'all' }),
        ),
        { list: [1, 2, 3] },
      ),
    ).toEqual({ all: [1, 2, 3] });
  });

  it('in the store that no value can hold are for maps only', async () => {
    const plain = task('plain', { requires: ['list'], execute: () => 1 });
    const error = await go(plain, { list: (async function* () {})() }).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('VALUE_NOT_ENCODABLE');
    expect((error as Error).message).toContain('by a map only');
  });

  it('are let go of when the map does not need them to their end', async () => {
    let closed = 0;
    const items = function* () {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        closed++;
      }
    };
    const { act } = stage((n) => n === 3);
    await expect(go(map('m', { over: { items }, as: 'n', task: act }), {})).rejects.toThrow('3 failed');
    expect(closed).toBe(1);
    const executor = new ManualTaskExecutor();
    const engine = engineOf(map('m', { over: { items }, as: 'n', task: act }), {}, { executor });
    const ended = engine.run();
    await executor.idle();
    await engine.close({ timeout: 1 });
    await ended;
    expect(closed).toBe(2);
  });
});

describe('a map that reduces', () => {
  const sum = (order: 'index' | 'arrival', add: (sum: string, n: number) => string | Promise<string>) =>
    map('m', {
      over: 'list',
      as: 'n',
      task: task('same', { requires: ['n'], execute: ({ n }: { n: number }) => n }),
      provides: 'sum',
      reduce: { initial: '', add, order },
    });

  it('folds results in the order of the items, or as they come', async () => {
    for (const [order, wanted] of [
      ['index', '123'],
      ['arrival', '312'],
    ] as const) {
      const executor = new ManualTaskExecutor();
      const engine = engineOf(
        sum(order, (so, n) => so + n),
        { list: [1, 2, 3] },
        { executor },
      );
      const ended = engine.run();
      await executor.idle();
      for (const at of [2, 0, 1]) await executor.settle(`m[${at}]`);
      expect(await ended).toEqual({ sum: wanted });
    }
  });

  it('waits for a promise of what it adds, and keeps the order', async () => {
    const late = async (so: string, n: number) => {
      for (let turn = 0; turn < 5 - n; turn++) await null;
      return so + n;
    };
    expect(await go(sum('index', late), { list: [1, 2, 3, 4] })).toEqual({ sum: '1234' });
  });

  it('begins each run with a copy of what it begins with', async () => {
    const initial: number[] = [];
    const collect = map('m', {
      over: 'list',
      as: 'n',
      task: task('same', { requires: ['n'], execute: ({ n }: { n: number }) => n }),
      provides: 'list2',
      reduce: {
        initial,
        add(so: number[], n: number) {
          so.push(n);
          return so;
        },
      },
    });
    for (let round = 0; round < 2; round++)
      expect(await go(collect, { list: [1, 2] })).toEqual({ list2: [1, 2] });
    expect(initial).toEqual([]);
  });

  it('gives what it begins with when there is nothing', async () => {
    expect(
      await go(
        sum('index', (so, n) => so + n),
        { list: [] },
      ),
    ).toEqual({ sum: '' });
  });

  it('fails with what its function throws, and is reverted', async () => {
    for (const isLate of [false, true]) {
      const { act, story } = stage();
      const add = isLate
        ? async () => {
            throw new RangeError('cannot add');
          }
        : () => {
            throw new RangeError('cannot add');
          };
      const flow = map('m', { over: 'list', as: 'n', task: act, reduce: { initial: 0, add } } as never);
      const engine = engineOf(flow, { list: [1, 2, 3] });
      await expect(engine.run()).rejects.toMatchObject({ name: 'RangeError', message: 'cannot add' });
      expect([...engine.storage.failures.keys()]).toEqual(['m']);
      const ran = story.filter((each) => !each.startsWith('-'));
      expect(story.filter((each) => each.startsWith('-')).toSorted()).toEqual(
        ran.map((each) => `-${each}`).toSorted(),
      );
    }
  });

  it('keeps no results when nothing could undo them', async () => {
    const engine = engineOf(
      sum('index', (so, n) => (n === 7 ? `${so}7` : so)),
      {
        list: Array.from({ length: 1000 }, (_, at) => at),
      },
    );
    expect(await engine.run()).toEqual({ sum: '7' });
    expect(engine.storage.atomState('m[500]')).toBe('SUCCESS');
    expect(engine.storage.get('m[500]')).toBeUndefined();
  });
});

describe('a failing item', () => {
  it('is one of several when they fail side by side', async () => {
    const executor = new ManualTaskExecutor();
    const { act } = stage((n) => n > 1);
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: act }),
      { list: [1, 2, 3] },
      { executor },
    );
    const ended = engine.run().catch((thrown: unknown) => thrown);
    await executor.idle();
    for (const atom of ['m[0]', 'm[1]', 'm[2]']) await executor.begin(atom);
    for (const atom of ['m[2]', 'm[1]', 'm[0]']) await executor.settle(atom);
    await executor.settleAll();
    const error = await ended;
    expect(error).toBeInstanceOf(WrappedFailure);
    expect([...(error as WrappedFailure).failures.keys()]).toEqual(['m[1]', 'm[2]']);
  });

  it('stops what is queued elsewhere at once, though other items still run', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 2 });
    const { act } = stage((n) => n === 2);
    const other = task('other', { execute: () => 1 });
    const flow = unordered('f').add([map('m', { over: 'list', as: 'n', task: act }), other]);
    const engine = engineOf(flow, { list: [1, 2, 3] }, { executor });
    const ended = engine.run().catch((thrown: unknown) => thrown);
    await executor.idle();
    await executor.begin('m[0]');
    await executor.begin('m[1]');
    await executor.settle('m[1]');
    await executor.idle();
    expect(engine.storage.atomState('m')).toBe('RUNNING');
    expect(await executor.begin('other').catch(() => false)).toBe(false);
    await executor.settleAll();
    await ended;
    expect(engine.storage.atomState('other')).toBe('PENDING');
    expect(engine.storage.itemStates('m')).toEqual(['REVERTED', 'REVERTED', 'PENDING']);
  });

  it('is told to the retry around the map by its own name, which runs the whole map again', async () => {
    let round = 0;
    const { act, told } = stage((n) => n === 2 && round++ === 0);
    const inner = linear('inner', { retry: times(2) }).add(
      map('m', { over: 'list', as: 'n', task: act, provides: 'all' } as never) as AnyUnit,
    );
    const engine = engineOf(inner, { list: [1, 2] });
    expect(await engine.run()).toEqual({ all: [10, 20] });
    expect(told()).toBe('1 2 -2 -1 1 2');
    const history = engine.storage.retryHistory('inner_retry');
    expect(history.attempts.map(({ failures }) => [...failures.keys()])).toEqual([['m[1]'], []]);
    expect(engine.storage.failures.size).toBe(0);
  });

  it('is executed with its own input when the map runs again, though the executor still holds what was called back', async () => {
    let failures = 0;
    const { act, told } = stage((n) => n === 2 && failures++ === 0);
    const inner = linear('inner', { retry: times(2) }).add([
      task('before', { execute: () => 1, revert: () => {} }),
      map('m', { over: 'list', as: 'n', task: act, provides: 'all' } as never) as AnyUnit,
    ]);
    const executor = new ManualTaskExecutor();
    const engine = engineOf(inner, { list: [1, 2] }, { executor });
    const ended = engine.run();
    await executor.idle();
    // The second item fails, all is reverted, and begins anew: the first m[0] that waits was called back.
    for (const atom of ['before', 'm[1]', 'm[1]', 'before', 'before', 'm[0]', 'm[0]', 'm[1]']) {
      await executor.settle(atom);
      await executor.idle();
    }
    expect(await ended).toEqual({ all: [10, 20] });
    expect(told()).toBe('2 -2 1 2');
  });

  it('is reverted by a retry of its own before it is tried again, with what that gives', async () => {
    const story: string[] = [];
    const pick = task('pick', {
      requires: ['n', 'way'],
      retry: forEach(['by air', 'by sea'], { provides: 'way' }),
      execute({ n, way }: { n: number; way: string }) {
        story.push(`${n} ${way}`);
        if (n === 2 && way === 'by air') throw new Error('no plane');
        return way;
      },
      revert: ({ n, way }: { n: number; way: string }) => void story.push(`-${n} ${way}`),
    });
    const engine = engineOf(map('m', { over: 'list', as: 'n', task: pick, provides: 'ways' }), {
      list: [1, 2],
    });
    expect(await engine.run()).toEqual({ ways: ['by air', 'by sea'] });
    expect(story).toEqual(['1 by air', '2 by air', '-2 by air', '2 by sea']);
    expect(engine.storage.retryHistory('m[1]_retry').length).toBe(2);
  });

  it('waits for its next attempt without holding up the others', async () => {
    const executor = new ManualTaskExecutor({ auto: true });
    let failures = 0;
    const { act, story } = stage((n) => n === 1 && failures++ === 0, { retry: times(2, { delay: 1000 }) });
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: act, provides: 'all' }),
      { list: [1, 2, 3] },
      {
        executor,
      },
    );
    const ended = engine.run();
    await executor.idle();
    expect(story.toSorted()).toEqual(['-1', '1', '2', '3']);
    expect(engine.storage.atomState('m')).toBe('RUNNING');
    await executor.advance(1000);
    expect(await ended).toEqual({ all: [10, 20, 30] });
  });

  it('whose retry gives up has failed; REVERT_ALL asks no retry around the map', async () => {
    for (const revertAll of [false, true]) {
      const { act, told } = stage((n) => n === 2, { retry: times(2, { revertAll }) });
      const inner = linear('inner', { retry: times(2) }).add([
        map('m', { over: 'list', as: 'n', task: act }),
      ]);
      await expect(go(inner, { list: [1, 2] })).rejects.toThrow('2 failed');
      const once = '1 2 -2 2 -2 -1';
      expect(told()).toBe(revertAll ? once : `${once} ${once}`);
    }
  });

  it('costs one item where it costs a thread, and the others are reverted on another', async () => {
    const notes = new Int32Array(new SharedArrayBuffer(400));
    const flow = map('m', { over: 'list', as: 'n', task: tasks.noted });
    const error = await go(
      flow,
      { list: [1, 2, 3], notes, failsAt: 0, exitsAt: 2 },
      { executor: threads },
    ).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('WORKER_EXITED');
    const told = [...notes.subarray(1, 1 + Number(notes[0]))];
    expect(
      told
        .filter((n) => n < 0)
        .map((n) => -n)
        .toSorted(),
    ).toEqual(told.filter((n) => n > 0).toSorted());
  });

  it('whose revert fails ends the flow in FAILURE, by its own name', async () => {
    const act = task('act', {
      requires: ['n'],
      execute({ n }: { n: number }) {
        if (n === 3) throw new Error('3 failed');
      },
      revert({ n }: { n: number }) {
        if (n === 2) throw new TypeError('2 stays');
      },
    });
    const before = task('before', { execute: () => 1, revert: () => {} });
    const engine = engineOf(linear('f').add([before, map('m', { over: 'list', as: 'n', task: act })]), {
      list: [1, 2, 3],
    });
    await expect(engine.run()).rejects.toMatchObject({ name: 'TypeError', message: '2 stays' });
    const { storage } = engine;
    expect([...storage.revertFailures.keys()]).toEqual(['m[1]']);
    expect(storage.itemStates('m')).toEqual(['SUCCESS', 'REVERT_FAILURE', 'REVERTED']);
    expect([storage.flowState, storage.atomState('m'), storage.atomState('before')]).toEqual([
      'FAILURE',
      'REVERT_FAILURE',
      'SUCCESS',
    ]);
  });

  it('reverts nothing under neverResolve, and is resolved by a later run without it', async () => {
    const { act, told } = stage((n) => n === 2);
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: act }),
      { list: [1, 2, 3] },
      {
        ...serial,
        neverResolve: true,
      },
    );
    await expect(engine.run()).rejects.toThrow('2 failed');
    expect(engine.storage.flowState).toBe('FAILURE');
    expect(engine.storage.atomState('m')).toBe('FAILURE');
    expect(told()).toBe('1 2');
  });

  it('is described with what it was given', async () => {
    const { act } = stage((n) => n === 2);
    const engine = engineOf(map('m', { over: 'list', as: 'n', task: act }), { list: [1, 2] });
    await expect(engine.run()).rejects.toThrow();
    const text = formatFailure(engine);
    expect(text).toContain("item 'm[1]' failed");
    expect(text).toContain('requires { n: 2 }');
    expect(formatFailure(engine, 'm[1]', { mask: ['n'] })).toContain("n: '***'");
    expect(formatFailure(engine, 'm[1]', { hide: ['m'] })).toContain('values hidden');
  });
});

describe('a map that is stopped', () => {
  it('ends PARTIAL when the flow is suspended, and goes on with the items that are left', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 1 });
    const { act, told } = stage();
    const flow = linear('f').add([map('m', { over: 'list', as: 'n', task: act, provides: 'all' })]);
    const engine = engineOf(flow, { list: [1, 2, 3, 4] }, { executor });
    const first = engine.run();
    await executor.idle();
    await executor.settle('m[0]');
    await executor.idle();
    await executor.begin('m[1]');
    engine.suspend();
    await executor.settle('m[1]');
    await first;
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(engine.storage.atomState('m')).toBe('PARTIAL');
    expect(engine.storage.itemStates('m').slice(0, 3)).toEqual(['SUCCESS', 'SUCCESS', 'PENDING']);
    const second = engine.run();
    await executor.settleAll();
    expect(await second).toEqual({ all: [10, 20, 30, 40] });
    expect(told()).toBe('1 2 3 4');
  });

  it('loses nothing of a source that can be gone through only once', async () => {
    const executor = new ManualTaskExecutor();
    const { act } = stage();
    async function* numbers() {
      for (let n = 1; n <= 30; n++) yield n;
    }
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: act, provides: 'all' }),
      { list: numbers() },
      {
        executor,
      },
    );
    for (let rounds = 0; ; rounds++) {
      const ended = engine.run();
      await executor.idle();
      const first = executor.waiting[0];
      if (first !== undefined && rounds < 5) {
        await executor.settle(first.atom);
        engine.suspend();
      } else await executor.settleAll();
      const results = (await ended) as { all?: number[] };
      if (engine.storage.flowState === 'SUCCESS') {
        expect(results.all).toEqual(Array.from({ length: 30 }, (_, at) => (at + 1) * 10));
        break;
      }
      expect(engine.storage.flowState).toBe('SUSPENDED');
    }
  });

  it('while it reverts, is PARTIAL too, and reverts the rest later', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 1 });
    const { act, told } = stage((n) => n === 3);
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: act }),
      { list: [1, 2, 3] },
      { executor },
    );
    const first = engine.run();
    for (const at of [0, 1, 2, 2]) {
      await executor.idle();
      await executor.settle(`m[${at}]`);
    }
    engine.suspend();
    await first;
    expect(told()).toBe('1 2 3 -3');
    expect([engine.storage.flowState, engine.storage.atomState('m')]).toEqual(['SUSPENDED', 'PARTIAL']);
    const second = engine.run().catch((thrown: unknown) => (thrown as Error).message);
    await executor.settleAll();
    expect(await second).toBe('3 failed');
    expect(told()).toBe('1 2 3 -3 -2 -1');
    expect(engine.storage.flowState).toBe('REVERTED');
  });

  it('does not wait for a source that hangs', async () => {
    async function* hanging() {
      yield 1;
      await new Promise(() => {});
    }
    const { act } = stage();
    const engine = engineOf(map('m', { over: 'list', as: 'n', task: act }), { list: hanging() });
    engine.on('atom', ({ name, state }) => {
      if (name === 'm[0]' && state === 'SUCCESS') engine.suspend();
    });
    await engine.run();
    expect([engine.storage.flowState, engine.storage.atomState('m')]).toEqual(['SUSPENDED', 'PARTIAL']);
    await engine.close();
  });

  it('by an abort reverts what ran', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 1 });
    const { act, told } = stage();
    const controller = new AbortController();
    const engine = engineOf(
      map('m', { over: 'list', as: 'n', task: act }),
      { list: [1, 2, 3] },
      {
        executor,
        signal: controller.signal,
      },
    );
    const ended = engine.run().catch(codeOf);
    await executor.idle();
    await executor.settle('m[0]');
    await executor.idle();
    controller.abort();
    await executor.settleAll();
    expect(await ended).toBe('FLOW_ABORTED');
    expect(told()).toBe('1 -1');
    expect(engine.storage.itemStates('m')[0]).toBe('REVERTED');
  });

  it('by the failure of another task reverts what ran, and nothing else', async () => {
    const executor = new ManualTaskExecutor();
    const { act, told } = stage();
    const bad = task('bad', {
      execute() {
        throw new Error('bad');
      },
    });
    const flow = unordered('f').add([map('m', { over: 'list', as: 'n', task: act }), bad]);
    const engine = engineOf(flow, { list: [1, 2, 3] }, { executor });
    const ended = engine.run().catch((thrown: unknown) => (thrown as Error).message);
    await executor.idle();
    await executor.settle('m[1]');
    await executor.settle('bad');
    await executor.settleAll();
    expect(await ended).toBe('bad');
    expect(told()).toBe('2 -2');
    expect(engine.storage.itemStates('m')).toEqual(['PENDING', 'REVERTED', 'PENDING']);
  });

  it('starts anew after a reset, and after it was reverted', async () => {
    let fails = true;
    const { act, told } = stage((n) => n === 2 && fails);
    const engine = engineOf(map('m', { over: 'list', as: 'n', task: act, provides: 'all' }), {
      list: [1, 2],
    });
    await expect(engine.run()).rejects.toThrow('2 failed');
    fails = false;
    expect(await engine.run()).toEqual({ all: [10, 20] });
    engine.reset();
    expect(engine.storage.itemStates('m')).toEqual([]);
    expect(await engine.run()).toEqual({ all: [10, 20] });
    expect(told()).toBe('1 2 -2 -1 1 2 1 2');
  });
});

describe('a map in a flow', () => {
  it('runs when what it needs is there, and what follows runs after all its items', async () => {
    const { act } = stage();
    const make = task('make', { provides: 'list', execute: () => [1, 2] });
    const sum = task('sum', {
      requires: ['all'],
      provides: 'total',
      execute: ({ all }: { all: number[] }) => all.reduce((a, b) => a + b, 0),
    });
    const flow = graph('f').add([
      sum,
      map('m', { over: 'list', as: 'n', task: act, provides: 'all' }) as AnyUnit,
      make,
    ]);
    expect(await go(flow, {})).toMatchObject({ total: 30 });
  });

  it('gives parts of its list, and what it reduces to, under symbols of their own', async () => {
    const { act } = stage();
    const first = map('m', { over: 'list', as: 'n', task: act, provides: ['first', 'second'] });
    expect(await go(first, { list: [1, 2, 3] })).toEqual({ first: 10, second: 20 });
    const counted = map('m', {
      over: 'list',
      as: 'n',
      task: act,
      provides: { total: 'sum', many: 'count' },
      reduce: {
        initial: { sum: 0, count: 0 },
        add: ({ sum, count }: { sum: number; count: number }, n: unknown) => ({
          sum: sum + Number(n),
          count: count + 1,
        }),
      },
    });
    expect(await go(counted, { list: [1, 2] })).toEqual({ total: 30, many: 2 });
  });

  it('can go over what another map gave', async () => {
    const { act } = stage();
    const flow = linear('f').add([
      map('one', { over: 'list', as: 'n', task: act, provides: 'tens' }),
      map('two', { over: 'tens', as: 'n', task: act.as('act2'), provides: 'hundreds' }),
    ]);
    expect(await go(flow, { list: [1, 2] })).toMatchObject({ hundreds: [100, 200] });
  });

  it('is seen by deciders with its list, and is ignored as a task is', async () => {
    const seen: unknown[] = [];
    const { act } = stage();
    const one = map('one', { over: 'list', as: 'n', task: act, provides: 'tens' });
    const two = map('two', { over: 'list', as: 'n', task: act.as('act2') });
    const after = task('after', { execute: () => 'ran', provides: 'end' });
    const flow = graph('f').add([one, two, after]);
    flow.link(one, two, {
      decider(history) {
        seen.push(history);
        return false;
      },
      depth: 'ATOM',
    });
    flow.link(two, after);
    const engine = engineOf(flow, { list: [1, 2] });
    expect(await engine.run()).toMatchObject({ end: 'ran' });
    expect(seen).toEqual([{ one: [10, 20] }]);
    expect(engine.storage.atomState('two')).toBe('IGNORE');
  });

  it.each([
    ['NEIGHBORS', 'SUCCESS'],
    ['FLOW', 'IGNORE'],
  ] as const)('is reached by a no of depth %s', async (depth, last) => {
    const { act } = stage();
    const [a, b, d] = ['a', 'b', 'd'].map((name) => task(name, { execute: () => 1 }));
    const m = map('m', { over: 'list', as: 'n', task: act });
    const flow = graph('f').add([a as AnyTask, b as AnyTask, m, d as AnyTask]);
    flow
      .link(a as AnyTask, b as AnyTask, { decider: () => false, depth })
      .link(b as AnyTask, m)
      .link(m, d as AnyTask);
    const engine = engineOf(flow, { list: [1] });
    await engine.run();
    expect(['b', 'm', 'd'].map((name) => engine.storage.atomState(name))).toEqual(['IGNORE', 'IGNORE', last]);
  });

  it('tells of its items as atoms of a kind of their own', async () => {
    const { act } = stage();
    const engine = engineOf(map('m', { over: 'list', as: 'n', task: act }), { list: [1, 2] });
    const events: string[] = [];
    engine.on('atom', ({ kind, name, index, state }) => events.push(`${kind} ${name} ${index} ${state}`));
    const fractions: number[] = [];
    engine.on('progress', ({ name, fraction }) => name === 'm' && fractions.push(fraction));
    await engine.run();
    expect(events).toEqual([
      'map m null RUNNING',
      'item m[0] 0 RUNNING',
      'item m[0] 0 SUCCESS',
      'item m[1] 1 RUNNING',
      'item m[1] 1 SUCCESS',
      'map m null SUCCESS',
    ]);
    expect(fractions.at(-1)).toBe(1);
    expect(engine.storage.progress('m').fraction).toBe(1);
  });

  it('lets its items be asked for by position, also under odd names', async () => {
    const { act } = stage();
    for (const name of ['m', 'a.b[0]', '__proto__', '[', '😀']) {
      const engine = engineOf(map(name, { over: 'list', as: 'n', task: act }), { list: [1, 2] });
      await engine.run();
      expect(engine.storage.get(`${name}[1]`)).toBe(20);
      expect(engine.storage.atomState(`${name}[0]`)).toBe('SUCCESS');
      expect(engine.storage.atomDetail(`${name}[1]`)).toMatchObject({
        kind: 'item',
        version: '1.0',
        attempt: 1,
      });
      for (const none of [`${name}[2]`, `${name}[-1]`, `${name}[01]`, `${name}[]`, `${name}[1]_retry`])
        expect(() => engine.storage.atomState(none)).toThrow(
          expect.objectContaining({ code: 'ATOM_NOT_FOUND' }),
        );
    }
  });

  it('keeps notes with items', async () => {
    const { act } = stage();
    const engine = engineOf(map('m', { over: 'list', as: 'n', task: act }), { list: [1, 2] });
    await engine.run();
    engine.storage.annotate('m[1]', { by: 'me' });
    expect(engine.storage.metadata('m[1]')).toEqual({ by: 'me' });
    expect(engine.storage.get('m[1]')).toBe(20);
  });

  it('names what it lacks before anything runs', async () => {
    const two = task('two', { requires: ['n', 'other'], execute: () => 1 });
    const error = await go(map('m', { over: 'list', as: 'n', task: two }), {}).catch(
      (thrown: unknown) => thrown,
    );
    expect(codeOf(error)).toBe('MISSING_DEPENDENCIES');
    expect((error as TaskloomError).details['missing']).toEqual([
      { atom: 'm', action: 'execute', argument: 'list', symbol: 'list' },
      { atom: 'm', action: 'execute', argument: 'other', symbol: 'other' },
    ]);
  });

  it('is refused where an item of it would have the name of another atom', () => {
    const { act } = stage();
    const flow = linear('f').add([
      map('m', { over: 'list', as: 'n', task: act }),
      task('m[3]', { execute: () => 1 }),
    ]);
    const engine = engineOf(flow, { list: [] });
    expect(() => engine.compile()).toThrow(expect.objectContaining({ code: 'DUPLICATE_NAME' }));
  });
});

describe('map()', () => {
  const good = { over: 'list', as: 'n', task: tasks.square };
  it.each([
    ['no name', [''], good, 'NAME_INVALID'],
    ['no over', ['m'], { as: 'n', task: tasks.square }, 'NAME_INVALID'],
    ['over of another kind', ['m'], { ...good, over: 7 }, 'DEFINITION_INVALID'],
    ['a symbol that the task does not take', ['m'], { ...good, as: 'x' }, 'DEFINITION_INVALID'],
    [
      'a symbol whose argument is injected',
      ['m'],
      { ...good, task: tasks.square.as('fixed', { inject: { n: 5 } }) },
      'DEFINITION_INVALID',
    ],
    ['a position under the symbol of the item', ['m'], { ...good, indexAs: 'n' }, 'DEFINITION_INVALID'],
    ['no task', ['m'], { over: 'list', as: 'n' }, 'UNIT_INVALID'],
    ['a flow', ['m'], { ...good, task: linear('f') }, 'UNIT_INVALID'],
    ['an unknown option', ['m'], { ...good, parallel: 3 }, 'OPTION_INVALID'],
    ['no concurrency', ['m'], { ...good, concurrency: 0 }, 'OPTION_INVALID'],
    ['a reduce without add', ['m'], { ...good, reduce: { initial: 0 } }, 'DEFINITION_INVALID'],
    [
      'an order of another kind',
      ['m'],
      { ...good, reduce: { initial: 0, add: () => 0, order: 'x' } },
      'OPTION_INVALID',
    ],
  ])('refuses %s', (_what, [name], options, code) => {
    expect(() => map(name as string, options as never)).toThrow(expect.objectContaining({ code }));
  });
});
