/** What a task tells of while it runs, under names of its own. */
import {
  type AnyTask,
  createEngine,
  type Engine,
  linear,
  SerialTaskExecutor,
  type TaskExecutor,
  TaskloomError,
  ThreadPoolTaskExecutor,
} from 'taskloom';
import { afterAll, expect, it } from 'vitest';

const { teller } = (await import(new URL('../fixtures/scenarios/map-tasks.mjs', import.meta.url).href)) as {
  readonly teller: AnyTask & { as(name: string, options?: object): AnyTask };
};
const threads = new ThreadPoolTaskExecutor({ threads: 1 });
afterAll(() => threads.stop());

const engineOf = (executor: TaskExecutor): Engine =>
  createEngine(
    linear('f').add([
      teller.as('one', { inject: { event: 'half way' } }),
      teller.as('two', { inject: { event: 'fired' } }),
    ]),
    { executor },
  ) as Engine;

it.each([
  ['serial', () => new SerialTaskExecutor()],
  ['threads', () => threads],
] as const)(
  'is heard on %s, in order among all that it says, by all or by who listens to this task',
  async (_name, make) => {
    const engine = engineOf(make());
    const heard: unknown[] = [];
    const ofTwo: string[] = [];
    engine.on('log', ({ name, message }) => heard.push([name, message]));
    engine.on('notice', ({ name, event, details }) => heard.push([name, event, details]));
    engine.on('notice', ({ event }) => ofTwo.push(event), { atom: 'two' });
    engine.on('atom', ({ name, state }) => heard.push([name, state]));
    await engine.run();
    const of = (name: string, event: string) => [
      [name, 'RUNNING'],
      [name, 'before'],
      [name, event, { at: [1] }],
      [name, 'after'],
      [name, 'SUCCESS'],
    ];
    expect(heard).toEqual([...of('one', 'half way'), ...of('two', 'fired')]);
    expect(ofTwo).toEqual(['fired']);
  },
);

it('needs a name', async () => {
  const engine = createEngine(teller.as('bad', { inject: { event: '' } }), { executor: 'serial' });
  const error = await engine.run().catch((thrown: unknown) => thrown);
  expect((error as TaskloomError).code).toBe('OPTION_INVALID');
  expect(error).toBeInstanceOf(TaskloomError);
});
