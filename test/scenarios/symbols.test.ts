/** What flows between atoms: what a result gives, and who gives an argument its value (semantics 2.4, D7, D10). */
import { type AnyUnit, createEngine, graph, linear, retry, run, task, times, unordered } from 'taskloom';
import { describe, expect, it } from 'vitest';
import { everyExecutor, fixtures, gives, mayTake, stage, statesOf, takes, thrownBy } from './executors.ts';

const serial = { executor: 'serial' } as const;

describe.each(everyExecutor)('provides, on %s', (_, executor) => {
  /** Everything that a flow of one such task provides. */
  const given = async (shape: 'whole' | 'places' | 'only' | 'keys', value: unknown): Promise<unknown> => {
    const engine = createEngine(fixtures[shape].as('p', { inject: { value } }) as AnyUnit, {
      executor: executor(),
    });
    const results = await engine.run();
    expect(engine.storage.atomState('p')).toBe('SUCCESS');
    expect(engine.storage.fetchAll()).toEqual(results);
    return results;
  };

  it.each([
    ['whole', 'abc', { x: 'abc' }],
    ['whole', null, { x: null }],
    ['whole', undefined, { x: undefined }],
    ['whole', false, { x: false }],
    ['places', [10, 20], { first: 10, second: 20 }],
    ['places', [10, 20, 30], { first: 10, second: 20 }],
    ['places', 'str', { first: 's', second: 't' }],
    ['places', [undefined, null], { first: undefined, second: null }],
    ['only', 'str', { first: 's' }],
    ['keys', { w: 3, h: 4, d: 5 }, { width: 3, height: 4 }],
    ['keys', { w: undefined, h: null }, { width: undefined, height: null }],
  ] as const)('as %s, of %j: every part that is there', async (shape, value, expected) => {
    const found = await given(shape, value);
    expect(found).toEqual(expected);
    expect(Object.keys(found as object)).toEqual(Object.keys(expected));
  });

  it.each([
    ['places', [10], { first: 10 }],
    ['places', [], {}],
    ['places', { first: 1, second: 2 }, {}],
    ['places', 5, {}],
    ['places', null, {}],
    ['places', undefined, {}],
    ['keys', { w: 3 }, { width: 3 }],
    ['keys', { width: 3, height: 4 }, {}],
    ['keys', ['w', 'h'], {}],
    ['keys', undefined, {}],
  ] as const)(
    'as %s, of %j: a part that lacks is no failure, and no symbol',
    async (shape, value, expected) => {
      const found = await given(shape, value);
      expect(Object.keys(found as object)).toEqual(Object.keys(expected));
      expect(found).toEqual(expected);
    },
  );

  it('nothing: the result is read by the name of its atom', async () => {
    const silent = fixtures.silent.as('silent', { inject: { value: [1, { two: 2 }] } });
    const engine = createEngine(silent as AnyUnit, { executor: executor() });
    expect(await engine.run()).toEqual({});
    expect(engine.storage.get('silent')).toEqual([1, { two: 2 }]);
  });

  it('a part that lacks fails who requires it, is left out for whom it is optional, and nothing stays RUNNING', async () => {
    const half = fixtures.places.as('half', { inject: { value: ['there'] } });
    const fine = linear('fine').add([half, mayTake('a', 'second'), mayTake('b', 'first')]);
    expect(await run(fine as AnyUnit, { executor: executor() })).toEqual({
      first: 'there',
      'a-saw': ['not given'],
      'b-saw': ['given', 'there'],
    });
    const engine = createEngine(linear('bad').add([half, takes('c', 'second')]) as AnyUnit, {
      executor: executor(),
    });
    const error = await thrownBy(engine.run());
    expect(error).toMatchObject({ code: 'PROVIDED_MISSING', details: { atom: 'c', symbol: 'second' } });
    expect(statesOf(engine, 'half', 'c')).toBe('half REVERTED, c REVERTED');
  });

  it('a part that lacks is not looked for outside of the scope level in which somebody provides it', async () => {
    const far = fixtures.keys.as('far', { inject: { value: { w: 'far' } } });
    const near = fixtures.keys.as('near', { inject: { value: { h: 'near' } } });
    for (const retried of [false, true]) {
      const settings = retried ? { retry: times(1) } : {};
      const inner = linear('inner', settings).add([near, takes('c', 'width')]);
      const engine = createEngine(linear('outer').add([far, inner]) as AnyUnit, { executor: 'serial' });
      expect(await thrownBy(engine.run())).toMatchObject({ code: 'PROVIDED_MISSING' });
    }
    // Right behind that flow its tasks are of the level of what was before it.
    const flow = linear('outer').add([far, linear('inner').add([near]), takes('c', 'width')]);
    await createEngine(flow as AnyUnit, { executor: 'serial' }).run();
  });

  it('a part that lacks is looked for at the provider before, in the same flow', async () => {
    const flow = linear('f').add([
      fixtures.keys.as('far', { inject: { value: { w: 'far' } } }),
      fixtures.keys.as('near', { inject: { value: { h: 'near' } } }),
      takes('w', 'width'),
      takes('h', 'height'),
    ]);
    expect(await run(flow as AnyUnit, { executor: executor() })).toMatchObject({
      'w-saw': 'far',
      'h-saw': 'near',
    });
  });
});

describe.each(everyExecutor)('an argument is taken, on %s', (_, executor) => {
  const engineOf = (flow: AnyUnit, store: Record<string, unknown> = {}) =>
    createEngine(flow, { executor: executor(), store });
  const flow = () => linear('f').add([gives('p', 'x', 'provided'), takes('c', 'x')]) as AnyUnit;

  it.each([[['kept', 'transient']], [['transient', 'kept']]])(
    'from the transient store before the kept one, also when they were filled in the order %j',
    async (order) => {
      const engine = engineOf(flow());
      engine.compile();
      engine.prepare();
      for (const from of order) engine.storage.inject({ x: from }, { transient: from === 'transient' });
      await engine.run();
      expect(engine.storage.get('c')).toBe('transient');
      expect(engine.storage.fetch('x')).toBe('transient');
    },
  );

  it('from the kept store before any provider; then from the nearest one', async () => {
    const kept = engineOf(flow(), { x: 'kept' });
    await kept.run();
    expect(kept.storage.get('c')).toBe('kept');
    const provided = engineOf(flow());
    await provided.run();
    expect(provided.storage.get('c')).toBe('provided');
  });

  it('from its own inject before the transient store, by argument: of two that take one symbol one is fixed', async () => {
    const fixed = fixtures.take.as('fixed', {
      provides: 'fixed',
      rebind: { x: 'x' },
      inject: { x: 'injected' },
    });
    const engine = engineOf(linear('f').add([gives('p', 'x'), fixed, takes('free', 'x')]) as AnyUnit);
    engine.compile();
    engine.prepare();
    engine.storage.inject({ x: 'transient' }, { transient: true });
    await engine.run();
    expect(engine.storage.get('fixed')).toBe('injected');
    expect(engine.storage.get('free')).toBe('transient');
  });

  it('from the store by all that require it, though each of them provides it anew', async () => {
    const step = (name: string) => fixtures.take.as(name, { rebind: { x: 'value' }, provides: 'value' });
    const engine = engineOf(linear('f').add([step('a'), step('b'), step('c')]) as AnyUnit, { value: 0 });
    await engine.run();
    expect(['a', 'b', 'c'].map((name) => engine.storage.get(name))).toEqual([0, 0, 0]);
  });

  it('from nowhere when it is optional and only a later or a sibling task gives it: it is left out', async () => {
    const later = linear('later').add([mayTake('c', 'x'), gives('p', 'x')]);
    expect(await run(later as AnyUnit, { executor: executor() })).toMatchObject({ 'c-saw': ['not given'] });
    const aside = unordered('aside').add([gives('p', 'x'), mayTake('c', 'x')]);
    expect(await run(aside as AnyUnit, { executor: executor() })).toMatchObject({ 'c-saw': ['not given'] });
    const before = linear('before').add([
      fixtures.whole.as('p', { inject: { value: undefined } }),
      mayTake('c', 'x'),
    ]);
    expect(await run(before as AnyUnit, { executor: executor() })).toMatchObject({
      'c-saw': ['given', undefined],
    });
  });
});

describe('scopes', () => {
  const seenBy = async (atom: string, flow: AnyUnit): Promise<unknown> => {
    const engine = createEngine(flow, serial);
    await engine.run();
    return engine.storage.get(atom);
  };

  // r1, r2, r3, sub(s1, s2), r4: one level for r4, [s2, s1, r3, r2, r1]
  it.each([
    [['r1', 'r2', 'r3', 's1', 's2'], 's2'],
    [['r1', 'r2', 'r3', 's1'], 's1'],
    [['r1', 'r2', 'r3'], 'r3'],
    [['r1', 'r2'], 'r2'],
    [['r1'], 'r1'],
    [['r1', 's1'], 's1'],
    [['r3', 'r1'], 'r3'],
  ])('after a nested flow the nearest before wins: of %j it is %s', async (givers, nearest) => {
    const r = (name: string) => gives(name, givers.includes(name) ? 'x' : `${name}-other`);
    const sub = linear('sub').add([r('s1'), r('s2')]);
    expect(await seenBy('r4', linear('f').add([r('r1'), r('r2'), r('r3'), sub, takes('r4', 'x')]))).toBe(
      nearest,
    );
  });

  // r1, r2, sub(s1): two levels for s1, [], [r2, r1]
  it.each([
    [['r1', 'r2'], 'r2'],
    [['r1'], 'r1'],
  ])('first in a nested flow, the nearest before that flow wins: of %j it is %s', async (givers, nearest) => {
    const r = (name: string) => gives(name, givers.includes(name) ? 'x' : `${name}-other`);
    const sub = linear('sub').add([takes('s1', 'x')]);
    expect(await seenBy('s1', linear('f').add([r('r1'), r('r2'), sub]))).toBe(nearest);
  });

  it('the own flow comes before those around it, at any depth', async () => {
    const deep = linear('deep').add([takes('c', 'x')]);
    const inner = linear('inner').add([gives('near', 'x'), deep]);
    expect(await seenBy('c', linear('outer').add([gives('far', 'x'), inner]))).toBe('near');
  });

  it('a sibling flow before counts as its tasks: its symbol shadows that of a task before it', async () => {
    const flow = linear('outer').add([
      gives('r1', 'x'),
      linear('s1').add([gives('inside', 'x')]),
      linear('s2').add([takes('c', 'x')]),
    ]);
    expect(await seenBy('c', flow)).toBe('inside');
  });

  it('what a flow behind gives is not seen, nor what comes later in its own', async () => {
    const flow = linear('outer').add([
      gives('first', 'x'),
      linear('inner').add([takes('c', 'x'), gives('later', 'x')]),
      linear('behind').add([gives('last', 'x')]),
    ]);
    expect(await seenBy('c', flow)).toBe('first');
  });

  it('tasks of an unordered flow do not see each other, but all see what stands before their flow', async () => {
    const inner = unordered('inner').add([gives('sibling', 'x'), takes('c', 'x')]);
    expect(await seenBy('c', linear('outer').add([gives('before', 'x'), inner]))).toBe('before');
  });

  it('in a graph flow a unit sees only those that it depends on, also by hand and through others', async () => {
    const [p, q, m, c] = [gives('p', 'x'), gives('q', 'x'), gives('m', 'y'), mayTake('c', 'x')];
    expect(await seenBy('c', graph('none').add(p, q, m, c))).toEqual(['not given']);
    const chain = graph('chain').add(p, q, m, c).link(p, m).link(m, c);
    expect(await seenBy('c', chain)).toEqual(['given', 'p']);
    const both = graph('both').add(p, q, m, c).link(q, c).link(p, m).link(m, c);
    expect(await seenBy('c', both)).toEqual(['given', 'q']);
  });

  it('a provider that was ignored is passed over, also where the next one stands outside of the flow', async () => {
    const gate = gives('gate', 'open', false);
    const near = gives('near', 'x');
    const inner = graph('inner')
      .add(gate, near, takes('c', 'x'))
      .link(gate, near, { decider: () => false, depth: 'ATOM' });
    expect(await seenBy('c', linear('outer').add([gives('far', 'x'), inner]))).toBe('far');
  });

  it('a symbol that only an ignored task gives is missing when it is needed: that fails, and all is reverted', async () => {
    const [gate, p, c] = [gives('gate', 'open', false), gives('p', 'x'), takes('c', 'x')];
    const flow = graph('f')
      .add(gate, p, c)
      .link(gate, p, { decider: () => false, depth: 'ATOM' });
    const engine = createEngine(flow as AnyUnit, serial);
    expect(await thrownBy(engine.run())).toMatchObject({
      code: 'SYMBOL_NOT_FOUND',
      details: { atom: 'c', symbol: 'x' },
    });
    expect(statesOf(engine, 'gate', 'p', 'c')).toBe('gate REVERTED, p IGNORE, c REVERTED');
    expect(engine.storage.flowState).toBe('REVERTED');
  });
});

describe("a retry's value", () => {
  const attempt = (value: string) =>
    retry(`retry of ${value}`, { provides: 'x', execute: () => value, onFailure: () => 'REVERT' });

  it('is seen by all atoms in its flow, and in the flows inside it', async () => {
    const deep = unordered('deep').add([takes('c', 'x')]);
    const engine = createEngine(
      linear('f', { retry: attempt('value') }).add([takes('b', 'x'), linear('inner').add([deep])]) as AnyUnit,
      serial,
    );
    await engine.run();
    expect([engine.storage.get('b'), engine.storage.get('c')]).toEqual(['value', 'value']);
  });

  it('of the innermost retry wins, and a task in between wins over the outer one', async () => {
    const inner = linear('inner', { retry: attempt('inner') }).add([takes('c', 'x')]);
    const flow = linear('outer', { retry: attempt('outer') }).add([takes('a', 'x'), gives('b', 'x'), inner]);
    const engine = createEngine(flow as AnyUnit, serial);
    await engine.run();
    expect([engine.storage.get('a'), engine.storage.get('c')]).toEqual(['outer', 'inner']);
    const plain = linear('plain').add([takes('d', 'x')]);
    const between = linear('around', { retry: attempt('outer') }).add([gives('b', 'x'), plain]);
    const second = createEngine(between as AnyUnit, serial);
    await second.run();
    expect(second.storage.get('d')).toBe('b');
  });

  it('is seen by what follows its flow, and not by what stands before or beside it', async () => {
    const sub = () => linear('sub', { retry: attempt('value') }).add([gives('s', 'y')]);
    const after = linear('f').add([mayTake('before', 'x'), sub(), takes('after', 'x')]);
    const engine = createEngine(after as AnyUnit, serial);
    await engine.run();
    expect([engine.storage.get('before'), engine.storage.get('after')]).toEqual([['not given'], 'value']);
    const beside = createEngine(unordered('g').add([sub(), mayTake('beside', 'x')]) as AnyUnit, serial);
    await beside.run();
    expect(beside.storage.get('beside')).toEqual(['not given']);
  });

  it('links nothing in a graph flow: no sibling is waited for that gives the same', async () => {
    const flow = graph('g', { retry: attempt('value') }).add(gives('p', 'x'), takes('c', 'x'));
    expect(flow.links).toEqual([]);
    const engine = createEngine(flow as AnyUnit, serial);
    await engine.run();
    expect(engine.storage.get('c')).toBe('value');
  });

  it('is the one of the attempt that goes on', async () => {
    const { act } = stage();
    const seen = takes('seen', 'n');
    const flow = linear('f', { retry: times(3, { provides: 'n' }) }).add([seen, act('b', { fails: [1, 2] })]);
    const engine = createEngine(flow as AnyUnit, serial);
    await engine.run();
    expect(engine.storage.get('seen')).toBe(3);
    expect(engine.storage.fetch('n')).toBe(3);
  });
});

describe('fetch and fetchAll', () => {
  it('look at no scopes: the first provider in the order of adding, and the store before all', async () => {
    const flow = () =>
      linear('f').add([gives('one', 'x'), unordered('g').add([gives('two', 'x')])]) as AnyUnit;
    const engine = createEngine(flow(), serial);
    await engine.run();
    expect(engine.storage.fetch('x')).toBe('one');
    expect(engine.storage.fetchAll()).toEqual({ x: ['one', 'two'] });
    const stored = createEngine(flow(), { ...serial, store: { x: 'stored', other: 1 } });
    await stored.run();
    expect(stored.storage.fetch('x')).toBe('stored');
    expect(stored.storage.fetchAll()).toEqual({ x: ['stored', 'one', 'two'], other: 1 });
  });

  it('take the first provider that has the value, and leave out those that have none', async () => {
    const flow = linear('f').add([
      fixtures.keys.as('one', { inject: { value: { w: 'one' } } }),
      fixtures.keys.as('two', { inject: { value: { w: 'two', h: 'two' } } }),
    ]);
    const { storage, ...engine } = withStorage(flow as AnyUnit);
    await engine.run();
    expect(storage.fetch('height')).toBe('two');
    expect(storage.fetchAll()).toEqual({ width: ['one', 'two'], height: 'two' });
  });

  it('know nothing of what has not run, was ignored, failed or was reverted', async () => {
    const [a, b, c] = [gives('a', 'x'), gives('b', 'x'), gives('c', 'y')];
    const flow = graph('f')
      .add(a, b, c)
      .link(a, b, { decider: () => false, depth: 'ATOM' })
      .link(b, c);
    const { storage, run: start } = withStorage(flow as AnyUnit);
    expect(storage.fetchAll()).toEqual({});
    expect(() => storage.fetch('x')).toThrow(expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }));
    await start();
    expect(storage.fetchAll()).toEqual({ x: 'a', y: 'c' });
    const { act } = stage();
    const reverted = withStorage(linear('g').add([act('d'), act('e', { fails: true })]) as AnyUnit);
    await reverted.run().catch(() => {});
    expect(reverted.storage.fetchAll()).toEqual({});
    for (const symbol of ['d', 'e'])
      expect(() => reverted.storage.fetch(symbol)).toThrow(
        expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }),
      );
  });

  it('are not what run() resolves to: that is what a task after the flow would see, without the store', async () => {
    const flow = linear('f').add([gives('one', 'x'), gives('two', 'x')]);
    expect(await run(flow as AnyUnit, { ...serial, store: { x: 'stored', y: 1 } })).toEqual({ x: 'two' });
  });

  function withStorage(flow: AnyUnit) {
    const engine = createEngine(flow, serial);
    return { storage: engine.storage, run: () => engine.run() };
  }
});

describe('before a run every required symbol must have somebody who gives it', () => {
  const refusal = (flow: AnyUnit, store = {}): unknown => {
    const engine = createEngine(flow, { ...serial, store });
    engine.compile();
    engine.prepare();
    try {
      engine.validate();
    } catch (error) {
      const { code, details } = error as { code: string; details: { missing: readonly object[] } };
      expect(code).toBe('MISSING_DEPENDENCIES');
      return details.missing.map((each) => Object.values(each).join(' '));
    }
    return [];
  };
  const undoing = (name: string, options: object = {}) =>
    task(name, {
      requires: ['x'],
      revertRequires: ['y'],
      execute: (_: { x: unknown }) => 1,
      revert: (_: { y: unknown }) => 1,
      ...options,
    });

  it('for execute and for revert: one entry for each atom, action and argument', () => {
    const flow = linear('f').add([
      undoing('a'),
      undoing('b', { rebind: { x: 'z', y: 'z' } }),
      takes('c', 'q'),
    ]);
    expect(refusal(flow as AnyUnit)).toEqual([
      'a execute x x',
      'a revert y y',
      'b execute x z',
      'b revert y z',
      'c execute x q',
    ]);
  });

  it('the store, an inject or an earlier task will do, and that it may never run is not asked', () => {
    expect(refusal(undoing('a') as AnyUnit, { x: undefined })).toEqual(['a revert y y']);
    expect(refusal(undoing('a', { inject: { x: 1, y: undefined } }) as AnyUnit)).toEqual([]);
    const [gate, p] = [gives('gate', 'open'), gives('p', 'x')];
    const never = graph('g')
      .add(gate, p, takes('c', 'x'))
      .link(gate, p, { decider: () => false });
    expect(refusal(never as AnyUnit)).toEqual([]);
  });

  it('what a retry requires counts, also from the flow around it, but not from inside', () => {
    const own = () =>
      retry<{ x: unknown }>('own', { requires: ['x'], execute: () => 1, onFailure: () => 'REVERT' });
    const inside = () => linear('inner', { retry: own() }).add([gives('p', 'x')]);
    expect(refusal(inside() as AnyUnit)).toContain('own execute x x');
    expect(refusal(linear('f').add([gives('q', 'x'), inside()]) as AnyUnit)).toEqual([]);
  });

  it('optional ones are never missed', () => {
    expect(refusal(mayTake('a', 'nobody') as AnyUnit)).toEqual([]);
  });
});

it('a graph flow links a flow as a whole when something inside requires what a sibling gives', async () => {
  const { act, told } = stage();
  const inner = linear('inner').add([act('first'), takes('c', 'slow')]);
  const slow = act('slow');
  const flow = graph('g').add(inner, slow);
  expect(flow.links.map(({ from, to }) => `${from.name}>${to.name}`)).toEqual(['slow>inner']);
  await run(flow as AnyUnit, serial);
  expect(told()).toBe('slow first');
});
