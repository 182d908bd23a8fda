/** Whole runs on real threads: what a flow does when its tasks end, fail or take their thread with them. */
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  linear,
  run,
  ThreadPoolTaskExecutor,
  unordered,
} from 'taskloom';
import { afterAll, describe, expect, it } from 'vitest';

const tasks = (await import(new URL('../fixtures/scenarios/tasks.mjs', import.meta.url).href)) as Record<
  'step' | 'broken' | 'fatal' | 'meet' | 'damage' | 'makeNumbers' | 'sumNumbers',
  AnyTask & { as(name: string, options?: object): AnyTask }
>;
const two = new ThreadPoolTaskExecutor({ threads: 2 });
const one = new ThreadPoolTaskExecutor({ threads: 1 });
afterAll(() => Promise.all([two.stop(), one.stop()]));

/** A shared memory for the story, and what it says. */
function story() {
  const notes = new Int32Array(new SharedArrayBuffer(400));
  return { notes, told: () => [...notes.subarray(1, 1 + Atomics.load(notes, 0))] };
}

const say = (kind: 'step' | 'broken' | 'fatal', word: number): AnyTask =>
  tasks[kind].as(`${kind}${word}`, { inject: { word } });

describe('a flow on threads', () => {
  it('reverts in reverse order, the failed task first, and rejects with its error', async () => {
    const { notes, told } = story();
    const flow: AnyUnit = linear('f').add([say('step', 1), say('step', 2), say('broken', 3), say('step', 4)]);
    const engine = createEngine(flow, { store: { notes }, executor: two });
    await expect(engine.run()).rejects.toMatchObject({ name: 'RangeError', code: 'E_BROKEN' });
    expect(told()).toEqual([1, 2, 3, -3, -2, -1]);
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(engine.storage.atomState('step4')).toBe('PENDING');
  });

  it('does not start queued siblings of a task that failed', async () => {
    const { notes, told } = story();
    const flow: AnyUnit = unordered('f').add([say('broken', 1), say('step', 2), say('step', 3)]);
    await expect(run(flow, { store: { notes }, executor: one })).rejects.toThrow('word 1 is broken');
    expect(told()).toEqual([1, -1]);
  });

  it('takes the death of a thread as the failure of the one task that it ran', async () => {
    const { notes, told } = story();
    const flow: AnyUnit = linear('f').add([say('step', 1), say('fatal', 2)]);
    await expect(run(flow, { store: { notes }, executor: one })).rejects.toMatchObject({
      code: 'WORKER_EXITED',
      details: { exitCode: 7 },
    });
    expect(told()).toEqual([1, 2, -2, -1]);
  });

  it('says nothing of an import when a damaged thread dies before the next task, and goes on', async () => {
    const { notes, told } = story();
    await run(say('step', 1) as AnyUnit, { store: { notes }, executor: one });
    await run(tasks.damage as AnyUnit, { executor: one }).catch(() => {});
    const next = await run(say('step', 2) as AnyUnit, { store: { notes }, executor: one }).then(
      () => 'done',
      (error: Error) => error.message,
    );
    expect(next).not.toContain('import');
    await run(say('step', 3) as AnyUnit, { store: { notes }, executor: one });
    expect(told().at(-1)).toBe(3);
  });

  it('runs independent tasks at the same time', async () => {
    const { notes } = story();
    const flow: AnyUnit = unordered('f').add([
      tasks.meet.as('a', { provides: 'a' }),
      tasks.meet.as('b', { provides: 'b' }),
    ]);
    expect(await run(flow, { store: { notes }, executor: two })).toEqual({ a: 2, b: 2 });
  });

  it('serves many engines at once on one executor', async () => {
    const runs = Array.from({ length: 50 }, async (_, at) => {
      const { notes, told } = story();
      const flow: AnyUnit = linear(`f${at}`).add([
        say('step', 1),
        at % 5 === 0 ? say('broken', 2) : say('step', 2),
      ]);
      const state = await run(flow, { store: { notes }, executor: two }).then(
        () => 'done',
        (error: Error) => error.message,
      );
      return [state, told()];
    });
    const ends = await Promise.all(runs);
    expect(ends.filter(([state]) => state === 'done')).toHaveLength(40);
    expect(ends[0]).toEqual(['word 2 is broken', [1, 2, -2, -1]]);
    expect(ends[1]).toEqual(['done', [1, 2]]);
  });

  it('hands a 64 MB array from task to task without copying it on the main thread', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const length = 8 * 1024 * 1024;
    const flow: AnyUnit = linear('f').add([tasks.makeNumbers, tasks.sumNumbers]);
    const engine = createEngine(flow, { store: { length }, executor: two });
    let most = 0;
    engine.on('atom', () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });
    await engine.run();
    expect(engine.storage.fetch('sum')).toEqual(['Float64Array', 'ArrayBuffer', 1.5 * length]);
    // Shared memory isn't counted among this thread's buffers; a copy of 64 MB would be.
    expect(most).toBeLessThan(16 * 1024 * 1024);
  });
});
