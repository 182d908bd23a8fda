/** A flow meets what was kept under its id (semantics 2.11): what changed since, by the names of its atoms. */
import {
  type AnyUnit,
  type Backend,
  createEngine,
  type Engine,
  type EngineSettings,
  linear,
  map,
  memory,
  TaskloomError,
  task,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';

/** Tasks that write down what happens to them. */
function stage() {
  const story: string[] = [];
  const act = (name: string, definition: object = {}) =>
    task(name, {
      provides: name,
      execute: () => {
        story.push(name);
        return name;
      },
      revert: () => void story.push(`-${name}`),
      ...definition,
    } as never) as AnyUnit;
  const failing = (name: string, definition: object = {}) =>
    act(name, {
      execute() {
        story.push(name);
        throw new Error(`${name} failed`);
      },
      ...definition,
    });
  const told = () => story.splice(0).join(' ');
  return { act, failing, told };
}

const engineOf = (backend: Backend, units: readonly AnyUnit[], settings: object = {}): Engine =>
  createEngine(linear('f').add(units), {
    backend,
    flowId: 'one',
    executor: 'serial',
    ...settings,
  } as EngineSettings as never) as Engine;

/** The engine, when it knows what is kept. */
async function looking(engine: Engine): Promise<Engine> {
  engine.compile();
  await engine.prepare();
  return engine;
}

const codeOf = (error: unknown): unknown => (error instanceof TaskloomError ? error.code : error);

/** Runs the first tasks of a flow, and stops when `last` is in the state. */
async function stopAfter(
  backend: Backend,
  units: readonly AnyUnit[],
  last: string,
  stopAt: 'SUCCESS' | 'FAILURE' = 'SUCCESS',
): Promise<Engine> {
  const engine = engineOf(backend, units);
  engine.on('atom', ({ name, state }) => {
    if (name === last && state === stopAt) engine.suspend();
  });
  await engine.run();
  return engine;
}

describe('an engine with the id and the backend of an earlier one', () => {
  it('goes on where that stopped, and executes nothing twice', async () => {
    const { act, told } = stage();
    const backend = memory();
    const first = await stopAfter(backend, [act('a'), act('b'), act('c')], 'a');
    expect([first.storage.flowState, told()]).toEqual(['SUSPENDED', 'a']);
    const second = await looking(engineOf(backend, [act('a'), act('b'), act('c')]));
    expect(second.storage.atomState('a')).toBe('SUCCESS');
    expect(await second.run()).toEqual({ a: 'a', b: 'b', c: 'c' });
    expect(told()).toBe('b c');
  });

  it('of a flow that is done returns its results, and runs nothing', async () => {
    const { act, told } = stage();
    const backend = memory();
    await engineOf(backend, [act('a')]).run();
    expect(await engineOf(backend, [act('a')]).run()).toEqual({ a: 'a' });
    expect(told()).toBe('a');
  });

  it('of a flow that was reverted starts it anew', async () => {
    const { act, failing, told } = stage();
    const backend = memory();
    await expect(engineOf(backend, [act('a'), failing('b')]).run()).rejects.toThrow('b failed');
    expect(told()).toBe('a b -b -a');
    const second = engineOf(backend, [act('a'), act('b')]);
    const events: string[] = [];
    second.on('flow', ({ state }) => events.push(state));
    await second.run();
    expect([told(), events]).toEqual(['a b', ['PENDING', 'RUNNING', 'SUCCESS']]);
  });

  it('has the values of the store, and those that it gives itself over them', async () => {
    const seen: unknown[] = [];
    const look = task('look', {
      requires: ['x', 'y'],
      execute: ({ x, y }: { x: unknown; y: unknown }) => void seen.push([x, y]),
    });
    const backend = memory();
    const { act } = stage();
    const first = engineOf(backend, [act('a'), look], { store: { x: 1, y: 2 } });
    first.on('atom', ({ name, state }) => {
      if (name === 'a' && state === 'SUCCESS') first.suspend();
    });
    await first.run();
    await engineOf(backend, [act('a'), look], { store: { y: 3 } }).run();
    expect(seen).toEqual([[1, 3]]);
  });

  it('reverts what an earlier one left to be reverted, also by what another code says', async () => {
    const { act, failing, told } = stage();
    const backend = memory();
    const first = await stopAfter(backend, [act('a'), failing('b')], 'b', 'FAILURE');
    expect([first.storage.flowState, told()]).toEqual(['SUSPENDED', 'a b']);
    const second = engineOf(backend, [act('a'), failing('b')]);
    await expect(second.run()).rejects.toThrow('b failed');
    expect(told()).toBe('-b -a');
  });

  it('goes on with the attempts of a retry, and with the items of a map', async () => {
    const { told, failing } = stage();
    const backend = memory();
    const build = () => [linear('tries', { retry: times(2) }).add([failing('b')]) as AnyUnit];
    const first = engineOf(backend, build());
    first.on('atom', ({ name, state }) => {
      if (name === 'tries_retry' && state === 'RETRYING') first.suspend();
    });
    await first.run();
    expect([first.storage.flowState, told()]).toEqual(['SUSPENDED', 'b -b']);
    const second = engineOf(backend, build());
    await expect(second.run()).rejects.toThrow('b failed');
    expect(told()).toBe('b -b');

    const list = Array.from({ length: 100 }, (_, at) => at);
    const items: number[] = [];
    const item = task('item', { requires: ['n'], execute: ({ n }: { n: number }) => items.push(n) });
    const mapped = () =>
      createEngine(map('m', { over: 'list', as: 'n', task: item, provides: 'all' }), {
        backend,
        flowId: 'map',
        executor: 'serial',
        store: { list },
      });
    const third = mapped();
    third.on('atom', ({ name, state }) => {
      if (name === 'm[1]' && state === 'SUCCESS') third.suspend();
    });
    await third.run();
    expect(third.storage.atomState('m')).toBe('PARTIAL');
    expect(items.length).toBeLessThan(100);
    await mapped().run();
    expect(items).toEqual(list);
  });

  it('is refused while that runs, and let in when it has ended', async () => {
    const { act } = stage();
    const backend = memory();
    const executor = new ManualTaskExecutor();
    const first = engineOf(backend, [act('a')], { executor });
    const ended = first.run();
    await executor.idle();
    const second = engineOf(backend, [act('a')]);
    expect(codeOf(await second.run().catch((error: unknown) => error))).toBe('FLOW_OWNED');
    await executor.settle('a');
    await ended;
    expect(await second.run()).toEqual({ a: 'a' });
  });

  it('knows nothing of flows under other ids, or in other backends', async () => {
    const { act, told } = stage();
    const backend = memory();
    await engineOf(backend, [act('a')]).run();
    await engineOf(backend, [act('a')], { flowId: 'two' }).run();
    await engineOf(memory(), [act('a')]).run();
    expect(told()).toBe('a a a');
    expect((await backend.flows()).map(({ flowId }) => flowId).sort()).toEqual(['one', 'two']);
    expect([await backend.removeFlow('one'), await backend.removeFlow('one')]).toEqual([true, false]);
    await engineOf(backend, [act('a')]).run();
    expect(told()).toBe('a');
  });

  it('has the list of what the items of a map gave, which is kept once', async () => {
    const backend = memory();
    const texts = ['a', undefined, { long: 'x'.repeat(50_000) }, undefined];
    const units = () => [
      task('numbers', { provides: 'numbers', execute: () => [0, 1, 2, 3] }),
      map('m', {
        over: 'numbers',
        as: 'n',
        provides: 'list',
        task: task('item', { requires: ['n'], execute: ({ n }: { n: number }) => texts[n] }),
      } as never) as AnyUnit,
      task('last', { requires: ['list'], provides: 'seen', execute: ({ list }: { list: unknown }) => list }),
    ];
    await stopAfter(backend, units() as AnyUnit[], 'm');
    const kept = new Map((await backend.atoms('one')).map((atom) => [atom.name, atom]));
    expect(kept.get('m')).toMatchObject({ state: 'SUCCESS' });
    expect(kept.get('m')?.result?.length).toBeLessThan(10);
    expect(kept.get('m[2]')?.result?.length).toBeGreaterThan(50_000);
    const second = engineOf(backend, units() as AnyUnit[]);
    expect(await second.run()).toMatchObject({ list: texts, seen: texts });
    // And by an engine that does nothing more.
    expect(await engineOf(backend, units() as AnyUnit[]).run()).toMatchObject({ list: texts, seen: texts });
    expect(second.storage.fetch('list')).toEqual(texts);
  });
});

describe('a flow that has changed since it was kept', () => {
  it('runs an atom that was added, also before those that are done, which stay so', async () => {
    const { act, told } = stage();
    const backend = memory();
    await engineOf(backend, [act('b')]).run();
    told();
    const second = engineOf(backend, [act('a'), act('b'), act('c')]);
    const events: string[] = [];
    second.on('flow', ({ state }) => events.push(state));
    await second.run();
    expect([told(), events]).toEqual(['a c', ['RUNNING', 'SUCCESS']]);
  });

  it('leaves alone what is no more in it, its failure too (D3)', async () => {
    const { act, failing, told } = stage();
    const backend = memory();
    const first = engineOf(backend, [act('a'), failing('gone'), act('c')], { neverResolve: true });
    await expect(first.run()).rejects.toThrow('gone failed');
    told();
    const second = engineOf(backend, [act('a'), act('c')]);
    await second.run();
    expect([second.storage.flowState, told()]).toEqual(['SUCCESS', 'c']);
    expect(second.storage.failures.size).toBe(0);
    // It is still kept, and found again when it comes back.
    const third = await looking(engineOf(backend, [act('a'), act('gone'), act('c')]));
    expect(third.storage.atomState('gone')).toBe('FAILURE');
  });

  it('takes what is renamed for something new', async () => {
    const { act, told } = stage();
    const backend = memory();
    await stopAfter(backend, [act('a'), act('b')], 'a');
    told();
    await engineOf(backend, [act('a2'), act('b')]).run();
    expect(told()).toBe('a2 b');
  });

  it('simply has its new order', async () => {
    const { act, told } = stage();
    const backend = memory();
    await stopAfter(backend, [act('a'), act('b'), act('c')], 'a');
    told();
    const second = createEngine(unordered('f').add([act('c'), act('b'), act('a')]) as AnyUnit, {
      backend,
      flowId: 'one',
      executor: 'serial',
    });
    await second.run();
    expect(told()).toBe('c b');
  });

  it('is refused where a name stands for something of another kind, and nothing is changed', async () => {
    const { act } = stage();
    const backend = memory();
    await engineOf(backend, [act('x')]).run();
    const second = engineOf(backend, [
      linear('inner', { retry: times(1, { name: 'x' }) }).add([act('y')]) as AnyUnit,
    ]);
    second.compile();
    await expect(second.prepare()).rejects.toMatchObject({ code: 'ATOM_KIND_CHANGED' });
    expect(codeOf(await second.run().catch((error: unknown) => error))).toBe('ATOM_KIND_CHANGED');
    expect(await engineOf(backend, [act('x')]).run()).toEqual({ x: 'x' });
  });
});

describe('a task with another version than the one that was kept', () => {
  const kept = async () => {
    const { act, told } = stage();
    const backend = memory();
    await engineOf(backend, [act('a'), act('b'), act('c')]).run();
    told();
    const changed = [act('a'), act('b', { version: '2.0' }), act('c')];
    return { backend, changed, told };
  };

  it('stays as it ran when versions are kept', async () => {
    const { backend, changed, told } = await kept();
    const engine = engineOf(backend, changed);
    await engine.run();
    expect(told()).toBe('');
    expect(engine.storage.atomDetail('b').version).toBe('1.0');
  });

  it('runs again with all behind it when it is to be rerun, and only once', async () => {
    const { backend, changed, told } = await kept();
    const engine = engineOf(backend, changed, { onVersionChange: 'rerun' });
    const events: string[] = [];
    engine.on('atom', ({ name, state }) => events.push(`${name} ${state}`));
    await engine.run();
    expect(told()).toBe('b c');
    expect(events.slice(0, 2)).toEqual(['b PENDING', 'c PENDING']);
    expect(engine.storage.atomDetail('b').version).toBe('2.0');
    await engineOf(backend, changed, { onVersionChange: 'rerun' }).run();
    expect(told()).toBe('');
  });

  it('is refused when that is asked for, with both versions named, and nothing is changed', async () => {
    const { backend, changed, told } = await kept();
    const engine = engineOf(backend, changed, { onVersionChange: 'refuse' });
    const error = await engine.run().catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('VERSION_CHANGED');
    expect((error as Error).message).toContain("'b' from 1.0 to 2.0");
    expect((error as TaskloomError).details).toEqual({
      changed: [{ atom: 'b', kept: '1.0', now: '2.0' }],
    });
    expect(told()).toBe('');
    const unchanged = await looking(engineOf(backend, changed));
    expect(unchanged.storage.atomDetail('b').version).toBe('1.0');
  });

  it('is reverted, not rerun, in a flow that is being taken back', async () => {
    const { act, failing, told } = stage();
    const backend = memory();
    await stopAfter(backend, [act('a'), failing('b')], 'b', 'FAILURE');
    told();
    const second = engineOf(backend, [act('a', { version: '2.0' }), failing('b')], {
      onVersionChange: 'rerun',
    });
    await expect(second.run()).rejects.toThrow('b failed');
    expect(told()).toBe('-b -a');
  });

  it('has its new version after a reset', async () => {
    const { backend, changed, told } = await kept();
    const engine = engineOf(backend, changed);
    await looking(engine);
    await engine.reset();
    await engine.run();
    expect(told()).toBe('a b c');
    expect(engine.storage.atomDetail('b').version).toBe('2.0');
  });
});

describe('injectTransient', () => {
  it('false keeps what definitions inject with the record of the atom; else nothing of it is kept', async () => {
    const { act } = stage();
    const injecting = () => act('a', { requires: ['x'], inject: { x: 7 } });
    const backend = memory();
    const detail = (settings: object) =>
      engineOf(backend, [injecting()], settings)
        .run()
        .then(() => looking(engineOf(backend, [injecting()])))
        .then((engine) => engine.storage.atomDetail('a').injected);
    expect(await detail({})).toBeNull();
    expect(await detail({ injectTransient: false })).toEqual(new Map([['x', 7]]));
  });
});

it('options that fit nothing are refused', () => {
  const { act } = stage();
  for (const settings of [{ backend: {} }, { onVersionChange: 'maybe' }, { injectTransient: 1 }])
    expect(() => engineOf(memory(), [act('a')], settings)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
});
