/** How what ran is taken back, and what is left when that fails (semantics 2.8, D2, D3, D5, D8). */
import {
  type AnyUnit,
  createEngine,
  graph,
  linear,
  retry,
  run,
  task,
  times,
  type Undo,
  unordered,
  WrappedFailure,
} from 'taskloom';
import { describe, expect, it } from 'vitest';
import {
  everyExecutor,
  fixtures,
  gives,
  hear,
  stage,
  started,
  statesOf,
  takes,
  thrownBy,
} from './executors.ts';

const serial = { executor: 'serial' } as const;

describe.each(everyExecutor)('when a task fails, on %s', (_, executor) => {
  it('it is undone first, then all that ran, the last one first; what never ran is not', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([
      act('a'),
      linear('g').add([act('b'), act('c')]),
      act('bad', { fails: true }),
      act('d'),
    ]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    const heard = hear(engine);
    expect(await thrownBy(engine.run())).toMatchObject({ name: 'RangeError', message: 'bad failed 1' });
    expect(told()).toBe('a b c bad -bad -c -b -a');
    expect(heard.slice(-9)).toEqual([
      ...['bad REVERTING', 'bad REVERTED', 'c REVERTING', 'c REVERTED', 'b REVERTING', 'b REVERTED'],
      ...['a REVERTING', 'a REVERTED', 'flow REVERTED'],
    ]);
    expect(engine.storage.atomState('d')).toBe('PENDING');
    expect(engine.storage.atomIntention('d')).toBe('REVERT');
  });

  it('keeps what reverts return, and hides the results', async () => {
    const { act } = stage();
    const flow = linear('f').add([
      act('a', { undone: { files: ['x'] } }),
      act('b', { undone: null }),
      act('bad', { fails: true, undone: 7 }),
    ]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    const heard: unknown[] = [];
    engine.on('atom', ({ state, result }) => state === 'REVERTED' && heard.push(result));
    await thrownBy(engine.run());
    const results = ['a', 'b', 'bad'].map((name) => engine.storage.revertResult(name));
    expect(results).toEqual([{ files: ['x'] }, null, 7]);
    expect(heard).toEqual([7, null, { files: ['x'] }]);
    expect(engine.storage.fetchAll()).toEqual({});
    for (const name of ['a', 'b', 'bad'])
      expect(() => engine.storage.get(name)).toThrow(expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }));
  });

  it('a revert that fails ends it: FAILURE, its error alone, and what stands before is left as it was', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([
      act('a'),
      act('b', { failsBack: true }),
      act('c'),
      act('bad', { fails: true }),
    ]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    const heard = hear(engine);
    expect(await thrownBy(engine.run())).toMatchObject({ name: 'SyntaxError', message: 'b is stuck' });
    expect(told()).toBe('a b c bad -bad -c -b');
    expect(statesOf(engine, 'a', 'b', 'c', 'bad')).toBe(
      'a SUCCESS, b REVERT_FAILURE, c REVERTED, bad REVERTED',
    );
    expect(engine.storage.atomIntention('a')).toBe('REVERT');
    expect(heard.slice(-2)).toEqual(['b REVERT_FAILURE', 'flow FAILURE']);
    expect([...engine.storage.failures.keys()]).toEqual(['bad']);
    expect([...engine.storage.revertFailures.keys()]).toEqual(['b']);
  });

  it('after a failed revert another run does nothing but reject again; reset() makes it run anew', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([act('a', { failsBack: true }), act('bad', { fails: [1] })]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    await thrownBy(engine.run());
    expect(await thrownBy(engine.run())).toMatchObject({ message: 'a is stuck' });
    expect(told()).toBe('a bad -bad -a');
    expect(engine.storage.flowState).toBe('FAILURE');
    engine.reset();
    expect(await engine.run()).toEqual({ a: 'a', bad: 'bad' });
    expect(engine.storage.revertFailures.size).toBe(0);
    expect(engine.storage.failures.size).toBe(0);
  });

  it('after REVERTED another run resets every atom that ran, tells of each, and starts from scratch', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([act('a'), act('bad', { fails: [1] }), act('c')]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    await thrownBy(engine.run());
    const heard = hear(engine);
    expect(await engine.run()).toEqual({ a: 'a', bad: 'bad', c: 'c' });
    expect(heard.slice(0, 5)).toEqual([
      'a PENDING',
      'bad PENDING',
      'flow PENDING',
      'flow RUNNING',
      'a RUNNING',
    ]);
    expect(told()).toBe('a bad -bad -a a bad c');
    expect(engine.storage.revertResult('a')).toBeUndefined();
  });

  it('a task without revert is REVERTED as well, in its turn', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([act('a'), gives('b', 'x'), act('bad', { fails: true })]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    const heard = hear(engine);
    await thrownBy(engine.run());
    expect(told()).toBe('a bad -bad -a');
    expect(heard.slice(-5)).toEqual([
      'b REVERTING',
      'b REVERTED',
      'a REVERTING',
      'a REVERTED',
      'flow REVERTED',
    ]);
    expect(engine.storage.revertResult('b')).toBeUndefined();
  });
});

describe('a revert is called with', () => {
  /** Notes what its revert is called with. */
  const undoing = (told: unknown[], options: object) =>
    task('undoing', {
      requires: ['x'],
      execute: (_: { x: unknown }) => 'executed',
      revert: ((args: unknown, _context: unknown, { result }: Undo) =>
        void told.push([args, result])) as () => void,
      ...options,
    });
  const reverted = async (undo: AnyUnit, before: readonly AnyUnit[] = [], store = {}): Promise<void> => {
    const { act } = stage();
    const flow = linear('f').add([...before, undo, act('bad', { fails: true })]);
    await thrownBy(run(flow as AnyUnit, { ...serial, store }));
  };

  it('the arguments of execute, when nothing else is said', async () => {
    const told: unknown[] = [];
    await reverted(undoing(told, { rebind: { x: 'y' } }) as AnyUnit, [gives('p', 'y')]);
    expect(told).toEqual([[{ x: 'p' }, 'executed']]);
  });

  it('those of revertRequires alone, from the nearest provider before it', async () => {
    const told: unknown[] = [];
    const undo = undoing(told, { revertRequires: ['y'] });
    await reverted(undo as AnyUnit, [gives('p', 'x'), gives('q', 'y'), gives('r', 'y')]);
    expect(told).toEqual([[{ y: 'r' }, 'executed']]);
  });

  it('those that revertRebind renames; rebind is then not looked at', async () => {
    const told: unknown[] = [];
    const undo = undoing(told, { rebind: { x: 'y' }, revertRebind: { x: 'z' } });
    await reverted(undo as AnyUnit, [gives('p', 'y'), gives('q', 'z')]);
    expect(told).toEqual([[{ x: 'q' }, 'executed']]);
  });

  it('what inject fixes, and what the store has before any provider', async () => {
    const told: unknown[] = [];
    const undo = undoing(told, { revertRequires: ['y', 'z'], inject: { z: 'injected' } });
    await reverted(undo as AnyUnit, [gives('p', 'x'), gives('q', 'y'), gives('r', 'z')], { y: 'stored' });
    expect(told).toEqual([[{ y: 'stored', z: 'injected' }, 'executed']]);
  });

  it('nothing, for an empty revertRequires', async () => {
    const told: unknown[] = [];
    await reverted(undoing(told, { revertRequires: [] }) as AnyUnit, [gives('p', 'x')]);
    expect(told).toEqual([[{}, 'executed']]);
  });

  it('the part that lacks: it cannot be called then, which is a failure of the revert', async () => {
    const { act } = stage();
    const told: unknown[] = [];
    const half = fixtures.keys.as('half', { inject: { value: { w: 1 } } });
    const undo = undoing(told, { inject: { x: 1 }, revertRequires: ['height'] });
    const engine = createEngine(
      linear('f').add([half, undo, act('bad', { fails: true })]) as AnyUnit,
      serial,
    );
    expect(await thrownBy(engine.run())).toMatchObject({ code: 'PROVIDED_MISSING' });
    expect(statesOf(engine, 'half', 'undoing', 'bad')).toBe(
      'half SUCCESS, undoing REVERT_FAILURE, bad REVERTED',
    );
    expect(engine.storage.flowState).toBe('FAILURE');
    expect(told).toEqual([]);
  });

  it('its own arguments named like what it is told: result, failure and failures are symbols like others', async () => {
    const told: unknown[] = [];
    const names = ['result', 'failure', 'failures', 'flow_failures', 'history'];
    const undo = undoing(told, { inject: { x: 1 }, revertRequires: names });
    await reverted(undo as AnyUnit, [], Object.fromEntries(names.map((name) => [name, `my ${name}`])));
    expect(told).toEqual([[Object.fromEntries(names.map((name) => [name, `my ${name}`])), 'executed']]);
  });
});

describe('side by side', () => {
  it('a task that fails after the flow turned back is an execute failure, and later reverts are told of it', async () => {
    const { act } = stage();
    const told: unknown[] = [];
    const first = task('first', {
      execute: () => 1,
      revert: (_args, _context, { failures }) => void told.push([...failures.keys()]),
    });
    const both = unordered('both').add([act('early', { fails: true }), act('late', { fails: true })]);
    const { executor, engine, settle, done } = await started(linear('f').add([first, both]) as AnyUnit);
    await settle('first');
    await executor.begin('late');
    await settle('early', 'early');
    expect(engine.storage.atomIntention('late')).toBe('REVERT');
    await settle('late', 'late', 'first');
    const error = await done;
    expect(error).toBeInstanceOf(WrappedFailure);
    expect([...(error as WrappedFailure).failures.keys()].sort()).toEqual(['early', 'late']);
    expect([...engine.storage.failures.keys()].sort()).toEqual(['early', 'late']);
    expect(engine.storage.revertFailures.size).toBe(0);
    expect(told).toEqual([['early', 'late']]);
    expect(engine.storage.flowState).toBe('REVERTED');
  });

  it('reverts that run when another one fails are waited for, and queued ones do not start', async () => {
    const { act, told } = stage();
    const many = unordered('many').add([
      act('a', { failsBack: true }),
      act('b'),
      act('c'),
      act('d', { failsBack: true }),
    ]);
    const { executor, engine, settle, waiting, done } = await started(
      linear('f').add([act('first'), many, act('bad', { fails: true })]) as AnyUnit,
    );
    await settle('first', 'a', 'b', 'c', 'd', 'bad', 'bad');
    expect(waiting()).toBe('-a -b -c -d');
    await executor.begin('b');
    await executor.begin('d');
    await settle('a');
    expect(engine.storage.flowState).toBe('RUNNING');
    expect(await executor.begin('c')).toBe(false);
    await settle('b', 'd');
    const error = await done;
    expect([...(error as WrappedFailure).failures.keys()]).toEqual(['a', 'd']);
    expect(statesOf(engine, 'first', 'a', 'b', 'c', 'd')).toBe(
      'first SUCCESS, a REVERT_FAILURE, b REVERTED, c SUCCESS, d REVERT_FAILURE',
    );
    expect(told()).toBe('first a b c d bad -bad -a -b -d');
  });

  it('after a failed revert nothing is undone any more in other branches either, but for what is on its way', async () => {
    const { act, told } = stage();
    const line = (name: string, options: object) =>
      linear(name).add([act(`${name}1`), act(`${name}2`, options)]);
    const branches = unordered('branches').add([line('l', { failsBack: true }), line('r', {})]);
    const flow = linear('f').add([branches, act('bad', { fails: true })]);
    const { executor, engine, settle, waiting, done } = await started(flow as AnyUnit);
    await settle('l1', 'r1', 'l2', 'r2', 'bad', 'bad');
    await executor.begin('r2');
    await settle('l2', 'r2');
    expect(waiting()).toBe('');
    expect(await done).toMatchObject({ message: 'l2 is stuck' });
    expect(told()).toBe('l1 r1 l2 r2 bad -bad -l2 -r2');
    expect(statesOf(engine, 'l1', 'l2', 'r1', 'r2')).toBe(
      'l1 SUCCESS, l2 REVERT_FAILURE, r1 SUCCESS, r2 REVERTED',
    );
  });

  it('with neverResolve what runs ends and is kept, what is queued does not start, and no retry is asked', async () => {
    const { act, told } = stage();
    const asked: string[] = [];
    const own = retry('own', {
      execute: () => 1,
      onFailure: () => {
        asked.push('own');
        return 'RETRY' as const;
      },
    });
    const flow = unordered('f', { retry: own }).add([
      act('bad', { fails: true }),
      act('runs'),
      act('queued'),
    ]);
    const { executor, engine, settle, done } = await started(flow as AnyUnit, { neverResolve: true });
    await executor.begin('runs');
    await settle('bad');
    expect(await executor.begin('queued')).toBe(false);
    await settle('runs');
    expect(await done).toMatchObject({ message: 'bad failed 1' });
    expect(told()).toBe('bad runs');
    expect(statesOf(engine, 'bad', 'runs', 'queued')).toBe('bad FAILURE, runs SUCCESS, queued PENDING');
    expect(engine.storage.atomIntention('runs')).toBe('EXECUTE');
    expect(engine.storage.flowState).toBe('FAILURE');
    expect(asked).toEqual([]);
  });

  it('with neverResolve another run rejects with the same error, and nothing is done; after reset() it runs anew', async () => {
    const { act, told } = stage();
    const flow = linear('f').add([act('a'), act('bad', { fails: [1] })]);
    const engine = createEngine(flow as AnyUnit, { ...serial, neverResolve: true });
    for (let run = 0; run < 2; run++) {
      expect(await thrownBy(engine.run())).toMatchObject({ name: 'RangeError', message: 'bad failed 1' });
      expect(statesOf(engine, 'a', 'bad')).toBe('a SUCCESS, bad FAILURE');
    }
    expect(told()).toBe('a bad');
    engine.reset();
    expect(await engine.run()).toEqual({ a: 'a', bad: 'bad' });
    expect(told()).toBe('a bad a bad');
  });
});

describe('an ignored task', () => {
  it('is never reverted: it keeps its state, and what stands before it is undone; reset() brings it back', async () => {
    const { act, told } = stage();
    const answers = [false, true];
    const [a, b, c, bad] = [act('a'), act('b'), act('c'), act('bad', { fails: [1] })];
    const flow = graph('g')
      .add(a, b, c, bad)
      .link(a, b, { decider: () => answers.shift(), depth: 'ATOM' })
      .link(b, c)
      .link(c, bad);
    const engine = createEngine(flow as AnyUnit, serial);
    await thrownBy(engine.run());
    expect(told()).toBe('a c bad -bad -c -a');
    expect(statesOf(engine, 'a', 'b', 'c')).toBe('a REVERTED, b IGNORE, c REVERTED');
    expect(engine.storage.flowState).toBe('REVERTED');
    const heard = hear(engine);
    await engine.run();
    expect(heard).toContain('b PENDING');
    expect(told()).toBe('a c bad -bad -c -a a b c bad');
  });
});

describe('only failures of the current attempt count', () => {
  it('one that a retry overcame is not raised together with a later one', async () => {
    const { act } = stage();
    const inner = linear('inner', { retry: times(2) }).add([act('flaky', { fails: [1] })]);
    const engine = createEngine(linear('f').add([inner, act('late', { fails: true })]) as AnyUnit, serial);
    const told: unknown[] = [];
    engine.on('atom', ({ name, state }) => {
      if (name === 'flaky' && state === 'SUCCESS') told.push(engine.storage.failures.size);
    });
    const error = await thrownBy(engine.run());
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'late failed 1' });
    expect([...engine.storage.failures.keys()]).toEqual(['late']);
    expect(told).toEqual([0]);
  });

  it('of two tasks that failed in different attempts the last one is raised', async () => {
    const { act } = stage();
    const flow = linear('f', { retry: times(2) }).add([act('a', { fails: [1] }), act('b', { fails: true })]);
    const engine = createEngine(flow as AnyUnit, serial);
    expect(await thrownBy(engine.run())).toMatchObject({ message: 'b failed 1' });
    expect([...engine.storage.failures.keys()]).toEqual(['b']);
  });

  it('reverts in a later attempt are told of the failures of that attempt alone', async () => {
    const { act } = stage();
    const told: unknown[] = [];
    const first = task('first', {
      execute: () => 1,
      revert: (_args, _context, { failures }) => void told.push([...failures.keys()].join()),
    });
    const flow = linear('f', { retry: times(2) }).add([
      first,
      act('a', { fails: [1] }),
      act('b', { fails: true }),
    ]);
    await thrownBy(run(flow as AnyUnit, serial));
    expect(told).toEqual(['a', 'b']);
  });

  it('a run after REVERTED, or after reset(), forgets those of the run before', async () => {
    const { act } = stage();
    const flow = linear('f').add([
      act('a', { fails: [1] }),
      act('b', { fails: [1] }),
      act('c', { fails: [1] }),
    ]);
    const engine = createEngine(flow as AnyUnit, serial);
    for (const name of ['a', 'b', 'c']) {
      expect(await thrownBy(engine.run())).toMatchObject({ message: `${name} failed 1` });
      expect([...engine.storage.failures.keys()]).toEqual([name]);
      if (name === 'b') engine.reset();
    }
    expect(await thrownBy(engine.run())).toBeUndefined();
  });
});

describe('a retry that gives up', () => {
  // outer(a, inner(b, bad)), and beside it other
  const nested = (outer: boolean) => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(1) }).add([act('b'), act('bad', { fails: [1] })]);
    const around = linear('around', outer ? { retry: times(1) } : {}).add([act('a'), inner]);
    return { flow: linear('f').add([act('other'), around]) as AnyUnit, told };
  };

  it('has everything reverted, unless deferReverts says no', async () => {
    const { flow, told } = nested(false);
    const engine = createEngine(flow, serial);
    await thrownBy(engine.run());
    expect(told()).toBe('other a b bad -bad -b -a -other');
    expect(statesOf(engine, 'other', 'a', 'b')).toBe('other REVERTED, a REVERTED, b REVERTED');
  });

  it.each([false, true])(
    'with deferReverts: false only its own flow, even where a retry around it (%s) gives up too',
    async (outer) => {
      const { flow, told } = nested(outer);
      const engine = createEngine(flow, { ...serial, deferReverts: false });
      await thrownBy(engine.run());
      expect(told()).toBe('other a b bad -bad -b');
      expect(statesOf(engine, 'other', 'a', 'inner_retry')).toBe(
        'other SUCCESS, a SUCCESS, inner_retry REVERTED',
      );
      expect(engine.storage.flowState).toBe('REVERTED');
    },
  );

  it('after a partial revert another run resets all, and executes the unreverted tasks again', async () => {
    const { flow, told } = nested(false);
    const engine = createEngine(flow, { ...serial, deferReverts: false });
    await thrownBy(engine.run());
    const heard = hear(engine);
    await engine.run();
    expect(heard.slice(0, 3)).toEqual(['other PENDING', 'a PENDING', 'inner_retry PENDING']);
    expect(told()).toBe('other a b bad -bad -b other a b bad');
  });

  it('with deferReverts: false hands over to a retry around it that has attempts left', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(1) }).add([act('bad', { fails: [1] })]);
    const flow = linear('f').add([
      act('other'),
      linear('around', { retry: times(2) }).add([act('a'), inner]),
    ]);
    await run(flow as AnyUnit, { ...serial, deferReverts: false });
    expect(told()).toBe('other a bad -bad -a a bad');
  });
});

describe('what goes wrong around a task is a failure of its atom', () => {
  // Each fails once; then the retry around it has its flow run again.
  const failing = () => {
    const { act, told } = stage();
    let count = 0;
    const once = <T>(value: T): T => {
      if (++count === 1) throw new EvalError('once');
      return value;
    };
    return { act, told, once };
  };

  it('a decider that throws: the retry around is asked, and what ran in its flow is undone', async () => {
    const { act, told, once } = failing();
    const [a, b] = [act('a'), act('b')];
    const inner = graph('inner', { retry: times(2) })
      .add(a, b)
      .link(a, b, { decider: () => once(true) });
    const engine = createEngine(linear('f').add([act('before'), inner]) as AnyUnit, serial);
    const heard = hear(engine);
    await engine.run();
    expect(told()).toBe('before a -a a b');
    expect(heard.filter((word) => word.startsWith('b ')).join(' ')).toBe(
      'b RUNNING b FAILURE b REVERTING b REVERTED b PENDING b RUNNING b SUCCESS',
    );
  });

  it('an argument that cannot be had: the retry around is asked', async () => {
    const { act, told } = stage();
    const half = task('half', {
      provides: { x: 'x' },
      execute: (_args: object, { attempt }) => (attempt === 1 ? {} : { x: 'there' }) as { x: string },
    });
    const inner = linear('inner', { retry: times(2) }).add([half, takes('c', 'x')]);
    const engine = createEngine(linear('f').add([act('before'), inner]) as AnyUnit, serial);
    const history: unknown[] = [];
    engine.on('atom', ({ name, state }) => {
      if (name !== 'inner_retry' || state !== 'RETRYING') return;
      const [attempt] = engine.storage.retryHistory('inner_retry').attempts;
      history.push(
        [...(attempt?.failures ?? [])].map(([atom, error]) => [atom, (error as { code?: string }).code]),
      );
    });
    await engine.run();
    expect(history).toEqual([[['c', 'PROVIDED_MISSING']]]);
    expect(engine.storage.get('c')).toBe('there');
    expect(told()).toBe('before');
  });

  it('a result that cannot be kept: the task has failed, and is undone like any other', async () => {
    const { act, told } = stage();
    const undone: unknown[] = [];
    const odd = task('odd', {
      execute: () => ({ go: () => {} }),
      revert: (_args, _context, { result, failure }) =>
        void undone.push([result, (failure as { code?: string } | undefined)?.code]),
    });
    const engine = createEngine(linear('f').add([act('before'), odd]) as AnyUnit, serial);
    expect(await thrownBy(engine.run())).toMatchObject({ code: 'VALUE_NOT_ENCODABLE' });
    expect(undone).toEqual([[undefined, 'VALUE_NOT_ENCODABLE']]);
    expect(told()).toBe('before -before');
  });

  it.each(['execute', 'onFailure'])(
    'a retry that throws in its %s hands over to the one around it',
    async (where) => {
      const { act, told, once } = failing();
      const own = retry('own', {
        execute: () => (where === 'execute' ? once(1) : 1),
        onFailure: () => (where === 'onFailure' ? once('RETRY' as const) : 'RETRY'),
      });
      const inner = linear('inner', { retry: own }).add([
        act('bad', where === 'onFailure' ? { fails: [1] } : {}),
      ]);
      const engine = createEngine(
        linear('outer', { retry: times(2) }).add([act('a'), inner]) as AnyUnit,
        serial,
      );
      await engine.run();
      expect(told()).toBe(where === 'onFailure' ? 'a bad -bad -a a bad' : 'a -a a bad');
      expect(engine.storage.failures.size).toBe(0);
    },
  );

  it('a worker that is lost: the retry around is asked', async () => {
    const { act, told } = stage();
    const flow = linear('f', { retry: times(2) }).add([act('a'), act('b')]);
    const { executor, engine, settle, done } = await started(flow as AnyUnit);
    await settle('a');
    await executor.lose('b');
    await executor.idle();
    const error = engine.storage.failures.get('b');
    expect(error).toMatchObject({ code: 'WORKER_EXITED' });
    await settle('b', 'a', 'a', 'b');
    expect(await done).toBeUndefined();
    expect(told()).toBe('a -b -a a b');
  });
});
