/** Which call does what, which refuses what, and when (semantics 2.9). */
import {
  type AnyUnit,
  createEngine,
  type Engine,
  graph,
  linear,
  retry,
  run,
  task,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';
import { everyExecutor, gives, hear, stage, takes, thrownBy } from './executors.ts';

const serial = { executor: 'serial' } as const;
const codeOf = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'fine';
};

/** Which of the calls up to validate() refuses, and with which code; what is behind it is not called. */
function refusalOf(engine: Engine<AnyUnit>): string {
  for (const phase of ['compile', 'prepare', 'validate'] as const) {
    const code = codeOf(() => engine[phase]());
    if (code !== 'fine') return `${phase} ${code}`;
  }
  return 'fine';
}

describe('prepare()', () => {
  it('of a flow that is REVERTED resets it, once', async () => {
    const { act, told } = stage();
    const engine = createEngine(act('a', { fails: [1] }) as AnyUnit, serial);
    await thrownBy(engine.run());
    const heard = hear(engine);
    engine.prepare();
    engine.prepare();
    expect(heard).toEqual(['a PENDING', 'flow PENDING']);
    await engine.run();
    expect(told()).toBe('a -a a');
  });
});

describe('each flaw is found by one phase, and run() rejects with the same', () => {
  const [a, b] = [gives('a', 'x'), gives('a', 'y')];
  const shared = linear('shared');
  const outer = linear('outer');
  outer.add([linear('inner').add([outer as AnyUnit])]);
  const flaws: [string, () => Engine<AnyUnit>, string][] = [
    [
      'two atoms of one name',
      () => createEngine(linear('f').add([a, linear('g').add([b])])),
      'compile DUPLICATE_NAME',
    ],
    [
      'a retry and a task of one name',
      () => createEngine(linear('f', { retry: times(1, { name: 'a' }) }).add([a])),
      'compile DUPLICATE_NAME',
    ],
    [
      'one flow at two places',
      () => createEngine(linear('f').add([linear('g').add([shared]), linear('h').add([shared])])),
      'compile UNIT_TWICE',
    ],
    ['a flow in itself', () => createEngine(outer as AnyUnit), 'compile FLOW_CONTAINS_ITSELF'],
    [
      'a value of the store that cannot be kept',
      () => createEngine(linear('f') as AnyUnit, { store: { x: () => 1 } }),
      'prepare VALUE_NOT_ENCODABLE',
    ],
    [
      'a symbol from nowhere',
      () => createEngine(takes('c', 'x') as AnyUnit),
      'validate MISSING_DEPENDENCIES',
    ],
    ['none', () => createEngine(takes('c', 'x') as AnyUnit, { store: { x: 1 } }), 'fine'],
  ];

  it.each(flaws)('%s', async (_, make, expected) => {
    expect(refusalOf(make())).toBe(expected);
    if (expected === 'fine') return;
    const engine = make();
    const heard = hear(engine);
    expect(await thrownBy(engine.run())).toMatchObject({ code: expected.split(' ')[1] });
    expect(heard).toEqual([]);
    await engine.close();
  });

  it('what a flow is told while it is built is refused there, and leaves it as it was', () => {
    const [p, c, other] = [gives('p', 'x'), takes('c', 'x'), gives('other', 'y')];
    const flow = graph('g').add(p, c);
    expect(codeOf(() => flow.link(p, other))).toBe('LINK_INVALID');
    expect(codeOf(() => flow.link(c, p))).toBe('DEPENDENCY_CYCLE');
    expect(codeOf(() => flow.link(p, c, { decider: 1 } as never))).toBe('OPTION_INVALID');
    expect(codeOf(() => flow.link(p, c, { decider: () => true, depth: 'x' } as never))).toBe(
      'OPTION_INVALID',
    );
    expect(codeOf(() => flow.link(p, c, { depth: 'ALL' }))).toBe('OPTION_INVALID');
    expect(codeOf(() => flow.add(gives('q', 'x'), takes('d', 'x')))).toBe('DEPENDENCY_AMBIGUOUS');
    expect(codeOf(() => flow.add(5 as never))).toBe('UNIT_INVALID');
    expect([flow.units, flow.links.length]).toEqual([[p, c], 1]);
  });

  it('what an engine is told is refused when it is made', () => {
    const flow = linear('f') as AnyUnit;
    expect(codeOf(() => createEngine(5 as unknown as AnyUnit))).toBe('UNIT_INVALID');
    expect(codeOf(() => createEngine(times(2) as unknown as AnyUnit))).toBe('UNIT_INVALID');
    expect(codeOf(() => createEngine(flow, { executor: 'parallel' as never }))).toBe('OPTION_INVALID');
    expect(codeOf(() => createEngine(flow, { neverResolve: 'yes' as never }))).toBe('OPTION_INVALID');
    expect(codeOf(() => createEngine(flow, { deferReverts: 0 as never }))).toBe('OPTION_INVALID');
  });
});

describe('the order of the phases', () => {
  const methods = ['compile', 'prepare', 'validate', 'suspend', 'reset'] as const;
  const open: readonly [string, readonly ('compile' | 'prepare' | 'validate')[], readonly string[]][] = [
    ['a new engine', [], ['compile']],
    ['one that is compiled', ['compile'], ['compile', 'prepare', 'suspend']],
    ['one that is prepared', ['compile', 'prepare'], [...methods]],
    ['one that is validated', ['compile', 'prepare', 'validate'], [...methods]],
  ];

  it.each(open)('%s lets these be called', (_, before, allowed) => {
    for (const method of methods) {
      const engine = createEngine(linear('f').add([gives('a', 'x')]) as AnyUnit, serial);
      for (const phase of before) engine[phase]();
      const expected = allowed.includes(method) ? 'fine' : 'ENGINE_STATE_INVALID';
      expect([method, codeOf(() => engine[method]())]).toEqual([method, expected]);
      expect(engine.storage.flowState).toBe('PENDING');
    }
  });

  it('run() does what was not done, from each of them', async () => {
    for (const [, before] of open) {
      const engine = createEngine(linear('f').add([takes('c', 'x')]) as AnyUnit, {
        ...serial,
        store: { x: 1 },
      });
      for (const phase of before) engine[phase]();
      expect(await engine.run()).toEqual({ 'c-saw': 1 });
    }
  });

  it('compile() works once: the same graph, and what is added to the flow later is not in it', async () => {
    const flow = linear('f').add([gives('a', 'x')]);
    const engine = createEngine(flow as AnyUnit, serial);
    engine.compile();
    const { compilation } = engine;
    flow.add([gives('b', 'y')]);
    engine.compile();
    expect(engine.compilation).toBe(compilation);
    expect(await engine.run()).toEqual({ x: 'a' });
  });

  it('prepare() works once: a value injected later is not put back to that of the options', async () => {
    const engine = createEngine(takes('c', 'x') as AnyUnit, { ...serial, store: { x: 'options' } });
    engine.compile();
    engine.prepare();
    engine.storage.inject({ x: 'injected' });
    engine.prepare();
    expect(await engine.run()).toEqual({ 'c-saw': 'injected' });
  });

  it('validate() may be called again: what lacked can be injected meanwhile, and the engine then runs', async () => {
    const engine = createEngine(takes('c', 'x') as AnyUnit, serial);
    expect(await thrownBy(engine.run())).toMatchObject({ code: 'MISSING_DEPENDENCIES' });
    expect(codeOf(() => engine.validate())).toBe('MISSING_DEPENDENCIES');
    expect(engine.storage.flowState).toBe('PENDING');
    engine.storage.inject({ x: 5 });
    engine.validate();
    expect(await engine.run()).toEqual({ 'c-saw': 5 });
  });

  it('while it runs, a second run, a step-by-step run and a reset are refused, and the run is not disturbed', async () => {
    const executor = new ManualTaskExecutor();
    const engine = createEngine(linear('f').add([gives('a', 'x'), gives('b', 'y')]) as AnyUnit, { executor });
    const done = engine.run();
    await executor.idle();
    await executor.begin('a');
    expect(await thrownBy(engine.run())).toMatchObject({ code: 'ENGINE_LOCKED' });
    expect(await thrownBy(engine.runIter().next())).toMatchObject({ code: 'ENGINE_LOCKED' });
    expect(codeOf(() => engine.reset())).toBe('ENGINE_STATE_INVALID');
    for (const phase of ['compile', 'prepare', 'validate'] as const) engine[phase]();
    expect(engine.storage.atomState('a')).toBe('RUNNING');
    await executor.settleAll();
    expect(await done).toEqual({ x: 'a', y: 'b' });
  });

  it('after close() it runs no more, and what it knows can still be read', async () => {
    const engine = createEngine(gives('a', 'x') as AnyUnit, serial);
    await engine.run();
    await engine.close();
    expect(await thrownBy(engine.run())).toMatchObject({ code: 'ENGINE_CLOSED' });
    expect(await thrownBy(engine.runIter().next())).toMatchObject({ code: 'ENGINE_CLOSED' });
    expect(engine.storage.fetchAll()).toEqual({ x: 'a' });
    expect(engine.storage.flowState).toBe('SUCCESS');
  });
});

describe.each(everyExecutor)('what is told, on %s', (_, executor) => {
  it('of a fresh run: RUNNING and SUCCESS of the flow, and nothing before the run', async () => {
    const { act } = stage();
    const engine = createEngine(linear('f').add([act('a'), act('b')]) as AnyUnit, { executor: executor() });
    const heard = hear(engine);
    engine.compile();
    engine.prepare();
    engine.validate();
    expect(heard).toEqual([]);
    await engine.run();
    expect(heard).toEqual([
      'flow RUNNING',
      'a RUNNING',
      'a SUCCESS',
      'b RUNNING',
      'b SUCCESS',
      'flow SUCCESS',
    ]);
  });

  it('of another run of what is done: RUNNING and SUCCESS, and no atom moves', async () => {
    const { act, told } = stage();
    const engine = createEngine(linear('f').add([act('a')]) as AnyUnit, { executor: executor() });
    await engine.run();
    const heard = hear(engine);
    expect(await engine.run()).toEqual({ a: 'a' });
    expect(heard).toEqual(['flow RUNNING', 'flow SUCCESS']);
    expect(told()).toBe('a');
  });

  it('of an empty flow: RUNNING and SUCCESS', async () => {
    const engine = createEngine(unordered('empty') as AnyUnit, { executor: executor() });
    const heard = hear(engine);
    expect(await engine.run()).toEqual({});
    expect(heard).toEqual(['flow RUNNING', 'flow SUCCESS']);
  });
});

it('names must be strings that are not empty, wherever they are given', () => {
  const execute = () => 1;
  const calls: (() => unknown)[] = [
    () => task('', { execute }),
    () => linear(''),
    () => unordered(''),
    () => graph(''),
    () => retry('', { execute, onFailure: () => 'REVERT' }),
    () => times(1, { name: '' }),
    () => times(1, { provides: '' }),
    () => task('t', { execute }).as(''),
    () => task('t', { provides: '', execute }),
    () => task('t', { provides: ['x', ''], execute: () => [1, 2] }),
    () => task('t', { provides: { '': 'k' }, execute: () => ({ k: 1 }) }),
  ];
  expect(calls.map(codeOf)).toEqual(calls.map(() => 'NAME_INVALID'));
});

it('run() as a function leaves nothing behind: it closes what it made, also when it rejects', async () => {
  const executor = new ManualTaskExecutor({ auto: true });
  expect(await run(gives('a', 'x') as AnyUnit, { executor })).toEqual({ x: 'a' });
  expect(await thrownBy(run(takes('c', 'x') as AnyUnit, { executor }))).toMatchObject({
    code: 'MISSING_DEPENDENCIES',
  });
  expect(executor.waiting).toEqual([]);
  // The executor is not the engine's own, and goes on.
  expect(await run(gives('b', 'x') as AnyUnit, { executor })).toEqual({ x: 'b' });
});
