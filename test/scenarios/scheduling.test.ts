/** Who starts when, and in which order (semantics 2.5, D15, and the decisions on serial order and queued tasks). */
import { isMainThread } from 'node:worker_threads';
import {
  type AnyUnit,
  type Call,
  createEngine,
  graph,
  linear,
  retry,
  SerialTaskExecutor,
  type TaskExecutor,
  ThreadPoolTaskExecutor,
  task,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';
import { everyExecutor, fixtures, hear, stage, started, statesOf, takes, thrownBy } from './executors.ts';

/** In which order atoms went to a state. */
const inOrder = (heard: readonly string[], state: 'RUNNING' | 'REVERTING'): string =>
  heard
    .filter((word) => word.endsWith(` ${state}`) && !word.startsWith('flow'))
    .map((word) => word.split(' ')[0])
    .join(' ');

describe('a flow ends before what follows it starts', () => {
  it('in a linear flow: all tasks of the nested one, however deep', async () => {
    const { act } = stage();
    const nested = unordered('nested').add([act('a'), linear('deep').add([act('b'), act('c')])]);
    const { waiting, settle, done } = await started(linear('f').add([nested, act('d')]) as AnyUnit);
    expect(waiting()).toBe('a b');
    await settle('b');
    expect(waiting()).toBe('a c');
    await settle('c');
    expect(waiting()).toBe('a');
    await settle('a');
    expect(waiting()).toBe('d');
    await settle('d');
    expect(await done).toBeUndefined();
  });

  it('in a graph flow: a link between flows holds back every first task behind until every last one before', async () => {
    const { act } = stage();
    const before = unordered('before').add([act('a'), act('b')]);
    const after = unordered('after').add([act('c'), act('d')]);
    const free = act('free');
    const { waiting, settle } = await started(
      graph('g').add(before, after, free).link(before, after) as AnyUnit,
    );
    expect(waiting()).toBe('a b free');
    await settle('a');
    expect(waiting()).toBe('b free');
    await settle('b');
    expect(waiting()).toBe('free c d');
  });

  it('and its retry comes before all that is in it', async () => {
    const { act, told } = stage();
    const order: string[] = [];
    const first = retry('first', {
      execute: () => void order.push(`retry, after: ${told()}`),
      onFailure: () => 'REVERT',
    });
    const inner = unordered('inner', { retry: first }).add([act('b'), act('c')]);
    const engine = createEngine(linear('f').add([act('a'), inner]) as AnyUnit, { executor: 'serial' });
    await engine.run();
    expect(order).toEqual(['retry, after: a']);
    expect(told()).toBe('a b c');
  });

  it('an empty flow holds nothing back, and one with a retry alone runs it', async () => {
    const { act } = stage();
    const flow = linear('f').add([
      act('a'),
      unordered('empty').add([graph('emptier')]),
      linear('lonely', { retry: times(2) }),
      act('b'),
    ]);
    const engine = createEngine(flow as AnyUnit, { executor: 'serial' });
    const heard = hear(engine);
    await engine.run();
    expect(inOrder(heard, 'RUNNING')).toBe('a lonely_retry b');
  });
});

it('a task starts as soon as all that it waits for are done, whatever else still runs', async () => {
  const { act } = stage();
  const [a, b, c, d, e] = [act('a'), act('b'), act('c'), act('d'), act('e')];
  const flow = graph('g').add(a, b, c, d, e).link(a, c).link(b, d).link(c, e).link(d, e);
  const { waiting, settle, engine } = await started(flow as AnyUnit);
  expect(waiting()).toBe('a b');
  await settle('a');
  expect(waiting()).toBe('b c');
  await settle('c');
  expect(waiting()).toBe('b');
  expect(statesOf(engine, 'c', 'e')).toBe('c SUCCESS, e PENDING');
  await settle('b');
  expect(waiting()).toBe('d');
  await settle('d');
  expect(waiting()).toBe('e');
});

describe.each(everyExecutor)('the order of what is ready at once, on %s', (name, executor) => {
  /** A thread that was late may give back what it did not begin, which then begins again: there the first time counts. */
  const firsts = (heard: readonly string[]): readonly string[] =>
    name === 'threads' ? [...new Set(heard)] : heard;
  const order = async (flow: AnyUnit): Promise<string> => {
    const engine = createEngine(flow, { executor: executor() });
    const heard = hear(engine);
    await engine.run();
    return inOrder(firsts(heard), 'RUNNING');
  };

  it('is that of adding, each time the same', async () => {
    const names = 'm c z a k b y q'.split(' ');
    for (let run = 0; run < 5; run++) {
      const { act } = stage();
      expect(await order(unordered('f').add(names.map((name) => act(name))))).toBe('m c z a k b y q');
    }
    const { act } = stage();
    expect(await order(graph('g').add(names.map((name) => act(name))) as AnyUnit)).toBe('m c z a k b y q');
  });

  it('is by priority, higher first, and stable among equals', async () => {
    const { act } = stage();
    const flow = unordered('f').add([
      act('a'),
      act('b', { priority: 5 }),
      act('c', { priority: -1 }),
      act('d', { priority: 5 }),
      act('e'),
      act('f', { priority: 0.5 }),
    ]);
    expect(await order(flow)).toBe('b d f a e c');
  });

  it('is by the longest path behind each where priorities are equal', async () => {
    const { act } = stage();
    const flow = unordered('f').add([
      act('short'),
      linear('long').add([act('l1'), act('l2'), act('l3')]),
      act('urgent', { priority: 1 }),
    ]);
    // Who comes third is a matter of whether l2 is ready by then.
    expect((await order(flow as AnyUnit)).split(' ').slice(0, 2)).toEqual(['urgent', 'l1']);
  });

  it('holds for reverts too', async () => {
    const { act } = stage();
    const many = unordered('many').add([
      act('a'),
      act('b', { priority: 5 }),
      act('c', { priority: -1 }),
      act('d'),
    ]);
    const engine = createEngine(linear('f').add([many, act('bad', { fails: true })]) as AnyUnit, {
      executor: executor(),
    });
    const heard = hear(engine);
    await engine.run().catch(() => {});
    expect(inOrder(firsts(heard), 'REVERTING')).toBe('bad b a d c');
  });
});

describe('each completion is looked at at once', () => {
  it('on the serial executor: a failure stops siblings that have not started, and undoes those that did', async () => {
    const { act, told } = stage();
    const flow = unordered('f').add([act('a'), act('bad', { fails: true }), act('c'), act('d')]);
    const engine = createEngine(flow, { executor: 'serial' });
    const heard = hear(engine);
    await thrownBy(engine.run());
    expect(told()).toBe('a bad -a -bad');
    expect(heard.slice(0, 5)).toEqual([
      'flow RUNNING',
      'a RUNNING',
      'a SUCCESS',
      'bad RUNNING',
      'bad FAILURE',
    ]);
    expect(statesOf(engine, 'c', 'd')).toBe('c PENDING, d PENDING');
  });

  it('on threads: the successor of the first that ends starts while the others run', async () => {
    const { act } = stage();
    const flow = unordered('f').add([
      linear('left').add([act('l1'), act('l2')]),
      linear('right').add([act('r1')]),
    ]);
    const { waiting, settle, executor, engine } = await started(flow as AnyUnit);
    await executor.begin('r1');
    await settle('l1', 'l2');
    expect(waiting()).toBe('r1');
    expect(statesOf(engine, 'l2', 'r1')).toBe('l2 SUCCESS, r1 RUNNING');
  });
});

it('who hands over a failure and asks in the same go whether another may begin, waits for the answer: no', async () => {
  const { act, told } = stage();
  const serial = new SerialTaskExecutor();
  let other: Call | null = null;
  let isWanted: boolean | Promise<boolean> = true;
  const hasty: TaskExecutor = {
    start: () => {},
    stop: () => serial.stop(),
    [Symbol.asyncDispose]: () => serial.stop(),
    revert: (...args) => serial.revert(...args),
    execute(asked, args, call) {
      if (asked.name === 'other') {
        other = call;
        return new Promise(() => {});
      }
      const outcome = Promise.resolve(serial.execute(asked, args, call));
      // Behind the engine, which listens as soon as it has it.
      queueMicrotask(() => {
        void outcome.then(() => {
          isWanted = other?.begin() ?? true;
        });
      });
      return outcome;
    },
  };
  const engine = createEngine(unordered('f').add(act('bad', { fails: true }), act('other')), {
    executor: hasty,
  });
  expect(await thrownBy(engine.run())).toMatchObject({ message: 'bad failed 1' });
  expect(isWanted).toBeInstanceOf(Promise);
  expect(await isWanted).toBe(false);
  expect(told()).toBe('bad -bad');
  expect(statesOf(engine, 'other')).toBe('other PENDING');
});

describe('RUNNING means that a worker has it', () => {
  it.each([
    ['serial', 1, () => new SerialTaskExecutor()],
    ['one thread, each alone', 1, () => new ThreadPoolTaskExecutor({ threads: 1, batch: 1 })],
    ['two threads, each alone', 2, () => new ThreadPoolTaskExecutor({ threads: 2, batch: 1 })],
    ['three by hand', 3, () => new ManualTaskExecutor({ concurrency: 3 })],
  ] satisfies [string, number, () => TaskExecutor][])(
    'on %s never more than %i at once, also of reverts',
    async (_, most, make) => {
      const executor = make();
      const { act } = stage();
      const many = unordered('many').add('abcdefgh'.split('').map((name) => act(name)));
      const flow = linear('f').add([many, act('bad', { fails: true })]);
      const engine = createEngine(flow as AnyUnit, { executor });
      const counts = { RUNNING: 0, REVERTING: 0 };
      engine.on('atom', () => {
        for (const state of ['RUNNING', 'REVERTING'] as const) {
          const now = [...engine.compilation.atoms.keys()].filter(
            (atom) => engine.storage.atomState(atom) === state,
          );
          counts[state] = Math.max(counts[state], now.length);
        }
      });
      const done = thrownBy(engine.run());
      if (executor instanceof ManualTaskExecutor) await executor.settleAll();
      await done;
      for (const count of [counts.RUNNING, counts.REVERTING]) expect(count).toBeLessThanOrEqual(most);
      // A second thread may start when the first one has done it all.
      if (most !== 2) expect(counts).toEqual({ RUNNING: most, REVERTING: most });
      await executor.stop();
    },
  );

  it('what waits in the queue is PENDING, and what waits there to be reverted is still SUCCESS', async () => {
    const { act } = stage();
    const flow = linear('f').add([unordered('many').add([act('a'), act('b')]), act('bad', { fails: true })]);
    const { executor, engine, settle } = await started(flow as AnyUnit, { concurrency: 1 });
    await executor.begin('a');
    expect(statesOf(engine, 'a', 'b')).toBe('a RUNNING, b PENDING');
    await settle('a', 'b', 'bad', 'bad');
    await executor.begin('b');
    expect(statesOf(engine, 'a', 'b')).toBe('a SUCCESS, b REVERTING');
  });
});

describe('when a task fails', () => {
  it('queued siblings are not started, running ones end and are undone, later ones never start', async () => {
    const { act, told } = stage();
    const flow = unordered('f').add([
      act('bad', { fails: true }),
      linear('line').add([act('runs'), act('later')]),
      act('queued'),
    ]);
    const { executor, engine, settle, waiting, done } = await started(flow as AnyUnit, { concurrency: 2 });
    await executor.begin('runs');
    await settle('bad');
    expect(told()).toBe('bad');
    expect(await executor.begin('queued')).toBe(false);
    await settle('bad', 'runs', 'runs');
    expect(waiting()).toBe('');
    expect(await done).toMatchObject({ message: 'bad failed 1' });
    expect(told()).toBe('bad -bad runs -runs');
    expect(statesOf(engine, 'later', 'queued')).toBe('later PENDING, queued PENDING');
    expect(engine.storage.atomIntention('queued')).toBe('REVERT');
    expect(engine.storage.attempts('queued')).toBe(0);
  });

  it('its own branch is undone at once, beside what still runs', async () => {
    const { act, told } = stage();
    const flow = unordered('f').add([
      linear('line').add([act('a'), act('bad', { fails: true })]),
      act('slow'),
    ]);
    const { executor, engine, settle, waiting } = await started(flow as AnyUnit);
    await executor.begin('slow');
    await settle('a', 'bad', 'bad', 'a');
    expect(told()).toBe('a bad -bad -a');
    expect(statesOf(engine, 'a', 'bad', 'slow')).toBe('a REVERTED, bad REVERTED, slow RUNNING');
    expect(engine.storage.flowState).toBe('RUNNING');
    await settle('slow');
    expect(waiting()).toBe('-slow');
  });

  it('each is undone only when all that depended on it are, and independent ones together', async () => {
    const { act } = stage();
    const flow = linear('f').add([
      act('a'),
      unordered('both').add([act('b'), linear('line').add([act('c'), act('d')])]),
      act('bad', { fails: true }),
    ]);
    const { settle, waiting } = await started(flow as AnyUnit);
    await settle('a', 'b', 'c');
    await settle('d');
    await settle('bad');
    expect(waiting()).toBe('-bad');
    await settle('bad');
    expect(waiting()).toBe('-b -d');
    await settle('d');
    expect(waiting()).toBe('-b -c');
    await settle('c');
    expect(waiting()).toBe('-b');
    await settle('b');
    expect(waiting()).toBe('-a');
  });
});

it('retries run on the main thread, tasks of a module where the executor puts them', async () => {
  const places: string[] = [];
  const seen = retry('seen', {
    execute: () => void places.push(isMainThread ? 'main' : 'worker'),
    onFailure: () => 'REVERT',
  });
  const flow = linear('f', { retry: seen }).add([fixtures.where, takes('c', 'where')]);
  const threads = everyExecutor.find(([name]) => name === 'threads')?.[1];
  const engine = createEngine(flow as AnyUnit, { executor: threads?.() });
  await engine.run();
  expect(places).toEqual(['main']);
  expect(engine.storage.fetch('where')).toBe('worker');
});

describe('of a very wide flow', () => {
  const wide = (count: number, { urgentFrom = count, failing = -1 } = {}): AnyUnit =>
    unordered('f').add(
      Array.from({ length: count }, (_, at) =>
        task(`t${at}`, {
          priority: at >= urgentFrom ? 1 : 0,
          execute() {
            if (at === failing) throw new Error('no');
          },
        }),
      ),
    ) as AnyUnit;

  it('only so many are handed in at once, and the more urgent ones all the same', async () => {
    const { executor, engine, done } = await started(wide(3000, { urgentFrom: 2990 }));
    const names = executor.waiting.map(({ atom }) => atom);
    expect(names.length).toBeLessThan(1100);
    expect(names).toEqual(expect.arrayContaining(['t2990', 't2999']));
    const order = await executor.settleAll();
    expect(await done).toBeUndefined();
    expect(order.length).toBe(3000);
    expect(new Set(order).size).toBe(3000);
    expect(statesOf(engine, 't2999')).toBe('t2999 SUCCESS');
  });

  it('those that were not handed in are PENDING after a suspend, and run later; after a failure they are not', async () => {
    const { executor, engine, done } = await started(wide(2000, { failing: 1 }), { concurrency: 1 });
    await executor.settle('t0');
    engine.suspend();
    await done;
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(statesOf(engine, 't0', 't1', 't1999')).toBe('t0 SUCCESS, t1 PENDING, t1999 PENDING');
    const again = thrownBy(engine.run());
    await executor.settleAll();
    expect(await again).toMatchObject({ message: 'no' });
    expect(statesOf(engine, 't0', 't1', 't1999')).toBe('t0 REVERTED, t1 REVERTED, t1999 PENDING');
  });
});

it('performs a task of a module on the main thread only if told so', async () => {
  const executor = new ThreadPoolTaskExecutor({ threads: 1 });
  const where = fixtures.where as AnyUnit & { as(name: string, options: object): AnyUnit };
  const flow = linear('f').add([
    where.as('far', { provides: 'far' }),
    where.as('near', { provides: 'near', runOn: 'main' }),
    where.as('far again', { provides: 'again' }),
  ]);
  expect(await createEngine(flow as AnyUnit, { executor }).run()).toEqual({
    far: 'worker',
    near: 'main',
    again: 'worker',
  });
  await executor.stop();
  expect(() => where.as('odd', { runOn: 'thread 2' })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});
