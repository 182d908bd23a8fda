import { run, task, unordered } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, test } from 'vitest';
import { callOf, resultOf, verdict } from './calls.ts';
import { executorContract } from './contract.ts';

executorContract('manual', () => new ManualTaskExecutor({ auto: true }), {
  pass: (executor, ms) => executor.advance(ms),
});

describe('the manual executor', () => {
  const give = (name: string, priority = 0) => task(name, { priority, execute: () => name });
  const enter = (executor: ManualTaskExecutor, ...names: string[]) =>
    names.map((name) => executor.execute(give(name), [], callOf({ atom: name })));

  test('holds tasks until it is told', async () => {
    const executor = new ManualTaskExecutor();
    const [a, b] = enter(executor, 'a', 'b');
    await executor.idle();
    await executor.advance(5);
    expect(executor.waiting).toEqual([
      { atom: 'a', action: 'execute', since: 0, begun: false },
      { atom: 'b', action: 'execute', since: 0, begun: false },
    ]);
    expect(await executor.begin('b')).toBe(true);
    expect(executor.waiting[1]).toMatchObject({ begun: true });
    expect(resultOf(await executor.settle('b'))).toBe('b');
    expect(resultOf(await b!)).toBe('b');
    await executor.finish('a', [1]);
    expect(resultOf(await a!)).toEqual([1]);
    expect(executor.waiting).toEqual([]);
  });

  test('lets a task that began run into its timeout, without performing it', async () => {
    const executor = new ManualTaskExecutor();
    const slow = task('slow', { timeout: 50, execute: () => 1 });
    const outcome = executor.execute(slow, [], callOf({ atom: 'slow' }));
    await executor.advance(100);
    await executor.begin('slow');
    await executor.advance(49);
    expect(executor.waiting).toHaveLength(1);
    await executor.advance(1);
    expect(verdict(await outcome)).toBe('failed TASK_TIMEOUT');
  });

  test('fails and loses them', async () => {
    const executor = new ManualTaskExecutor();
    enter(executor, 'a', 'b');
    expect(verdict(await executor.fail('a', new RangeError('no')))).toBe('failed RangeError');
    expect(verdict(await executor.lose('b'))).toBe('failed WORKER_EXITED');
    await expect(executor.settle('a')).rejects.toMatchObject({ code: 'ATOM_NOT_FOUND' });
  });

  test('times out on its own clock', async () => {
    const executor = new ManualTaskExecutor();
    const slow = task('slow', { timeout: 60_000, execute: () => new Promise(() => {}) });
    const running = executor.execute(slow, [], callOf({ atom: 'slow' }));
    void executor.settle('slow');
    await executor.advance(59_999);
    expect(executor.waiting).toHaveLength(1);
    await executor.advance(1);
    expect(verdict(await running)).toBe('failed TASK_TIMEOUT');
  });

  test('holds no more than its concurrency', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 1 });
    enter(executor, 'a', 'b');
    await executor.begin('a');
    await expect(executor.begin('b')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(await executor.settleAll()).toEqual(['a', 'b']);
  });

  test('settles all by priority, rank and arrival', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 1 });
    void executor.execute(give('low'), [], callOf({ atom: 'low' }));
    void executor.execute(give('ranked'), [], callOf({ atom: 'ranked', rank: 1 }));
    void executor.execute(give('urgent', 1), [], callOf({ atom: 'urgent' }));
    expect(await executor.settleAll()).toEqual(['urgent', 'ranked', 'low']);
  });

  test('by itself begins the next task only when the engine has heard how the last one ended', async () => {
    const story: string[] = [];
    const bad = task('bad', {
      execute() {
        throw new Error('no');
      },
    });
    const other = task('other', { execute: () => void story.push('other') });
    const executor = new ManualTaskExecutor({ auto: true, concurrency: 1 });
    await expect(run(unordered('f').add(bad, other), { executor })).rejects.toThrow('no');
    expect(story).toEqual([]);
  });

  test('settles all at random, the same for the same seed', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const [one, other] = await Promise.all(
        [1, 2].map(async () => {
          const executor = new ManualTaskExecutor();
          enter(executor, 'a', 'b', 'c');
          return (await executor.settleAll({ seed })).join('');
        }),
      );
      expect(one).toBe(other);
      orders.add(String(one));
    }
    expect(orders.size).toBeGreaterThan(3);
  });
});
