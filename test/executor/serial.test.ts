import { createEngine, linear, SerialTaskExecutor, task, unordered } from 'taskloom';
import { describe, expect, test } from 'vitest';
import { callOf, verdict } from './calls.ts';
import { executorContract } from './contract.ts';

executorContract('serial', () => new SerialTaskExecutor({ timeoutGrace: 10 }));

describe('the serial executor', () => {
  test('performs one at a time, by priority, then rank, then arrival; sources take turns', async () => {
    await using executor = new SerialTaskExecutor();
    const order: string[] = [];
    let inHand = 0;
    const noting = (name: string, priority: number) =>
      task(name, {
        priority,
        async execute() {
          expect(++inHand).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          inHand--;
          order.push(name);
        },
      });
    const [one, other] = [{}, {}];
    await Promise.all([
      executor.execute(noting('low', 0), [], callOf({ source: one })),
      executor.execute(noting('ranked', 0), [], callOf({ source: one, rank: 2 })),
      executor.execute(noting('urgent', 1), [], callOf({ source: one })),
      executor.execute(noting('low again', 0), [], callOf({ source: one })),
      executor.execute(noting('other', 0), [], callOf({ source: other })),
    ]);
    expect(order).toEqual(['urgent', 'other', 'ranked', 'low', 'low again']);
  });

  test.each([
    [0, 0],
    [15, 0],
    [0, 6],
  ])(
    'chooses the next task when all that the last one made ready is there, if it takes %i ms and a listener %i',
    async (ms, heard) => {
      await using executor = new SerialTaskExecutor();
      const order: string[] = [];
      const pass = (time: number): void => {
        const end = performance.now() + time;
        while (performance.now() < end);
      };
      const noting = (name: string) =>
        task(name, {
          async execute() {
            pass(ms);
            await null;
            order.push(name);
          },
        });
      const chain = linear('chain').add([noting('a'), noting('b'), noting('c')]);
      const engine = createEngine(unordered('flow').add([chain, noting('beside')]), { executor });
      engine.on('atom', ({ state }) => state === 'SUCCESS' && pass(heard));
      await engine.run();
      expect(order).toEqual(['a', 'b', 'beside', 'c']);
    },
  );

  test('lets timers in between tasks that compute', async () => {
    await using executor = new SerialTaskExecutor();
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    const busy = task('busy', {
      execute() {
        const end = performance.now() + 5;
        while (performance.now() < end);
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => executor.execute(busy, [], callOf())));
    clearInterval(timer);
    expect(fired).toBeGreaterThan(2);
  });

  test('counts a task that computed past its timeout as timed out', async () => {
    await using executor = new SerialTaskExecutor();
    const busy = task('busy', {
      timeout: 5,
      execute() {
        const end = performance.now() + 10;
        while (performance.now() < end);
        return 1;
      },
    });
    expect(verdict(await executor.execute(busy, [], callOf()))).toBe('failed TASK_TIMEOUT');
  });

  test('refuses options that it does not have', () => {
    expect(() => new SerialTaskExecutor({ grace: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
