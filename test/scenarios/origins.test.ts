/** What a flow is kept with from its first moment: its id, where it comes from; and who is meant when it is asked to suspend. */
import { fileURLToPath } from 'node:url';
import { createEngine, type Engine, linear, memory, SerialTaskExecutor, TaskloomError, task } from 'taskloom';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../fixtures/cli/', import.meta.url));
const FACTORY = { module: `${ROOT}done.mjs`, root: ROOT };
const KEPT = { module: 'done.mjs', export: 'default', args: '[]' };

const engineOf = (options: object): Engine =>
  createEngine(linear('f').add(task('a', { provides: 'a', execute: () => 1 })), {
    ...{ flowId: 'one', executor: 'serial' },
    ...options,
  } as never) as Engine;
const refusalOf = (options: object): unknown => {
  try {
    return engineOf(options);
  } catch (error) {
    return error instanceof TaskloomError ? [error.code, error.message] : error;
  }
};

describe('the option factory', () => {
  it('is kept with the claim that begins the flow', async () => {
    const backend = memory();
    const claimed: unknown[] = [];
    const claim = backend.claim.bind(backend);
    backend.claim = (request) => {
      claimed.push(request.fresh?.factory);
      return claim(request);
    };
    await engineOf({ backend, factory: FACTORY }).run();
    expect(claimed).toEqual([KEPT]);
    expect((await backend.flow('one'))?.factory).toEqual(KEPT);
  });
  it('takes the place of what is known of a flow that was kept before, and none leaves it', async () => {
    const backend = memory();
    await engineOf({ backend }).run();
    expect((await backend.flow('one'))?.factory).toBe(null);
    await engineOf({ backend, factory: FACTORY }).run();
    await engineOf({ backend }).run();
    expect((await backend.flow('one'))?.factory).toEqual(KEPT);
  });
  it('is refused without a backend, and before anything is kept when its module lies elsewhere', async () => {
    expect(refusalOf({ factory: FACTORY })).toEqual([
      'OPTION_INVALID',
      expect.stringMatching(/needs a backend/),
    ]);
    const backend = memory();
    const outside = { module: `${ROOT}../model/tasks.mjs`, root: ROOT };
    await expect(engineOf({ backend, factory: outside }).run()).rejects.toMatchObject({
      code: 'FACTORY_INVALID',
    });
    expect(await backend.flow('one')).toBe(null);
  });
});

it('the option flowId takes 1,000 characters, and no more', async () => {
  await engineOf({ flowId: 'x'.repeat(1_000), backend: memory() }).run();
  for (const flowId of ['', 'x'.repeat(1_001)])
    expect(refusalOf({ flowId })).toEqual([
      'OPTION_INVALID',
      "The option 'flowId' of createEngine() must be a string of 1 to 1000 characters.",
    ]);
});

describe('a flow that is asked to suspend', () => {
  it('goes on when it was asked of an owner who is dead', async () => {
    const backend = memory();
    const owner = { id: 'dead', host: 'elsewhere', pid: 1, process: '' };
    const fresh = { name: 'f', logbook: 'default', atoms: 1, outline: '[[0,"linear","f"]]', factory: null };
    await backend.claim({ flowId: 'one', owner, lease: 100, fresh });
    expect(await backend.askToSuspend('one')).toBe(true);
    await expect.poll(() => backend.askToSuspend('one')).toBe(false);
    const engine = engineOf({ backend });
    await engine.run();
    expect(engine.storage.flowState).toBe('SUCCESS');
  });
  it('is suspended though its executor is only starting', async () => {
    const backend = memory();
    const commit = backend.commit.bind(backend);
    let hear = (): void => {};
    const heard = new Promise<void>((resolve) => {
      hear = resolve;
    });
    backend.commit = async (changes) => {
      const asked = await commit(changes);
      // When the engine has looked at it.
      if (asked !== null) setImmediate(hear);
      return asked;
    };
    const executor = new SerialTaskExecutor();
    const starting = Object.assign(Object.create(executor), {
      start: () => backend.askToSuspend('one').then(() => heard),
      execute: executor.execute.bind(executor),
      stop: () => executor.stop(),
    });
    const engine = engineOf({ backend, executor: starting, lease: 300 });
    await engine.run();
    expect(engine.storage.flowState).toBe('SUSPENDED');
  });
});
