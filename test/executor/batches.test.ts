/** What holds inside of batches: many tasks that one thread was sent, of which one at a time runs. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createEngine,
  linear,
  run,
  type ThreadPoolTaskExecutor,
  unordered,
  type AnyTask,
  type AnyUnit,
  type Coming,
} from 'taskloom';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { failureFrom } from '../../src/failure.ts';
import type { Outcome, PreparedArgument, WorkEvent } from '../../src/protocol/messages.ts';
import { argsOf, callOf, eventWaiter, type NotedCall, resultOf, tasksOf, verdict } from './calls.ts';
import { pool } from './pools.ts';

type Name =
  | 'noted'
  | 'held'
  | 'limited'
  | 'abortable'
  | 'various'
  | 'brief'
  | 'long'
  | 'talks'
  | 'tells'
  | 'shows';
let tasks: Record<Name, AnyTask>;
beforeAll(async () => {
  tasks = await tasksOf<Name>('batch-tasks.mjs');
});

/** How often each task ran. */
function counter(size: number): {
  readonly counts: SharedArrayBuffer;
  readonly ran: () => readonly number[];
} {
  const counts = new SharedArrayBuffer(4 * size);
  return { counts, ran: () => [...new Int32Array(counts)] };
}

/** Loads the module on a thread, so that what follows can travel together. */
async function warm(executor: ThreadPoolTaskExecutor): Promise<void> {
  await executor.execute(tasks.various, argsOf({ n: 0 }), callOf());
}

interface Sent {
  readonly call: NotedCall;
  readonly told: string[];
  readonly outcome: Coming;
}

/** Hands in so many uses of a task at once. */
function sendAll(
  executor: ThreadPoolTaskExecutor,
  task: AnyTask,
  count: number,
  argsFor: (n: number) => Readonly<Record<string, unknown>>,
  options: Parameters<typeof callOf>[0] = {},
): readonly Sent[] {
  return Array.from({ length: count }, (_, n) => {
    const told: string[] = [];
    const call = callOf({
      atom: `t${n}`,
      begin: () => told.push('begin') > 0,
      onReturned: () => told.push('returned'),
      ...options,
    });
    return { call, told, outcome: executor.execute(task, argsOf(argsFor(n)), call) };
  });
}

/** From now on this thread's time stands still unless it is moved; messages come as ever. */
function timeByHand(): Disposable & { move(ms: number): Promise<void> } {
  let now = performance.now();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const asked = vi.spyOn(performance, 'now').mockImplementation(() => now);
  return {
    async move(ms) {
      now += ms;
      vi.advanceTimersByTime(ms);
      await nextTurn();
    },
    [Symbol.dispose]() {
      asked.mockRestore();
      vi.useRealTimers();
    },
  };
}

const verdicts = async (sent: readonly Sent[]): Promise<string[]> =>
  (await Promise.all(sent.map(({ outcome }) => outcome))).map(verdict);

test('each use of a definition that travels with others gets its own arguments, and sees its own flow', async () => {
  const executor = pool({ batch: 60 });
  await warm(executor);
  const argsFor = (n: number): readonly PreparedArgument[] =>
    [
      argsOf({}),
      argsOf({ a: n }),
      argsOf({ b: n }),
      argsOf({ b: n, a: -n }),
      argsOf({ a: n, b: -n }),
      argsOf({ a: { x: n } }).map((arg) => ({ ...arg, take: 'x' })),
    ][Math.floor(n / 10)] ?? [];
  const shown = Array.from({ length: 60 }, async (_, n) => {
    const identity = {
      atom: `t${n}`,
      attempt: 1,
      flowName: `flow-${Math.floor(n / 4)}`,
      flowId: `run-${Math.floor(n / 6)}`,
    };
    const call = { ...callOf({ read: n % 7 !== 0 }), identity };
    if (n % 8 !== 3) return resultOf(await executor.execute(tasks.shows, argsFor(n), call));
    const failures = new Map([[`lost-${n}`, failureFrom(new Error('lost'))]]);
    const executed = { kind: 'result', value: n } as const;
    return resultOf(await executor.revert(tasks.shows, argsFor(n), executed, failures, call));
  });
  const args = (n: number): object =>
    [{}, { a: n }, { b: n }, { b: n, a: -n }, { a: n, b: -n }, { a: n }][Math.floor(n / 10)] ?? {};
  expect(await Promise.all(shown)).toEqual(
    shown.map((_, n) =>
      n % 8 === 3
        ? { args: args(n), name: `t${n}`, result: n, failed: [`lost-${n}`] }
        : {
            args: args(n),
            name: `t${n}`,
            flowName: `flow-${Math.floor(n / 4)}`,
            flowId: `run-${Math.floor(n / 6)}`,
          },
    ),
  );
});

describe('a thread that dies with 1,000 tasks in hand', () => {
  test.each([
    ['exits', { exits: 500 }, 'failed WORKER_EXITED'],
    ['runs out of heap', { exits: -1, exhausts: 500 }, 'failed WORKER_OUT_OF_MEMORY'],
  ])('and %s costs the one that ran, and none is run twice', async (_how, harm, expected) => {
    const executor = pool({ batch: 1000, resourceLimits: { maxOldGenerationSizeMb: 40 } });
    await warm(executor);
    const { counts, ran } = counter(1000);
    const sent = sendAll(executor, tasks.noted, 1000, (n) => ({ n, counts, ...harm }));
    const seen = await verdicts(sent);
    expect(seen[500]).toBe(expected);
    expect(seen.filter((each) => each === 'executed').length).toBe(999);
    expect(ran()).toEqual(Array.from({ length: 1000 }, () => 1));
    // Whoever is given back begins anew; those behind it were.
    for (const { told } of sent)
      expect(told).toEqual(told.map((_, at) => (at % 2 === 0 ? 'begin' : 'returned')));
    expect(sent[501]?.told.length).toBeGreaterThan(1);
  });

  test('in a flow: it is reverted with all that ran, each once', async () => {
    const executor = pool({ batch: 1000, threads: 2 });
    await warm(executor);
    const { counts, ran } = counter(400);
    const flow = unordered('many').add(
      Array.from({ length: 400 }, (_, n) =>
        (tasks.noted as never as { as(name: string, more: object): AnyTask }).as(`t${n}`, {
          inject: { n, counts, exits: 200 },
        }),
      ),
    );
    const engine = createEngine(flow as AnyUnit, { executor });
    await expect(engine.run()).rejects.toMatchObject({ code: 'WORKER_EXITED' });
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(new Set(ran())).toEqual(new Set([0]));
    expect([...engine.storage.failures.keys()]).toEqual(['t200']);
  });
});

/** What was said in an event of the task `talks`. */
function partOf(event: WorkEvent): number {
  if (event.kind === 'progress') return Math.round(event.fraction * 10);
  return Number(event.kind === 'log' ? event.message : event.event);
}

test.each([1, 7, 200, null])(
  'what tasks say comes in its order, before their outcome; batch %s',
  async (batch) => {
    const executor = pool(batch === null ? {} : { batch });
    await warm(executor);
    const ended = new Set<number>();
    const late: number[] = [];
    const calls: NotedCall[] = [];
    const outcomes = Array.from({ length: 400 }, async (_, n) => {
      const call = callOf({ onEvent: () => ended.has(n) && late.push(n) });
      calls.push(call);
      const outcome = await executor.execute(tasks.talks, argsOf({ n }), call);
      ended.add(n);
      return outcome;
    });
    expect(new Set((await Promise.all(outcomes)).map(verdict))).toEqual(new Set(['executed']));
    const said = calls.map(({ events }) => events.map(partOf).join(' '));
    expect(new Set(said)).toEqual(new Set(['0 1 2 3 4 5']));
    expect(late).toEqual([]);
  },
);

test('the progress of a task is told while it runs, when what was behind it is called back', async () => {
  const executor = pool({ batch: 100, threads: 2 });
  await Promise.all([warm(executor), warm(executor)]);
  const gate = new SharedArrayBuffer(4);
  const { counts } = counter(20);
  const open = (): void => {
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
  };
  // The gate is opened by what the task said before it waits there.
  const sent = sendAll(executor, tasks.tells, 20, (n) => ({ n, counts, gate, waits: 3 }), { onEvent: open });
  expect(new Set(await verdicts(sent))).toEqual(new Set(['executed']));
  expect(sent[3]?.call.events).toEqual([{ kind: 'progress', fraction: 0.5, details: undefined }]);
});

describe('a task that takes long', () => {
  test('gives those behind it back, to other threads, and they run once', async () => {
    const executor = pool({ batch: 100, threads: 2 });
    await Promise.all([warm(executor), warm(executor)]);
    const { counts, ran } = counter(60);
    const gate = new SharedArrayBuffer(4);
    const sent = sendAll(executor, tasks.held, 60, (n) => ({ n, counts, gate, waits: 10 }));
    const others = sent.filter((_, n) => n !== 10);
    const threads = new Set((await Promise.all(others.map(({ outcome }) => outcome))).map(resultOf));
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    const holder = resultOf((await sent[10]?.outcome) as Outcome);
    expect(ran()).toEqual(Array.from({ length: 60 }, () => 1));
    expect([...threads].some((thread) => thread !== holder)).toBe(true);
    expect(sent.filter(({ told }) => told.includes('returned')).length).toBeGreaterThan(0);
  });

  test('does not keep back what ended before it', async () => {
    const executor = pool({ batch: 100 });
    await warm(executor);
    const { counts } = counter(20);
    const gate = new SharedArrayBuffer(4);
    const sent = sendAll(executor, tasks.held, 20, (n) => ({ n, counts, gate, waits: 5 }));
    // Resolves though the sixth waits, and nothing else is to come of its thread.
    await Promise.all(sent.slice(0, 5).map(({ outcome }) => outcome));
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    expect(new Set(await verdicts(sent))).toEqual(new Set(['executed']));
  });

  test('has what is next sent after it before its end, and does not hold that up when it is late', async () => {
    const executor = pool();
    await warm(executor);
    executor.durations.teach(tasks.tells.work, 'execute', { mean: 20, times: 10 });
    const { counts, ran } = counter(2);
    const gate = new SharedArrayBuffer(4);
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let isReturned = false;
    using time = timeByHand();
    const [late, next] = sendAll(executor, tasks.tells, 2, (n) => ({ n, counts, gate, waits: 0 }), {
      onEvent: () => begin(),
      onReturned: () => {
        isReturned = true;
      },
    });
    await begun;
    // Who is given back was sent, though the thread is not free.
    for (let ms = 0; !isReturned && ms < 20_000; ms++) await time.move(1);
    expect(isReturned).toBe(true);
    expect(ran()).toEqual([1, 0]);
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    expect(await verdicts([late, next] as readonly Sent[])).toEqual(['executed', 'executed']);
    expect(ran()).toEqual([1, 1]);
  });

  test('longer than its timeout fails alone', async () => {
    const executor = pool({ batch: 100 });
    await warm(executor);
    const { counts, ran } = counter(50);
    const seen = await verdicts(sendAll(executor, tasks.limited, 50, (n) => ({ n, counts, hangs: 20 })));
    expect(seen[20]).toBe('failed TASK_TIMEOUT');
    expect(seen.filter((each) => each === 'executed').length).toBe(49);
    expect(ran()).toEqual(Array.from({ length: 50 }, () => 1));
  });
});

test('an abort reaches the task that runs, and those behind it only if they are still wanted', async () => {
  const executor = pool({ batch: 100 });
  await warm(executor);
  const { counts, ran } = counter(30);
  const controller = new AbortController();
  const waiter = eventWaiter();
  const sent = sendAll(executor, tasks.abortable, 30, (n) => ({ n, counts, waits: 10 }), {
    signal: controller.signal,
    onEvent: waiter.onEvent,
    begin: () => !controller.signal.aborted,
  });
  await waiter.logged('waiting');
  controller.abort(new RangeError('enough'));
  const seen = await verdicts(sent);
  expect(seen[10]).toBe('failed RangeError');
  expect(new Set(seen.slice(0, 10))).toEqual(new Set(['executed']));
  expect(new Set(seen.slice(11))).toEqual(new Set(['withdrawn']));
  expect(ran().slice(11)).toEqual(Array.from({ length: 19 }, () => 0));
});

test('recall gives back what has not begun of one source, and leaves the others', async () => {
  const executor = pool({ batch: 100 });
  await warm(executor);
  const { counts, ran } = counter(20);
  const waiter = eventWaiter();
  const controller = new AbortController();
  const source = {};
  let isWanted = true;
  const sent = sendAll(executor, tasks.abortable, 20, (n) => ({ n, counts, waits: 0 }), {
    source,
    signal: controller.signal,
    onEvent: waiter.onEvent,
    begin: () => isWanted,
  });
  await waiter.logged('waiting');
  isWanted = false;
  executor.recall({});
  executor.recall(source);
  controller.abort(new RangeError('enough'));
  const seen = await verdicts(sent);
  expect(seen[0]).toBe('failed RangeError');
  expect(new Set(seen.slice(1))).toEqual(new Set(['withdrawn']));
  expect(ran().slice(1)).toEqual(Array.from({ length: 19 }, () => 0));
});

test('outcomes of every kind come in their order, each after what its task said', async () => {
  const executor = pool({ batch: 500 });
  await warm(executor);
  const heard: string[] = [];
  const outcomes = await Promise.all(
    Array.from({ length: 80 }, async (_, n) => {
      const call = callOf({ onEvent: (event) => event.kind === 'log' && heard.push(event.message) });
      const outcome = await executor.execute(tasks.various, argsOf({ n }), call);
      heard.push(`ended ${n}`);
      return outcome;
    }),
  );
  for (const [n, outcome] of outcomes.entries()) {
    expect(heard.indexOf(`ran ${n}`)).toBeLessThan(heard.indexOf(`ended ${n}`));
    if (n % 8 === 3) expect(verdict(outcome)).toBe('failed RangeError');
    else {
      const wanted = [n, `text ${n}`, { n }, null, '100000 bytes', '200000 bytes', BigInt(n), undefined];
      const result = resultOf(outcome);
      const isRight = result instanceof Uint8Array && result.every((byte) => byte === n);
      expect(isRight ? `${result.length} bytes` : result).toEqual(wanted[n % 8]);
    }
  }
  expect(heard.filter((word) => word.startsWith('ended')).map((word) => Number(word.slice(6)))).toEqual(
    Array.from({ length: 80 }, (_, n) => n),
  );
});

test('an argument that cannot be sent refuses its task alone', async () => {
  const executor = pool({ batch: 100 });
  await warm(executor);
  const bad = { name: 'n', value: (() => {}) as never, take: null };
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      executor.execute(tasks.various, n === 7 ? [bad] : argsOf({ n: 0 }), callOf()),
    ),
  );
  expect(outcomes.map(({ kind }) => kind).filter((kind) => kind === 'executed').length).toBe(19);
  expect(verdict(outcomes[7] as Outcome)).toBe('refused 25');
});

test('a suspend leaves PENDING what a thread took and did not begin, and it runs once later', async () => {
  const executor = pool({ batch: 100 });
  await warm(executor);
  const { counts, ran } = counter(40);
  const gate = new SharedArrayBuffer(4);
  type Use = { as(name: string, more: object): AnyTask };
  const uses = Array.from({ length: 40 }, (_, n) =>
    (tasks.held as never as Use).as(`t${n}`, { inject: { n, counts, gate, waits: 3 } }),
  );
  const engine = createEngine(unordered('f').add(uses) as AnyUnit, { executor });
  const begun = new Promise<void>((resolve) => {
    engine.on('atom', ({ name, state }) => void (name === 't2' && state === 'SUCCESS' && resolve()));
  });
  const done = engine.run();
  await begun;
  engine.suspend();
  Atomics.store(new Int32Array(gate), 0, 1);
  Atomics.notify(new Int32Array(gate), 0);
  await done;
  expect(engine.storage.flowState).toBe('SUSPENDED');
  const states = [...engine.storage.atomStates().values()].map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['SUCCESS', 'PENDING']));
  expect(ran().map((times) => (times === 1 ? 'SUCCESS' : 'PENDING'))).toEqual(states);
  expect(engine.storage.attempts('t39')).toBe(0);
  await engine.run();
  expect(ran()).toEqual(Array.from({ length: 40 }, () => 1));
  expect(engine.storage.attempts('t39')).toBe(1);
});

test.each([{}, { batch: 1 }, { batch: 7 }, { batch: 1000 }])(
  'a flow ends the same with %o',
  async (options) => {
    const executor = pool({ threads: 2, ...options });
    const { counts, ran } = counter(300);
    type Use = { as(name: string, more: object): AnyTask };
    const uses = Array.from({ length: 300 }, (_, n) =>
      (tasks.noted as never as Use).as(`t${n}`, { inject: { n, counts, exits: -1 }, provides: `r${n}` }),
    );
    const halves = [uses.slice(0, 150), uses.slice(150)];
    const flow = linear('f').add([
      unordered('one').add(halves[0] as AnyTask[]),
      unordered('two').add(halves[1] as AnyTask[]),
    ]);
    const results = (await run(flow as AnyUnit, { executor })) as Record<string, unknown>;
    expect(Object.keys(results).length).toBe(300);
    expect(results['r299']).toBe(299);
    expect(ran()).toEqual(Array.from({ length: 300 }, () => 1));
  },
);

test('the longest way is that with most atoms, and once durations are known that with most ms', async () => {
  const executor = pool();
  type Use = { as(name: string): AnyTask };
  const use = (task: AnyTask, name: string): AnyTask => (task as never as Use).as(name);
  const flow = unordered('f').add([
    linear('many').add(['b1', 'b2', 'b3'].map((name) => use(tasks.brief, name))),
    linear('slow').add([use(tasks.long, 'l1'), use(tasks.long, 'l2')]),
  ]);
  const firstOf = async (): Promise<string> => {
    const engine = createEngine(flow as AnyUnit, { executor });
    const begun: string[] = [];
    engine.on('atom', ({ name, state }) => void (state === 'RUNNING' && begun.push(name)));
    await engine.run();
    return begun[0] ?? '';
  };
  expect([await firstOf(), await firstOf()]).toEqual(['b1', 'l1']);
});
