/** What the option keep lets go, and when: as soon as nobody in the flow can need it, and not before. */
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  type Engine,
  type EngineSettings,
  graph,
  type Keep,
  linear,
  map,
  memory,
  retry,
  run,
  SerialTaskExecutor,
  type TaskExecutor,
  TaskloomError,
  task,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';
import { started, thrownBy } from './executors.ts';

interface Definition {
  readonly requires?: readonly string[];
  readonly optional?: readonly string[];
  readonly provides?: string | readonly string[] | null;
  readonly revertRequires?: readonly string[];
  readonly gives?: (args: Readonly<Record<string, unknown>>, attempt: number) => unknown;
  readonly revert?: (args: object, undo: { readonly result: unknown }) => void;
  readonly retry?: unknown;
}

/** A task that gives its name under its name, and takes what it is told to. */
function act(
  name: string,
  { gives = () => name, provides = name, revert, ...rest }: Definition = {},
): AnyTask {
  return task(name, {
    ...rest,
    ...(provides === null ? {} : { provides }),
    execute: (args: Readonly<Record<string, unknown>>, { attempt }: { attempt: number }) =>
      gives(args, attempt),
    ...(revert === undefined
      ? {}
      : { revert: (args: object, _: unknown, undo: { readonly result: unknown }) => revert(args, undo) }),
  } as never) as AnyTask;
}

const fails = (name: string, definition: Definition = {}): AnyTask =>
  act(name, {
    ...definition,
    gives: () => {
      throw new Error(`${name} failed`);
    },
  });

/** Fails the first time that it runs. */
const failsOnce = (name: string, definition: Definition = {}): AnyTask =>
  act(name, {
    ...definition,
    gives: (args, attempt) => {
      if (attempt === 1) throw new Error(`${name} failed`);
      return definition.gives?.(args, attempt) ?? name;
    },
  });

const engineOf = (flow: AnyUnit, keep: Keep, settings: EngineSettings & { store?: object } = {}): Engine =>
  createEngine(flow, { executor: 'serial', ...settings, keep } as never) as Engine;

/** The atoms that have a result which was not dropped. */
function kept({ compilation, storage }: Engine<AnyUnit>): string {
  const has = (atom: string): boolean =>
    storage.atomState(atom) === 'SUCCESS' && !storage.atomDetail(atom).dropped;
  return [...compilation.atoms.keys()].filter(has).join(' ');
}

/** The same at each task that begins, while the flow runs one after another. */
async function keptAtEach(flow: AnyUnit, keep: Keep, settings: EngineSettings = {}) {
  const engine = engineOf(flow, keep, settings);
  const seen: string[] = [];
  engine.on('atom', ({ name, state }) => {
    if (state === 'RUNNING') seen.push(`${name}: ${kept(engine)}`);
  });
  const error = await thrownBy(engine.run());
  return { engine, seen, error, at: (name: string) => seen.filter((each) => each.startsWith(`${name}:`)) };
}

const codeOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error instanceof TaskloomError ? error.code : error;
  }
};

describe.each<[string, () => TaskExecutor]>([
  ['serial', () => new SerialTaskExecutor()],
  ['manual', () => new ManualTaskExecutor({ auto: true })],
])('on the %s executor', (_, executor) => {
  const chain = () =>
    linear('f').add(act('a'), act('b', { requires: ['a'] }), act('c', { requires: ['b'] }), act('d'));

  it('all: every result is kept', async () => {
    const engine = engineOf(chain(), 'all', { executor: executor() });
    expect(await engine.run()).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd' });
    expect(kept(engine)).toBe('a b c d');
  });

  it('none: each is dropped when its last reader is done, and run resolves to an empty object', async () => {
    const { engine, seen, error } = await keptAtEach(chain(), 'none', { executor: executor() });
    expect(error).toBeUndefined();
    expect(seen).toEqual(['a: ', 'b: a', 'c: b', 'd: ']);
    expect([kept(engine), await engine.run()]).toEqual(['', {}]);
    expect(await run(chain(), { executor: executor(), keep: 'none' } as never)).toEqual({});
  });

  it('provided: what run resolves to is kept, and no other result', async () => {
    const flow = () =>
      linear('f').add(
        act('first', { provides: 'x' }),
        act('second', { provides: 'x', requires: ['x'] }),
        act('silent', { provides: null }),
        act('third', { provides: 'x', requires: ['x'] }),
        act('y'),
      );
    const { engine, at } = await keptAtEach(flow(), 'provided', { executor: executor() });
    expect([at('second'), at('third'), at('y')]).toEqual([
      ['second: first'],
      ['third: second'],
      ['y: third'],
    ]);
    expect(kept(engine)).toBe('third y');
    expect(await engine.run()).toEqual({ x: 'third', y: 'y' });
    expect(engine.storage.fetchAll()).toEqual({ x: 'third', y: 'y' });
  });

  it('a chain of large values has two of them in memory', async () => {
    const size = 16 * 1024 * 1024;
    const steps = Array.from({ length: 20 }, (_, at) =>
      act(`step ${at}`, {
        provides: 'pixels',
        optional: ['pixels'],
        gives: () => new Uint8Array(size).fill(at, 0, 1),
      }),
    );
    const engine = engineOf(linear('f').add(steps), 'provided', { executor: executor() });
    const counts: number[] = [];
    engine.on('atom', ({ state }) => {
      const held = steps.filter(({ name }) => engine.storage.atomDetail(name).result !== undefined);
      if (state === 'SUCCESS') counts.push(held.length);
    });
    const { pixels } = (await engine.run()) as { readonly pixels: Uint8Array };
    expect(Math.max(...counts)).toBe(2);
    expect([pixels.length, pixels[0]]).toEqual([size, 19]);
  }, 120_000);
});

describe('a result is needed by', () => {
  it('each of several readers, those that may go without it too', async () => {
    const flow = linear('f').add(
      act('a'),
      unordered('u').add(act('b', { requires: ['a'] }), act('c', { optional: ['a'] })),
      act('d', { requires: ['b'] }),
    );
    const { settle, engine } = await started(flow, { keep: 'none' } as never);
    await settle('a', 'b');
    expect(kept(engine)).toBe('a b');
    await settle('c');
    expect(kept(engine)).toBe('b');
    await settle('d');
    expect([kept(engine), engine.storage.flowState]).toEqual(['', 'SUCCESS']);
  });

  it('nobody, when it is there: listeners of its event read it', async () => {
    const read: unknown[] = [];
    const engine = engineOf(linear('f').add(act('a'), act('b')), 'none');
    engine.on('atom', ({ name, state, result }) => {
      if (state === 'SUCCESS') read.push(result, engine.storage.get(name));
    });
    await engine.run();
    expect(read).toEqual(['a', 'a', 'b', 'b']);
  });

  it('its own revert and those that take it, until the flow is done', async () => {
    const told: unknown[] = [];
    const revert = (args: object, { result }: { readonly result: unknown }) => void told.push([args, result]);
    const units = (last: AnyTask) => [
      act('a'),
      act('b', { requires: ['a'], revert }),
      act('c', { requires: ['b'], revertRequires: ['a'], revert }),
      act('d'),
      last,
    ];
    const { at, error, engine } = await keptAtEach(linear('f').add(units(fails('e'))), 'none');
    expect(at('e')).toEqual(['e: a b c']);
    expect(error).toEqual(new Error('e failed'));
    expect(told).toEqual([
      [{ a: 'a' }, 'c'],
      [{ a: 'a' }, 'b'],
    ]);
    expect(engine.storage.flowState).toBe('REVERTED');
    const done = await keptAtEach(linear('f').add(units(act('e'))), 'none');
    expect(kept(done.engine)).toBe('');
  });

  it('no revert of what was ignored', async () => {
    const [a, b, c, d] = [act('a'), act('b', { requires: ['a'], revert: () => {} }), act('c'), act('d')];
    const flow = graph('g')
      .add(a, b, c, d)
      .link(a, b, { decider: () => false, depth: 'ATOM' });
    const { settle, engine } = await started(flow, { keep: 'none' } as never);
    expect(kept(engine)).toBe('');
    await settle('c', 'a');
    expect(engine.storage.atomState('b')).toBe('IGNORE');
    expect(kept(engine)).toBe('');
  });

  it('who may fall back to it, until what shadows it has given the part', async () => {
    const seen: unknown[] = [];
    const take = (name: string) => act(name, { requires: ['x'], gives: ({ x }) => seen.push(x) });
    const flow = linear('f').add(
      act('far', { provides: 'x' }),
      act('lacking', { provides: ['y', 'x'], gives: () => ['y'] }),
      act('between'),
      take('last'),
      act('end'),
    );
    const { at } = await keptAtEach(flow, 'none');
    expect(seen).toEqual(['far']);
    expect([at('last'), at('end')]).toEqual([['last: far lacking'], ['end: ']]);
    const whole = linear('f').add(
      act('far', { provides: 'x' }),
      act('near', { provides: ['y', 'x'], gives: () => ['y', 'x'] }),
      take('last'),
    );
    expect((await keptAtEach(whole, 'none')).at('last')).toEqual(['last: near']);
  });

  it('who may fall back to it when what shadows it is ignored', async () => {
    const seen: unknown[] = [];
    const [no, near] = [act('no'), act('near', { provides: 'x' })];
    const flow = linear('f').add(
      act('far', { provides: 'x' }),
      graph('g')
        .add(no, near)
        .link(no, near, { decider: () => false, depth: 'ATOM' }),
      act('last', { requires: ['x'], gives: ({ x }) => seen.push(x) }),
      act('end'),
    );
    const { at, error } = await keptAtEach(flow, 'none');
    expect(error).toBeUndefined();
    expect([seen, at('last'), at('end')]).toEqual([['far'], ['last: far'], ['end: ']]);
  });

  it('a decider, until what it decides about is done', async () => {
    const told: unknown[] = [];
    const [a, b, c] = [act('a'), act('b'), act('c')];
    const decider = (history: object) => told.push(history);
    const flow = graph('g').add(a, b, c).link(a, c, { decider }).link(b, c);
    const { settle, engine } = await started(flow, { keep: 'none' } as never);
    await settle('a', 'b');
    expect([kept(engine), told]).toEqual(['a', [{ a: 'a' }]]);
    await settle('c');
    expect(kept(engine)).toBe('');
  });

  it('a retry of a flow, until all in that flow is done', async () => {
    const told: unknown[] = [];
    const asking = retry('asking', {
      requires: ['a'],
      execute: () => undefined,
      onFailure: (history: { readonly length: number }, args: object) => {
        told.push(args);
        return history.length < 2 ? 'RETRY' : 'REVERT';
      },
    } as never);
    const flow = linear('o').add(
      act('a'),
      linear('f', { retry: asking }).add(act('b'), failsOnce('c')),
      act('end'),
    );
    const { at } = await keptAtEach(flow, 'none');
    expect(told).toEqual([{ a: 'a' }]);
    expect([at('c'), at('end')]).toEqual([['c: a', 'c: a'], ['end: ']]);
  });
});

describe('a retry may make a result needed again', () => {
  it('of its flow, for what it gives anew', async () => {
    const seen: unknown[] = [];
    const flow = linear('o').add(
      act('a'),
      linear('f', { retry: times(2) }).add(
        act('b', { requires: ['a'], gives: ({ a }, attempt) => `${a}${attempt}` }),
        act('c', { requires: ['b'], gives: ({ b }) => seen.push(b) }),
        failsOnce('d'),
      ),
      act('end'),
    );
    const { at, error } = await keptAtEach(flow, 'none');
    expect([error, seen]).toEqual([undefined, ['a1', 'a2']]);
    // b is given anew, a is not.
    expect([at('d'), at('end')]).toEqual([['d: a', 'd: a'], ['end: ']]);
  });

  it('of a task alone', async () => {
    const flow = linear('o').add(
      act('a'),
      failsOnce('b', { requires: ['a'], retry: times(2) }),
      act('c'),
      act('end'),
    );
    const { at, error } = await keptAtEach(flow, 'none');
    expect([error, at('b'), at('c')]).toEqual([undefined, ['b: a', 'b: a'], ['c: ']]);
  });

  it('of a flow around it, also after the inner one is done', async () => {
    const seen: unknown[] = [];
    const flow = linear('o').add(
      act('a'),
      linear('outer', { retry: times(2) }).add(
        act('x'),
        linear('inner', { retry: times(2) }).add(
          act('b', { requires: ['a', 'x'], gives: (args) => seen.push(args) }),
          act('c'),
        ),
        failsOnce('d'),
      ),
      act('end'),
    );
    const { at, error } = await keptAtEach(flow, 'none');
    expect([error, seen]).toEqual([
      undefined,
      [
        { a: 'a', x: 'x' },
        { a: 'a', x: 'x' },
      ],
    ]);
    // x is in the outer flow: only the inner one could have asked for it again.
    expect(at('c')).toEqual(['c: a x', 'c: a x']);
    expect([at('d'), at('end')]).toEqual([['d: a', 'd: a'], ['end: ']]);
  });

  it('of one that is shadowed, where another attempt may give less', async () => {
    const seen: unknown[] = [];
    const flow = linear('o').add(
      act('far', { provides: 'x' }),
      linear('f', { retry: times(2) }).add(
        act('near', { provides: ['y', 'x'], gives: (_, attempt) => (attempt === 1 ? ['y', 'x'] : ['y']) }),
        failsOnce('c'),
      ),
      act('last', { requires: ['x'], gives: ({ x }) => seen.push(x) }),
    );
    const { at, error } = await keptAtEach(flow, 'none');
    expect([error, seen]).toEqual([undefined, ['far']]);
    expect(at('c')).toEqual(['c: far near', 'c: far near']);
  });

  it('of one that is shadowed, for those that are put back with what shadows it', async () => {
    const seen: unknown[] = [];
    const [yes, near] = [act('yes'), act('near', { provides: 'x' })];
    let asked = 0;
    const flow = linear('o').add(
      act('far', { provides: 'x' }),
      linear('f', { retry: times(2) }).add(
        graph('g')
          .add(yes, near)
          .link(yes, near, { decider: () => asked++ === 0, depth: 'ATOM' }),
        act('c', { requires: ['x'], gives: ({ x }) => seen.push(x) }),
        failsOnce('d'),
      ),
      act('end'),
    );
    const { at, error } = await keptAtEach(flow, 'none');
    expect([error, seen]).toEqual([undefined, ['near', 'far']]);
    expect([at('d'), at('end')]).toEqual([['d: far', 'd: far'], ['end: ']]);
  });

  // The retry puts back all behind it, also what a no from elsewhere has left out before it could run.
  it.each(['all', 'provided', 'none'] as const)(
    'of one behind the flow that was ignored while that still ran: %s',
    async (keep) => {
      const seen: unknown[] = [];
      const see = ({ given }: Readonly<Record<string, unknown>>): unknown => seen.push(given);
      const given = act('given');
      const [asked, no] = [act('asked'), act('no')];
      const late = act('late', { requires: ['given'], gives: see });
      const f = linear('f', { retry: times(2) }).add(act('first'), act('second'), failsOnce('bad'));
      const g = graph('g').add(given, asked, no, f, late);
      g.link(asked, no, { decider: () => false })
        .link(no, late)
        .link(f, late);
      const engine = engineOf(g as AnyUnit, keep);
      const told: string[] = [];
      engine.on('atom', ({ state }) => told.push(state), { atom: 'late' });
      await engine.run();
      expect(told).toEqual(['IGNORE', 'PENDING', 'RUNNING', 'SUCCESS']);
      expect(seen).toEqual(['given']);
    },
  );

  it('no more when the flow before it is done', async () => {
    const [asked, no, end] = [act('asked'), act('no'), act('end')];
    const late = act('late', { requires: ['given'] });
    const f = linear('f', { retry: times(2) }).add(act('first'), act('second'));
    const g = graph('g').add(act('given'), asked, no, f, late, end);
    g.link(asked, no, { decider: () => false })
      .link(no, late)
      .link(f, late)
      .link(f, end);
    const { at, engine } = await keptAtEach(g as AnyUnit, 'none');
    expect(engine.storage.atomState('late')).toBe('IGNORE');
    expect([at('second'), at('end')]).toEqual([['second: given'], ['end: ']]);
  });

  it('what the retry itself gives is given anew', async () => {
    const flow = linear('f', { retry: times(2, { provides: 'attempt' } as never) }).add(
      act('a', { requires: ['attempt'], gives: ({ attempt }) => attempt }),
      failsOnce('b', { requires: ['a'], gives: ({ a }) => a }),
    );
    const { engine, at } = await keptAtEach(flow, 'provided');
    expect(at('b')).toEqual(['b: f_retry a', 'b: f_retry a']);
    expect(await engine.run()).toEqual({ attempt: 2, a: 2, b: 2 });
  });
});

describe('a map', () => {
  const mapped = (definition: Definition = {}, options: object = {}) =>
    map('m', {
      over: 'list',
      as: 'item',
      task: act('work', {
        requires: ['item', 'unit'],
        provides: null,
        gives: ({ item }) => item,
        ...definition,
      }),
      provides: 'results',
      ...options,
    } as never) as AnyUnit;
  const list = () => act('list', { gives: () => [1, 2, 3] });

  it('needs its list and what its items take while it is in hand', async () => {
    const flow = linear('f').add(list(), act('unit'), mapped(), act('end'));
    const { settle, engine } = await started(flow, { keep: 'none' } as never);
    await settle('list', 'unit', 'm[0]', 'm[1]');
    expect([kept(engine), engine.storage.get('m[0]')]).toEqual(['list unit', 1]);
    await settle('m[2]');
    expect(kept(engine)).toBe('');
    for (const atom of ['m', 'm[0]']) expect(codeOf(() => engine.storage.get(atom))).toBe('SYMBOL_NOT_FOUND');
    expect([engine.storage.itemStates('m'), engine.storage.atomDetail('m[1]').dropped]).toEqual([
      ['SUCCESS', 'SUCCESS', 'SUCCESS'],
      true,
    ]);
  });

  it('gives its list to readers, and is dropped with its items after them', async () => {
    const seen: unknown[] = [];
    const take = act('take', { requires: ['results'], gives: ({ results }) => seen.push(results) });
    const { at, engine } = await keptAtEach(
      linear('f').add(list(), act('unit'), mapped(), take, act('end')),
      'none',
    );
    expect([seen, at('take'), at('end')]).toEqual([[[1, 2, 3]], ['take: m'], ['end: ']]);
    expect(codeOf(() => engine.storage.get('m[0]'))).toBe('SYMBOL_NOT_FOUND');
  });

  it('keeps what the reverts of its items are told', async () => {
    const told: unknown[] = [];
    const revert = (args: object, { result }: { readonly result: unknown }) => void told.push([args, result]);
    const flow = linear('f').add(list(), act('unit'), mapped({ revert }), fails('end'));
    const { at, error } = await keptAtEach(flow, 'none');
    expect([at('end'), error]).toEqual([['end: unit m'], new Error('end failed')]);
    expect(told).toEqual([3, 2, 1].map((item) => [{ item, unit: 'unit' }, item]));
  });

  it('is kept with its results where they are provided', async () => {
    const revert = () => {};
    const flow = linear('f').add(list(), act('unit'), mapped({ revert }));
    const engine = engineOf(flow, 'provided');
    expect(await engine.run()).toEqual({ list: [1, 2, 3], unit: 'unit', results: [1, 2, 3] });
    expect(engine.storage.get('m[1]')).toBe(2);
  });

  it('that folds lets go what it came to', async () => {
    const reduce = { initial: 0, add: (sum: number, value: number) => sum + value };
    const seen: unknown[] = [];
    const take = act('take', { requires: ['results'], gives: ({ results }) => seen.push(results) });
    const flow = linear('f').add(list(), act('unit'), mapped({}, { reduce }), take);
    const { engine } = await keptAtEach(flow, 'none');
    expect([seen, kept(engine)]).toEqual([[6], '']);
  });

  it('goes on after a suspend', async () => {
    const flow = linear('f').add(list(), act('unit'), mapped());
    const engine = engineOf(flow, 'none');
    const stop = engine.on('atom', ({ name, state }) => {
      if (name === 'm[1]' && state === 'SUCCESS') engine.suspend();
    });
    expect(await engine.run()).toEqual({});
    stop();
    expect([kept(engine), engine.storage.flowState]).toEqual(['list unit', 'SUSPENDED']);
    await engine.run();
    expect([engine.storage.flowState, engine.storage.itemStates('m').length]).toEqual(['SUCCESS', 3]);
  });
});

describe('who reads what was dropped is told so', () => {
  it('by get and fetch; fetchAll leaves it out', async () => {
    const flow = linear('f').add(act('a'), act('b', { requires: ['a'] }));
    const engine = engineOf(flow, 'none', { store: { s: 1 } });
    await engine.run();
    const { storage } = engine;
    expect(() => storage.get('a')).toThrow(
      "Atom 'a' has no result: it was dropped when nobody in the flow needed it any more, as the option keep says. To read it later, run the flow with keep: 'all'.",
    );
    expect(() => storage.fetch('a')).toThrow("There is no value for 'a', which 'a' gave: it was dropped");
    expect([codeOf(() => storage.get('a')), codeOf(() => storage.fetch('a'))]).toEqual([
      'SYMBOL_NOT_FOUND',
      'SYMBOL_NOT_FOUND',
    ]);
    expect([storage.fetchAll(), storage.fetch('s'), storage.has('s')]).toEqual([{ s: 1 }, 1, true]);
  });

  it('the store wins over what was dropped', async () => {
    const engine = engineOf(act('a'), 'none', { store: { a: 'stored' } });
    await engine.run();
    expect(engine.storage.fetch('a')).toBe('stored');
  });

  it('other than the three is refused', () => {
    expect(codeOf(() => engineOf(act('a'), 'some' as never))).toBe('OPTION_INVALID');
  });
});

describe('a flow that is SUCCESS', () => {
  it('gives its results when it is run again, and is not reverted by a signal', async () => {
    const aborting = new AbortController();
    const reverted: unknown[] = [];
    const revert = () => void reverted.push('a');
    const engine = engineOf(act('a', { revert }), 'provided', { signal: aborting.signal });
    expect(await engine.run()).toEqual({ a: 'a' });
    engine.on('flow', ({ state }) => {
      if (state === 'RUNNING') aborting.abort();
    });
    expect([await engine.run(), reverted, engine.storage.flowState]).toEqual([{ a: 'a' }, [], 'SUCCESS']);
  });

  it('begins anew after a reset', async () => {
    const engine = engineOf(linear('f').add(act('a'), act('b', { requires: ['a'] })), 'none');
    const seen: string[] = [];
    await engine.run();
    engine.reset();
    engine.on('atom', ({ name, state }) => seen.push(`${name} ${state}: ${kept(engine)}`));
    await engine.run();
    expect(seen).toEqual(['a RUNNING: ', 'a SUCCESS: a', 'b RUNNING: a', 'b SUCCESS: a b']);
    expect(kept(engine)).toBe('');
  });
});

describe('a flow that ends otherwise keeps what may be needed', () => {
  it('SUSPENDED: goes on, and resolves to what there is as with all', async () => {
    const flow = () =>
      linear('f').add(
        act('a'),
        act('first', { provides: 'x', requires: ['a'] }),
        act('b', { requires: ['x', 'a'] }),
        act('second', { provides: 'x', requires: ['x'] }),
      );
    for (const keep of ['all', 'provided'] as const) {
      const engine = engineOf(flow(), keep);
      const stop = engine.on('atom', ({ name, state }) => {
        if (name === 'first' && state === 'SUCCESS') engine.suspend();
      });
      expect(await engine.run()).toEqual({ a: 'a', x: 'first' });
      stop();
      expect(await engine.run()).toEqual({ a: 'a', x: 'second', b: 'b' });
    }
  });

  it('FAILURE: what a failed revert left can be looked at', async () => {
    const flow = linear('f').add(act('a'), act('b', { requires: ['a'] }), fails('c', { requires: ['b'] }));
    const engine = engineOf(flow, 'none', { neverResolve: true });
    await expect(engine.run()).rejects.toThrow('c failed');
    expect([engine.storage.flowState, kept(engine)]).toEqual(['FAILURE', 'b']);
  });
});

describe('a kept flow', () => {
  const stopAt = async (engine: Engine, last: string): Promise<void> => {
    engine.on('atom', ({ name, state }) => {
      if (name === last && state === 'SUCCESS') engine.suspend();
    });
    await engine.run();
  };
  const flowId = 'one';

  it('goes on with another keep, and drops what nobody needs then', async () => {
    const backend = memory();
    let seen = '';
    const look = () => {
      seen = kept(second);
      return 'c';
    };
    const flow = () =>
      linear('f').add(
        act('a'),
        act('b', { requires: ['a'] }),
        act('c', { requires: ['b'], gives: look }),
        act('d'),
      );
    const first = engineOf(flow(), 'all', { backend, flowId });
    await stopAt(first, 'b');
    expect(kept(first)).toBe('a b');
    const second = engineOf(flow(), 'none', { backend, flowId });
    await second.run();
    expect(seen).toBe('b');
    const third = engineOf(flow(), 'all', { backend, flowId });
    expect(await third.run()).toEqual({});
  });

  // One look at each task of the second for each of the first would take a minute and a half.
  it('goes on behind two flows of 100,000 tasks that are done', async () => {
    const wide = (name: string): AnyUnit =>
      unordered(name).add(
        Array.from({ length: 100_000 }, (_, at) => act(`${name}${at}`, { provides: null })),
      ) as AnyUnit;
    const engine = engineOf(linear('f').add([wide('a'), wide('b'), act('c'), act('d')]), 'none');
    await stopAt(engine, 'c');
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(await engine.run()).toEqual({});
    expect(engine.storage.flowState).toBe('SUCCESS');
  });

  it('refuses a new reader of what was dropped before anything runs, unless the store has it', async () => {
    const backend = memory();
    const units = () => [act('a'), act('b', { requires: ['a'], revert: () => {} }), act('c')];
    await stopAt(engineOf(linear('f').add(units()), 'none', { backend, flowId }), 'b');
    for (const keep of ['all', 'none'] as const) {
      // b may be reverted, so that a is there.
      const engine = engineOf(linear('f').add(units()), keep, { backend, flowId });
      engine.compile();
      await engine.prepare();
      expect(engine.storage.atomDetail('a').dropped).toBe(false);
    }
    await engineOf(linear('f').add(units()), 'none', { backend, flowId }).run();
    for (const added of [{ requires: ['a'] }, { optional: ['a'] }]) {
      const changed = engineOf(linear('f').add(units()).add(act('new', added)), 'all', { backend, flowId });
      const error = await thrownBy(changed.run());
      expect(error).toMatchObject({ code: 'SYMBOL_NOT_FOUND', details: { atom: 'new', provider: 'a' } });
      expect((error as Error).message).toMatch(
        /^'new' requires 'a', and there is no value of its provider 'a'/,
      );
      expect(changed.storage.flowState).toBe('SUCCESS');
    }
    const given = engineOf(
      linear('f')
        .add(units())
        .add(act('new', { requires: ['a'], gives: ({ a }) => a })),
      'all',
      { backend, flowId, store: { a: 'stored' } },
    );
    expect(await given.run()).toEqual({ new: 'stored' });
  });

  it('refuses a new decider of what was dropped', async () => {
    const backend = memory();
    const flow = (...added: readonly AnyTask[]) => {
      const a = act('a');
      const made = graph('g').add(a, ...added);
      for (const each of added) made.link(a, each, { decider: () => true });
      return made;
    };
    await engineOf(flow(), 'none', { backend, flowId }).run();
    const error = await thrownBy(engineOf(flow(act('new')), 'none', { backend, flowId }).run());
    expect(error).toMatchObject({ code: 'SYMBOL_NOT_FOUND', details: { atom: 'new', provider: 'a' } });
  });

  it('that was SUCCESS does not revert with what was dropped, and says so', async () => {
    const backend = memory();
    const told: unknown[] = [];
    const revert = (_: object, { result }: { readonly result: unknown }) => void told.push(result);
    await engineOf(linear('f').add(act('a', { revert })), 'none', { backend, flowId }).run();
    const changed = engineOf(linear('f').add(act('a', { revert }), fails('new')), 'none', {
      backend,
      flowId,
    });
    const error = await thrownBy(changed.run());
    expect(error).toMatchObject({ code: 'SYMBOL_NOT_FOUND', details: { atom: 'a', dropped: true } });
    expect([changed.storage.flowState, told]).toEqual(['FAILURE', []]);
  });

  it('with items of which the results were dropped, too', async () => {
    for (const keep of ['none'] as const) {
      const backend = memory();
      const units = () => [
        act('list', { gives: () => [1, 2] }),
        map('m', {
          over: 'list',
          as: 'item',
          task: act('work', { requires: ['item'], provides: null, revert: () => {} }),
          provides: 'results',
        } as never) as AnyUnit,
      ];
      await engineOf(linear('f').add(units()), keep, { backend, flowId }).run();
      const changed = engineOf(linear('f').add(units()).add(fails('new')), keep, { backend, flowId });
      await thrownBy(changed.run());
      expect([...changed.storage.revertFailures.values()]).toMatchObject([{ code: 'SYMBOL_NOT_FOUND' }]);
    }
  });
});
