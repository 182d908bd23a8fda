import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type AnyTask, ThreadPoolTaskExecutor } from 'taskloom';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  argsOf,
  callOf,
  detailsOf,
  eventWaiter,
  failureOf,
  fixture,
  resultOf,
  taskIn,
  tasksOf,
  verdict,
} from './calls.ts';
import { pool } from './pools.ts';
import { executorContract } from './contract.ts';

executorContract('threads', () => new ThreadPoolTaskExecutor({ threads: 2, timeoutGrace: 50 }));

type Name =
  | 'exit'
  | 'tellAndExit'
  | 'exhaust'
  | 'spin'
  | 'block'
  | 'hang'
  | 'throwLater'
  | 'exitLater'
  | 'rejectLater'
  | 'throwUnheard'
  | 'junk'
  | 'where'
  | 'gated'
  | 'big'
  | 'sum';

let tasks: Record<Name, AnyTask>;
beforeAll(async () => {
  tasks = await tasksOf<Name>('harmful-tasks.mjs');
});

const NO_FAILURES = new Map();
const where = async (executor: ThreadPoolTaskExecutor): Promise<unknown> =>
  resultOf(await executor.execute(tasks.where, [], callOf()));

/** A gate that tasks wait at in their threads. */
function gate(): { readonly gate: SharedArrayBuffer; open(): void } {
  const buffer = new SharedArrayBuffer(4);
  return {
    gate: buffer,
    open() {
      Atomics.store(new Int32Array(buffer), 0, 1);
      Atomics.notify(new Int32Array(buffer), 0);
    },
  };
}

describe('threads', () => {
  test('start when there is work, and only as many as there is work for', async () => {
    const executor = pool({ threads: 3 });
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
    await executor.start();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length).toBe(before);
    const seen = new Set<unknown>();
    for (let i = 0; i < 5; i++) seen.add(await where(executor));
    expect(seen.size).toBe(1);
  });

  test('work side by side, up to the number asked for', async () => {
    const executor = pool({ threads: 2 });
    const door = gate();
    const waiter = eventWaiter();
    const running = ['a', 'b', 'c'].map((id) =>
      executor.execute(tasks.gated, argsOf({ gate: door.gate, id }), callOf({ onEvent: waiter.onEvent })),
    );
    await Promise.all([waiter.logged('started a'), waiter.logged('started b')]);
    door.open();
    const results = (await Promise.all(running)).map(resultOf) as { threadId: number }[];
    expect(new Set(results.map(({ threadId }) => threadId)).size).toBe(2);
  });

  test('go on after they rested', async () => {
    const executor = pool();
    const first = await where(executor);
    // Longer than a thread idles on duty: the pool of one is at rest then, and is woken.
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await where(executor)).toBe(first);
  });

  test('take tasks by priority, rank and arrival; sources take turns', async () => {
    // Each alone: one that is given back begins again, and would be noted twice.
    const executor = pool({ batch: 1 });
    const door = gate();
    const waiter = eventWaiter();
    const order: string[] = [];
    const enter = (id: string, options: { priority?: number; rank?: number; source?: object }) =>
      executor.execute(
        {
          ...tasks.gated,
          work: tasks.gated.work,
          provides: [],
          timeout: null,
          priority: options.priority ?? 0,
        } as AnyTask,
        argsOf({ gate: door.gate, id }),
        callOf({ ...options, begin: () => order.push(id) > 0, onEvent: waiter.onEvent }),
      );
    const running = [enter('first', {})];
    await waiter.logged('started first');
    const [one, other] = [{}, {}];
    running.push(
      enter('low', { source: one }),
      enter('ranked', { source: one, rank: 1 }),
      enter('urgent', { source: one, priority: 1 }),
      enter('other', { source: other }),
      enter('other again', { source: other }),
    );
    door.open();
    await Promise.all(running);
    expect(order).toEqual(['first', 'urgent', 'other', 'ranked', 'other again', 'low']);
  });

  test('carry 64 MB without a copy on the main thread', async () => {
    const executor = pool();
    const outcome = await executor.execute(tasks.big, [], callOf());
    if (outcome.kind !== 'executed') throw new Error(verdict(outcome));
    const { result } = outcome;
    if (typeof result !== 'object' || result === null || 'list' in result) throw new Error('not closed');
    expect(result.bytes.byteLength).toBeLessThan(10_000);
    expect(result.buffers.map((buffer) => buffer instanceof SharedArrayBuffer)).toEqual([true]);
    const args = [{ name: 'numbers', value: result, take: null }];
    expect(resultOf(await executor.execute(tasks.sum, args, callOf()))).toBe(7 * 8 * 1024 * 1024);
  });
});

describe('a lost thread', () => {
  test.each([0, 7])('by process.exit(%d) fails its task alone, and is replaced', async (code) => {
    const executor = pool();
    const exiting = executor.execute(tasks.exit, argsOf({ code }), callOf({ atom: 'leaver' }));
    const next = executor.execute(tasks.where, [], callOf());
    const outcome = await exiting;
    expect(verdict(outcome)).toBe('failed WORKER_EXITED');
    expect(detailsOf(outcome)).toEqual({ atom: 'leaver', exitCode: code });
    expect((await next).kind).toBe('executed');
  });

  test('in a revert fails the revert', async () => {
    const executed = { kind: 'result', value: 1 } as const;
    const outcome = await pool().revert(tasks.exit, argsOf({ code: 1 }), executed, NO_FAILURES, callOf());
    expect(verdict(outcome)).toBe('revert-failed WORKER_EXITED');
  });

  test('tells what its task said before', async () => {
    const call = callOf();
    expect(verdict(await pool().execute(tasks.tellAndExit, [], call))).toBe('failed WORKER_EXITED');
    expect(call.events).toHaveLength(1001);
    expect(call.events.at(-1)).toMatchObject({ kind: 'progress', fraction: 1 });
  });

  test('out of heap says so', async () => {
    const executor = pool({ resourceLimits: { maxOldGenerationSizeMb: 24 } });
    expect(verdict(await executor.execute(tasks.exhaust, [], callOf()))).toBe('failed WORKER_OUT_OF_MEMORY');
    expect(typeof (await where(executor))).toBe('number');
  });

  test('by an error that nothing caught has it as its cause', async () => {
    const outcome = await pool().execute(tasks.throwUnheard, [], callOf());
    expect(verdict(outcome)).toBe('failed WORKER_EXITED');
    expect(failureOf(outcome)).toMatchObject({ cause: { name: 'RangeError', message: 'unheard' } });
  });

  test('many at once: each fails its task, the rest goes on', async () => {
    const executor = pool({ threads: 3 });
    const harmful = Array.from({ length: 9 }, () =>
      executor.execute(tasks.exit, argsOf({ code: 1 }), callOf()),
    );
    const fine = Array.from({ length: 9 }, () => executor.execute(tasks.where, [], callOf()));
    expect((await Promise.all(harmful)).map(verdict)).toEqual(Array(9).fill('failed WORKER_EXITED'));
    expect((await Promise.all(fine)).map(verdict)).toEqual(Array(9).fill('executed'));
  });

  test('before a task began leaves it to the next thread, where it begins', async () => {
    const executor = pool();
    const exited = nextExit();
    await executor.execute(tasks.exitLater, [], callOf());
    const told: string[] = [];
    const call = callOf({
      begin: () => {
        told.push('begin');
        return exited.then(() => true);
      },
      onReturned: () => told.push('returned'),
    });
    expect((await executor.execute(tasks.where, [], call)).kind).toBe('executed');
    expect(told).toEqual(['begin', 'returned', 'begin']);
  });
});

describe('a timeout', () => {
  test('ends an endless loop, and the thread is replaced', async () => {
    const executor = pool();
    const outcome = await executor.execute(tasks.spin, [], callOf());
    expect(verdict(outcome)).toBe('failed TASK_TIMEOUT');
    expect(detailsOf(outcome)).toMatchObject({ timeout: 50 });
    expect(typeof (await where(executor))).toBe('number');
  });

  test('of a task in a blocking call is told before the thread is gone', async () => {
    const executor = pool();
    const start = performance.now();
    expect(verdict(await executor.execute(tasks.block, [], callOf()))).toBe('failed TASK_TIMEOUT');
    expect(performance.now() - start).toBeLessThan(2900);
    expect(typeof (await where(executor))).toBe('number');
    expect(performance.now() - start).toBeGreaterThan(2900);
  });

  test('does not count the import of the module', async () => {
    const slow = taskIn(fixture('load-slow.mjs'), 'slow', 500);
    const warning = nextWarning(/load-slow/);
    expect(verdict(await pool().execute(slow, [], callOf()))).toBe('executed');
    expect((await warning).message).toMatch(/import of the task module .*load-slow\.mjs took [3-9]\d\d\d ms/);
  });
});

describe('strays', () => {
  test.each([
    ['throwLater', 'thrown late'],
    ['rejectLater', 'rejected unheard'],
  ] as const)('%s is reported, and nobody is blamed', async (name, message) => {
    const executor = pool();
    const warning = nextWarning(/outside of its task/);
    expect(resultOf(await executor.execute(tasks[name], [], callOf({ atom: 'culprit' })))).toBe('fine');
    const { message: text, code } = await warning;
    expect(text).toContain(message);
    expect(text).toContain("'culprit'");
    expect(code).toBe('WORKER_STRAY_ERROR');
    expect(typeof (await where(executor))).toBe('number');
  });

  test('junk on the port of the worker, and its closing, change nothing', async () => {
    const executor = pool();
    expect(resultOf(await executor.execute(tasks.junk, [], callOf()))).toBe('fine');
    expect(typeof (await where(executor))).toBe('number');
  });
});

describe('the process', () => {
  const program = fileURLToPath(fixture('exits-by-itself.mjs'));
  test.each([
    ['threads, stopped', ['stop']],
    ['threads, not stopped', []],
    ['serial, not stopped', ['serial']],
  ])('ends by itself: %s', async (_name, args) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { timeout: 10_000 });
    expect(stdout.trim()).toBe('failed,failed,failed,failed'.replaceAll('failed', 'executed'));
  });
});

describe('stop', () => {
  test('with a timeout ends a task that never does', async () => {
    const executor = pool();
    const waiter = eventWaiter();
    const running = executor.execute(tasks.hang, [], callOf());
    const door = gate();
    const other = pool();
    const gated = other.execute(
      tasks.gated,
      argsOf({ gate: door.gate, id: 1 }),
      callOf({ onEvent: waiter.onEvent }),
    );
    await waiter.logged('started 1');
    await Promise.all([executor.stop({ timeout: 10 }), other.stop({ timeout: 10 })]);
    expect(['failed EXECUTOR_CLOSED', 'refused EXECUTOR_CLOSED']).toContain(verdict(await running));
    expect(verdict(await gated)).toBe('failed EXECUTOR_CLOSED');
  });
});

describe('options', () => {
  test.each([
    { threads: 0 },
    { threads: 1.5 },
    { thread: 2 },
    { loadTimeout: -1 },
    { resourceLimits: 3 },
    { resourceLimits: { maxOldGenerationSizeMB: 64 } },
    { resourceLimits: { stackSizeMb: 0 } },
  ])('that do not fit are refused: %o', (options) => {
    expect(() => new ThreadPoolTaskExecutor(options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

/** Resolves when a worker thread that is started from here on has ended. */
function nextExit(): Promise<void> {
  return new Promise((resolve) => {
    process.once('worker', (worker) => worker.once('exit', () => resolve()));
  });
}

function nextWarning(pattern: RegExp): Promise<Error & { readonly code?: string }> {
  return new Promise((resolve) => {
    const onWarning = (warning: Error): void => {
      if (!pattern.test(warning.message)) return;
      process.off('warning', onWarning);
      resolve(warning);
    };
    process.on('warning', onWarning);
  });
}
