/** What runs before and after execute and revert, on every executor. */
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  linear,
  SerialTaskExecutor,
  type TaskExecutor,
  ThreadPoolTaskExecutor,
  task,
} from 'taskloom';
import { afterAll, describe, expect, it } from 'vitest';

const tasks = (await import(new URL('../fixtures/scenarios/hooked.mjs', import.meta.url).href)) as Record<
  'hooked' | 'counting' | 'refused' | 'fails',
  AnyTask & { as(name: string, options?: object): AnyTask }
>;

/** The task, and behind it one that fails where `then` says so; what is in `bad` throws. */
function flowOf(bad: string, then: 'ends' | 'fails'): AnyUnit {
  const hooked = tasks.hooked.as(`task ${bad}`, { inject: { bad: bad.split(' ') } });
  const units: AnyTask[] = then === 'fails' ? [hooked, tasks.fails] : [hooked];
  return linear('f').add(units);
}

async function play(flow: AnyUnit, executor: TaskExecutor) {
  const engine = createEngine(flow, { executor });
  const said: string[] = [];
  const warned: string[] = [];
  engine.on('log', ({ level, message }) => (level === 'info' ? said : warned).push(message));
  const error = await engine.run().then(
    () => null,
    (thrown: Error) => thrown,
  );
  await engine.close();
  return { storage: engine.storage, error, said: said.join(' '), warned };
}

const threads = new ThreadPoolTaskExecutor({ threads: 1 });
afterAll(() => threads.stop());

describe.each([
  ['serial', () => new SerialTaskExecutor()],
  ['threads', () => threads],
] as const)('hooks on the executor %s', (_, executor) => {
  it('run around execute and around revert', async () => {
    const { said, storage } = await play(flowOf('', 'ends'), executor());
    expect(said).toBe('preExecute execute postExecute');
    expect(storage.fetch('result')).toBe('execute');
    const reverted = await play(flowOf('', 'fails'), executor());
    expect(reverted.said).toBe('preExecute execute postExecute preRevert told execute revert postRevert');
    expect(reverted.storage.flowState).toBe('REVERTED');
  });

  it.each([
    ['preExecute', 'preExecute postExecute'],
    ['execute', 'preExecute execute postExecute'],
    ['postExecute', 'preExecute execute postExecute'],
  ])('%s throws: the task has failed, after it began', async (bad, before) => {
    const { said, error, storage, warned } = await play(flowOf(bad, 'ends'), executor());
    expect(error).toMatchObject({ name: 'RangeError', message: `${bad} threw` });
    expect(said).toBe(`${before} preRevert told ${bad} threw revert postRevert`);
    expect(storage.flowState).toBe('REVERTED');
    expect(storage.atomState(`task ${bad}`)).toBe('REVERTED');
    expect(warned).toEqual([]);
  });

  it.each([
    ['preRevert', 'preRevert postRevert'],
    ['revert', 'preRevert told execute revert postRevert'],
    ['postRevert', 'preRevert told execute revert postRevert'],
  ])('%s throws: the revert has failed', async (bad, after) => {
    const { said, storage } = await play(flowOf(bad, 'fails'), executor());
    expect(said).toBe(`preExecute execute postExecute ${after}`);
    expect(storage.flowState).toBe('FAILURE');
    expect(storage.revertFailures.get(`task ${bad}`)).toMatchObject({ message: `${bad} threw` });
  });

  it.each([
    ['preExecute', 'postExecute'],
    ['execute', 'postExecute'],
  ])('%s and %s throw: the first is the failure, the other one is logged', async (first, second) => {
    const { error, warned } = await play(flowOf(`${first} ${second}`, 'ends'), executor());
    expect(error).toMatchObject({ message: `${first} threw` });
    expect(warned).toEqual([
      `A post hook of 'task ${first} ${second}' threw as well, after the task had failed.`,
    ]);
  });

  it('are not called for a task that was refused', async () => {
    const give = task('give', { provides: 'bad', execute: () => 5 });
    const { said, error } = await play(linear('f').add([give, tasks.refused]), executor());
    expect(error).toMatchObject({ code: 'VALUE_INVALID' });
    expect(said).toBe('');
  });

  it('have the definition as their this', async () => {
    const { storage } = await play(tasks.counting, executor());
    expect(storage.fetch('count')).toBe(2);
  });
});
