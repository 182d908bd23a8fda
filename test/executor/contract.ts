/** What every task executor does, whoever implements it: executorContract('threads', () => new …()). */
import { type AnyTask, type TaskExecutor, task } from 'taskloom';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureFrom } from '../../src/failure.ts';
import { argsOf, callOf, eventWaiter, failureOf, resultOf, tasksOf, verdict } from './calls.ts';

type Name =
  | 'add'
  | 'describe'
  | 'undo'
  | 'noRevert'
  | 'revertThrows'
  | 'throwing'
  | 'rejecting'
  | 'telling'
  | 'flooding'
  | 'badProgress'
  | 'saying'
  | 'calling'
  | 'callingBadly'
  | 'moving'
  | 'sharing'
  | 'unencodable'
  | 'lacking'
  | 'untilAborted'
  | 'deaf'
  | 'heedful'
  | 'lateResult'
  | 'slowRevert';

const NO_FAILURES = new Map();

export function executorContract<E extends TaskExecutor>(
  name: string,
  make: () => E,
  { pass = async () => {} }: { readonly pass?: (executor: E, ms: number) => Promise<void> } = {},
): void {
  describe(`the contract of executors: ${name}`, () => {
    let tasks: Record<Name, AnyTask>;
    let executor: E;
    beforeAll(async () => {
      tasks = await tasksOf<Name>('contract-tasks.mjs');
      executor = make();
      await executor.start();
    });
    afterAll(() => executor.stop());

    describe('executing', () => {
      test('gives the result, what is absent of it, and the time', async () => {
        const outcome = await executor.execute(tasks.add, argsOf({ a: 1, b: 2 }), callOf());
        expect(outcome).toEqual({ kind: 'executed', result: 3, absent: [], elapsed: expect.any(Number) });
      });
      test('tells the task who it is', async () => {
        const outcome = await executor.execute(tasks.describe, argsOf({ x: 1 }), callOf({ atom: 'me' }));
        expect(resultOf(outcome)).toMatchObject({
          args: ['x'],
          name: 'me',
          flowName: 'flow',
          flowId: 'id',
          attempt: 2,
          aborted: false,
        });
      });
      test('takes an argument named __proto__ as any other', async () => {
        const args = [
          ...argsOf({ x: 1 }),
          { name: '__proto__', value: argsOf({ o: { polluted: true } })[0]!.value, take: null },
        ];
        const outcome = await executor.execute(tasks.describe, args, callOf());
        expect(resultOf(outcome)).toMatchObject({ own: ['x', '__proto__'], polluted: false });
      });
      test('names the parts of the result that are absent', async () => {
        const outcome = await executor.execute(tasks.lacking, [], callOf());
        expect(outcome).toMatchObject({ kind: 'executed', absent: [1] });
      });
      test('fails a task whose result cannot be encoded, with the path', async () => {
        const outcome = await executor.execute(tasks.unencodable, [], callOf());
        expect(verdict(outcome)).toBe('failed VALUE_NOT_ENCODABLE');
        expect(failureOf(outcome).message).toContain('result.items[2].onClick');
      });
      test('moves and shares buffers', async () => {
        for (const read of [true, false]) {
          const moved = await executor.execute(tasks.moving, [], callOf({ read }));
          expect(resultOf(moved)).toEqual({ numbers: new Float64Array([1, 2, 3]) });
        }
        const shared = resultOf(await executor.execute(tasks.sharing, [], callOf())) as {
          numbers: Float64Array;
        };
        expect(shared.numbers).toEqual(new Float64Array([1, 2, 3]));
        expect(shared.numbers.buffer).toBeInstanceOf(SharedArrayBuffer);
      });
      test('runs tasks of the main thread', async () => {
        const here = task('here', { requires: ['a'], execute: ({ a }: { a: number }) => a * 2 });
        expect(resultOf(await executor.execute(here, argsOf({ a: 21 }), callOf()))).toBe(42);
      });
    });

    describe('reverting', () => {
      test('tells the result and the failures', async () => {
        const failures = new Map([['other', failureFrom(new RangeError('out'))]]);
        const executed = { kind: 'result', value: 'done' } as const;
        const outcome = await executor.revert(tasks.undo, argsOf({ a: 5 }), executed, failures, callOf());
        expect(outcome.kind).toBe('reverted');
        expect(resultOf(outcome)).toEqual({
          a: 5,
          result: 'done',
          failure: undefined,
          failures: ['other: RangeError out'],
        });
      });
      test('tells the failure of the task itself, and nothing when the end is not known', async () => {
        const executed = { kind: 'failure', failure: failureFrom(new Error('mine')) } as const;
        const failed = await executor.revert(tasks.undo, argsOf({ a: 5 }), executed, NO_FAILURES, callOf());
        expect(resultOf(failed)).toMatchObject({ result: undefined, failure: 'mine' });
        const unknown = await executor.revert(
          tasks.undo,
          argsOf({ a: 5 }),
          { kind: 'unknown' },
          NO_FAILURES,
          callOf(),
        );
        expect(resultOf(unknown)).toMatchObject({ result: undefined, failure: undefined });
      });
      test('of a task without revert gives undefined', async () => {
        const executed = { kind: 'result', value: 1 } as const;
        const outcome = await executor.revert(tasks.noRevert, [], executed, NO_FAILURES, callOf());
        expect(outcome).toMatchObject({ kind: 'reverted', result: undefined });
      });
      test('that throws has failed', async () => {
        const executed = { kind: 'result', value: 1 } as const;
        const outcome = await executor.revert(tasks.revertThrows, [], executed, NO_FAILURES, callOf());
        expect(verdict(outcome)).toBe('revert-failed RangeError');
      });
      test('that overruns its timeout has failed', async () => {
        const executed = { kind: 'result', value: 1 } as const;
        const reverting = executor.revert(tasks.slowRevert, [], executed, NO_FAILURES, callOf());
        await pass(executor, 30);
        expect(verdict(await reverting)).toBe('revert-failed TASK_TIMEOUT');
      });
    });

    describe('never rejects', () => {
      const kinds =
        'error null undefined zero empty string symbol function object proxy revoked frozen getter stack cyclic uncloneable abort long';
      test.each(kinds.split(' '))('when a task throws: %s', async (what) => {
        for (const odd of [tasks.throwing, tasks.rejecting]) {
          const outcome = await executor.execute(odd, argsOf({ what }), callOf());
          expect(outcome.kind).toBe('failed');
          expect(typeof failureOf(outcome).message).toBe('string');
        }
      });
      test('when begin throws or rejects', async () => {
        for (const begin of [
          () => {
            throw new Error('no');
          },
          () => Promise.reject(new Error('no')),
        ]) {
          const outcome = await executor.execute(tasks.add, argsOf({ a: 1, b: 2 }), callOf({ begin }));
          expect(outcome.kind).toBe('refused');
        }
      });
      test('when who hears the events throws', async () => {
        const call = callOf({
          onEvent: () => {
            throw new Error('a listener of the suite');
          },
        });
        expect(verdict(await executor.execute(tasks.saying, [], call))).toBe('executed');
      });
    });

    describe('begin', () => {
      test('is called once, before the task runs', async () => {
        const order: string[] = [];
        const call = callOf({
          begin: () => {
            order.push('begin');
            return true;
          },
          onEvent: () => order.push('ran'),
        });
        await executor.execute(tasks.saying, [], call);
        expect(order).toEqual(['begin', 'ran']);
      });
      test('is waited for', async () => {
        const order: string[] = [];
        const call = callOf({
          begin: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            order.push('begin');
            return true;
          },
          onEvent: () => order.push('ran'),
        });
        await executor.execute(tasks.saying, [], call);
        expect(order).toEqual(['begin', 'ran']);
      });
      test.each([
        ['at once', () => false],
        ['later', async () => false],
      ])('that says no %s withdraws the task', async (_when, begin) => {
        const call = callOf({ begin });
        expect(await executor.execute(tasks.saying, [], call)).toEqual({ kind: 'withdrawn' });
        expect(call.events).toEqual([]);
        expect(call.begins()).toBe(1);
      });
    });

    describe('events', () => {
      test('come in order, before the outcome, and none after it', async () => {
        const call = callOf();
        expect(resultOf(await executor.execute(tasks.telling, [], call))).toBe('told');
        const expected = [
          { kind: 'progress', fraction: 0, details: undefined },
          { kind: 'log', level: 'info', message: 'one', details: { n: 1 } },
          { kind: 'progress', fraction: 0.5, details: { phase: 'half' } },
          { kind: 'log', level: 'warn', message: 'two', details: expect.stringContaining('unction') },
          { kind: 'log', level: 'error', message: 'Symbol(three)', details: undefined },
          { kind: 'progress', fraction: 1, details: undefined },
        ];
        expect(call.events).toEqual(expected);
        // The task's late calls were made in the turn in which its timer fired, before another task there ended.
        await new Promise((resolve) => setTimeout(resolve, 5));
        await executor.execute(tasks.saying, [], callOf());
        expect(call.events).toEqual(expected);
      });
      test('a flood of progress arrives thinned, with its last', async () => {
        const call = callOf();
        await executor.execute(tasks.flooding, [], call);
        expect(call.events.length).toBeLessThan(5000);
        expect(call.events.at(-1)).toEqual({ kind: 'progress', fraction: 1, details: 100_000 });
      });
      test('progress that is no number is the task’s error', async () => {
        expect(verdict(await executor.execute(tasks.badProgress, [], callOf()))).toBe(
          'failed OPTION_INVALID',
        );
      });
    });

    describe('services', () => {
      const services = {
        add: (a: number, { n }: { n: number }) => a + n,
        fail: async () => {
          throw Object.assign(new RangeError('no'), { code: 'E_NO', extra: { deep: [1] } });
        },
        badResult: () => ({ fn: () => {} }),
      };
      test('are called, fail whole, and are refused when unknown', async () => {
        const outcome = await executor.execute(tasks.calling, [], callOf({ services }));
        expect(resultOf(outcome)).toEqual({
          sum: 3,
          error: { name: 'RangeError', code: 'E_NO', message: 'no', extra: { deep: [1] } },
          unknown: { code: 'SERVICE_UNKNOWN', message: expect.stringContaining("Did you mean 'add'?") },
        });
      });
      test('a result that cannot cross is the task’s error', async () => {
        const outcome = await executor.execute(tasks.callingBadly, [], callOf({ services }));
        expect(verdict(outcome)).toBe('failed VALUE_NOT_ENCODABLE');
        expect(failureOf(outcome).message).toContain("result of service 'badResult'");
      });
      test('none are offered when there are none', async () => {
        const outcome = await executor.execute(tasks.calling, [], callOf());
        expect(verdict(outcome)).toBe('failed SERVICE_UNKNOWN');
      });
    });

    describe('aborting', () => {
      test('reaches the signal of a task that runs, with the reason', async () => {
        const controller = new AbortController();
        const waiter = eventWaiter();
        const call = callOf({ signal: controller.signal, onEvent: waiter.onEvent });
        const running = executor.execute(tasks.untilAborted, [], call);
        await waiter.logged('waiting');
        controller.abort(new RangeError('enough'));
        const outcome = await running;
        expect(verdict(outcome)).toBe('failed RangeError');
        expect(failureOf(outcome).message).toBe('enough');
      });
      test('before it began is seen from its first line', async () => {
        const signal = AbortSignal.abort(new RangeError('enough'));
        const call = callOf({ signal });
        expect(verdict(await executor.execute(tasks.untilAborted, [], call))).toBe('failed RangeError');
        expect(call.events).toEqual([]);
      });
    });

    test.each(['deaf', 'heedful', 'lateResult'] as const)('a timeout fails the task: %s', async (which) => {
      const running = executor.execute(tasks[which], [], callOf({ atom: which }));
      await pass(executor, 30);
      const outcome = await running;
      expect(verdict(outcome)).toBe('failed TASK_TIMEOUT');
      expect(failureOf(outcome).message).toBe(`Task '${which}' took longer than its timeout of 30 ms.`);
    });

    test('after stop everything is refused', async () => {
      const stopped = make();
      await stopped.stop();
      await stopped.stop();
      expect(() => stopped.start()).toThrow(expect.objectContaining({ code: 'EXECUTOR_CLOSED' }));
      const call = callOf();
      expect(verdict(await stopped.execute(tasks.add, argsOf({ a: 1, b: 2 }), call))).toBe(
        'refused EXECUTOR_CLOSED',
      );
      expect(call.begins()).toBe(0);
    });

    test('stop waits for what runs and refuses what waits', async () => {
      const stopping = make();
      const waiter = eventWaiter();
      const controller = new AbortController();
      const call = callOf({ onEvent: waiter.onEvent, signal: controller.signal });
      const running = stopping.execute(tasks.untilAborted, [], call);
      await waiter.logged('waiting');
      const later = stopping.execute(tasks.untilAborted, [], callOf({ signal: AbortSignal.abort() }));
      const stopped = stopping.stop();
      expect(['refused EXECUTOR_CLOSED', 'failed AbortError', 'failed 20']).toContain(verdict(await later));
      controller.abort(new RangeError('enough'));
      expect(verdict(await running)).toBe('failed RangeError');
      await stopped;
    });

    test('stop with a timeout gives up what does not end', async () => {
      const stopping = make();
      const waiter = eventWaiter();
      const running = stopping.execute(tasks.untilAborted, [], callOf({ onEvent: waiter.onEvent }));
      await waiter.logged('waiting');
      await stopping.stop({ timeout: 5 });
      expect(verdict(await running)).toBe('failed EXECUTOR_CLOSED');
    });
  });
}
