/** Stopping between atoms and going on, and starting anew (semantics 2.10, D1, D6). */
import {
  type AnyUnit,
  createEngine,
  type Engine,
  graph,
  linear,
  retry,
  task,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';
import { everyExecutor, gives, hear, stage, started, statesOf, thrownBy } from './executors.ts';

const serial = { executor: 'serial' } as const;

/** Suspends, once, when an atom (or `flow`) goes to a state, as in `a SUCCESS`. */
function suspendAt(engine: Engine<AnyUnit>, moment: string): void {
  const stop = { flow: () => {}, atom: () => {} };
  const look = (told: string): void => {
    if (told !== moment) return;
    stop.flow();
    stop.atom();
    engine.suspend();
  };
  stop.flow = engine.on('flow', ({ state }) => look(`flow ${state}`));
  stop.atom = engine.on('atom', ({ name, state }) => look(`${name} ${state}`));
}

describe.each(everyExecutor)('a suspend, on %s', (_, executor) => {
  it('lets six tasks be executed six times in all, whenever it comes and how many wait in the queue', async () => {
    for (const moment of ['flow RUNNING', 'a RUNNING', 'a SUCCESS', 'c RUNNING', 'd SUCCESS', 'f SUCCESS']) {
      const { act, told } = stage();
      const engine = createEngine(unordered('all').add('abcdef'.split('').map((name) => act(name))), {
        executor: executor(),
      });
      suspendAt(engine as Engine<AnyUnit>, moment);
      await engine.run();
      const states = [...engine.compilation.atoms.keys()].map((atom) => engine.storage.atomState(atom));
      expect(states.every((state) => state === 'PENDING' || state === 'SUCCESS')).toBe(true);
      expect(engine.storage.flowState).toBe(states.includes('PENDING') ? 'SUSPENDED' : 'SUCCESS');
      await engine.run();
      expect(told().split(' ').sort().join('')).toBe('abcdef');
      expect(engine.storage.flowState).toBe('SUCCESS');
    }
  });

  it('after every single task: each run goes on by one, and none is executed twice', async () => {
    const { act, told } = stage();
    const engine = createEngine(linear('f').add([act('a'), act('b'), act('c')]) as AnyUnit, {
      executor: executor(),
    });
    const heard = hear(engine);
    engine.on('atom', ({ state }) => state === 'SUCCESS' && engine.suspend());
    expect(await engine.run()).toEqual({ a: 'a' });
    expect(await engine.run()).toEqual({ a: 'a', b: 'b' });
    expect(await engine.run()).toEqual({ a: 'a', b: 'b', c: 'c' });
    expect(told()).toBe('a b c');
    expect(heard.filter((word) => word.startsWith('flow')).map((word) => word.slice(5))).toEqual([
      ...['RUNNING', 'SUSPENDING', 'SUSPENDED'],
      ...['RUNNING', 'SUSPENDING', 'SUSPENDED'],
      ...['RUNNING', 'SUSPENDING', 'SUCCESS'],
    ]);
  });

  it('while a failure is taken back: the rest is taken back by the next run, which rejects with the failure', async () => {
    for (const moment of [
      'bad FAILURE',
      'bad REVERTING',
      'bad REVERTED',
      'b REVERTING',
      'b REVERTED',
      'a REVERTING',
    ]) {
      const { act, told } = stage();
      const flow = linear('f').add([act('a'), act('b'), act('bad', { fails: true })]);
      const engine = createEngine(flow as AnyUnit, { executor: executor() });
      suspendAt(engine, moment);
      const first = await thrownBy(engine.run());
      if (moment !== 'a REVERTING') {
        expect([moment, first, engine.storage.flowState]).toEqual([moment, undefined, 'SUSPENDED']);
        expect(engine.storage.atomIntention('a')).toBe('REVERT');
        expect(engine.storage.failures.get('bad')).toBeInstanceOf(RangeError);
      }
      const last = moment === 'a REVERTING' ? first : await thrownBy(engine.run());
      expect(last).toMatchObject({ name: 'RangeError', message: 'bad failed 1' });
      expect(engine.storage.flowState).toBe('REVERTED');
      expect(told()).toBe('a b bad -bad -b -a');
    }
  });
});

describe('a suspend is heeded at once', () => {
  it('SUSPENDING is told before suspend() returns, what runs ends and is kept, nothing else starts', async () => {
    const { act, told } = stage();
    const flow = unordered('f').add([act('a'), act('b'), linear('line').add([act('c'), act('d')])]);
    const { executor, engine, heard, done, settle, go } = await started(flow as AnyUnit);
    await executor.begin('a');
    await executor.begin('c');
    engine.suspend();
    expect(heard.at(-1)).toBe('flow SUSPENDING');
    expect(await executor.begin('b')).toBe(false);
    await settle('c', 'a');
    expect(await done).toBeUndefined();
    expect(statesOf(engine, 'a', 'b', 'c', 'd')).toBe('a SUCCESS, b PENDING, c SUCCESS, d PENDING');
    expect(engine.storage.flowState).toBe('SUSPENDED');
    const second = await go();
    await settle('d', 'b');
    expect(await second.done).toBeUndefined();
    expect(told()).toBe('c a d b');
  });

  it('a second one while it suspends, and one after it, change nothing and are not told', async () => {
    const { act } = stage();
    const { executor, engine, heard, done, settle } = await started(
      linear('f').add([act('a'), act('b')]) as AnyUnit,
    );
    await executor.begin('a');
    engine.suspend();
    engine.suspend();
    await settle('a');
    await done;
    engine.suspend();
    expect(heard.filter((word) => word.startsWith('flow'))).toEqual([
      'flow RUNNING',
      'flow SUSPENDING',
      'flow SUSPENDED',
    ]);
    expect(await engineOn(engine, executor)).toEqual({ a: 'a', b: 'b' });
  });

  it('but not from PENDING, SUCCESS, REVERTED and FAILURE: the next run is not suspended by it', async () => {
    const { act } = stage();
    const fresh = createEngine(act('a') as AnyUnit, serial);
    fresh.compile();
    fresh.suspend();
    expect(await fresh.run()).toEqual({ a: 'a' });
    fresh.suspend();
    expect(fresh.storage.flowState).toBe('SUCCESS');
    expect(await fresh.run()).toEqual({ a: 'a' });
    const failing = createEngine(act('b', { fails: [1] }) as AnyUnit, serial);
    await thrownBy(failing.run());
    failing.suspend();
    expect(failing.storage.flowState).toBe('REVERTED');
    expect(await failing.run()).toEqual({ b: 'b' });
    const stuck = createEngine(act('c', { fails: true, failsBack: true }) as AnyUnit, serial);
    await thrownBy(stuck.run());
    stuck.suspend();
    expect(stuck.storage.flowState).toBe('FAILURE');
    expect(await thrownBy(stuck.run())).toMatchObject({ message: 'c is stuck' });
  });

  it('of the last task or the last revert ends the flow: SUCCESS, REVERTED or FAILURE, not SUSPENDED', async () => {
    const cases = [
      [{}, 'a RUNNING', 'SUCCESS'],
      [{ fails: true }, 'a REVERTING', 'REVERTED'],
      [{ fails: true, failsBack: true }, 'a REVERTING', 'FAILURE'],
    ] as const;
    for (const [options, moment, end] of cases) {
      const { act } = stage();
      const engine = createEngine(act('a', options) as AnyUnit, serial);
      const heard = hear(engine);
      suspendAt(engine, moment);
      await thrownBy(engine.run());
      expect(heard.filter((word) => word.startsWith('flow'))).toEqual([
        'flow RUNNING',
        'flow SUSPENDING',
        `flow ${end}`,
      ]);
    }
  });
});

describe('a suspend may come from anywhere', () => {
  it('a decider: the atom is not decided, and the decider is asked again by the next run', async () => {
    for (const answer of [false, true, Promise.resolve(false), Promise.resolve(true)]) {
      const { act, told } = stage();
      const [a, b] = [act('a'), act('b')];
      let asked = 0;
      const decider = (): unknown => {
        if (++asked === 1) engine.suspend();
        return answer;
      };
      const engine: Engine<AnyUnit> = createEngine(
        graph('g').add(a, b).link(a, b, { decider }) as AnyUnit,
        serial,
      );
      await engine.run();
      expect(engine.storage.flowState).toBe('SUSPENDED');
      expect(statesOf(engine, 'a', 'b')).toBe('a SUCCESS, b PENDING');
      await engine.run();
      expect(asked).toBe(2);
      expect(told()).toBe((await answer) ? 'a b' : 'a');
      expect(engine.storage.atomState('b')).toBe((await answer) ? 'SUCCESS' : 'IGNORE');
    }
  });

  it('the execute of a retry: its value is kept, and its flow begins in the next run', async () => {
    const { act, told } = stage();
    let executed = 0;
    const own = retry('own', {
      provides: 'n',
      execute() {
        engine.suspend();
        return ++executed;
      },
      onFailure: () => 'REVERT',
    });
    const engine: Engine<AnyUnit> = createEngine(
      linear('f', { retry: own }).add([act('a')]) as AnyUnit,
      serial,
    );
    expect(await engine.run()).toEqual({ n: 1 });
    expect(statesOf(engine, 'own', 'a')).toBe('own SUCCESS, a PENDING');
    expect(await engine.run()).toEqual({ n: 1, a: 'a' });
    expect([executed, told()]).toEqual([1, 'a']);
  });

  it('an onFailure: what it decided is carried out by the next run', async () => {
    for (const decision of ['RETRY', 'REVERT', 'REVERT_ALL'] as const) {
      const { act, told } = stage();
      const own = retry('own', {
        execute: () => 1,
        onFailure() {
          engine.suspend();
          return decision;
        },
      });
      const flow = linear('f', { retry: own }).add([act('a'), act('bad', { fails: [1] })]);
      const engine: Engine<AnyUnit> = createEngine(flow as AnyUnit, serial);
      expect(await thrownBy(engine.run())).toBeUndefined();
      expect(engine.storage.flowState).toBe('SUSPENDED');
      expect(told()).toBe('a bad');
      const end = await thrownBy(engine.run());
      expect(told()).toBe(decision === 'RETRY' ? 'a bad -bad -a a bad' : 'a bad -bad -a');
      expect(engine.storage.flowState).toBe(decision === 'RETRY' ? 'SUCCESS' : 'REVERTED');
      if (decision !== 'RETRY') expect(end).toMatchObject({ message: 'bad failed 1' });
    }
  });

  it.each(['f_retry RETRYING', 'bad REVERTED', 'a PENDING', 'f_retry RUNNING'])(
    'the midst of a retry (%s): the next run goes on with the attempt, and counts on',
    async (moment) => {
      const { act, told } = stage();
      const flow = linear('f', { retry: times(2) }).add([act('a'), act('bad', { fails: [1] })]);
      const engine = createEngine(flow as AnyUnit, serial);
      const later = moment === 'f_retry RUNNING';
      let seen = 0;
      engine.on('atom', ({ name, state }) => {
        if (`${name} ${state}` === moment && ++seen === (later ? 2 : 1)) engine.suspend();
      });
      expect(await thrownBy(engine.run())).toBeUndefined();
      expect(engine.storage.flowState).toBe('SUSPENDED');
      await engine.run();
      expect(told()).toBe('a bad -bad -a a bad');
      expect(engine.storage.retryHistory('f_retry').length).toBe(2);
      expect(engine.storage.flowState).toBe('SUCCESS');
    },
  );

  it('a task that fails while the flow suspends: no exception, and the retry it asked goes on in the next run', async () => {
    const { act, told } = stage();
    const flow = linear('f', { retry: times(2) }).add([act('a'), act('bad', { fails: [1] })]);
    const { executor, engine, settle, done, go } = await started(flow as AnyUnit);
    await settle('a');
    await executor.begin('bad');
    engine.suspend();
    await settle('bad');
    expect(await done).toBeUndefined();
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(engine.storage.atomIntention('f_retry')).toBe('RETRY');
    expect(statesOf(engine, 'a', 'bad')).toBe('a SUCCESS, bad FAILURE');
    const second = await go();
    await executor.settleAll();
    expect(await second.done).toBeUndefined();
    expect(told()).toBe('a bad -bad -a a bad');
  });

  it('a revert that fails while the flow suspends: FAILURE, and its error', async () => {
    const { act } = stage();
    const flow = linear('f').add([act('a'), act('bad', { fails: true, failsBack: true })]);
    const { executor, engine, settle, done } = await started(flow as AnyUnit);
    await settle('a', 'bad');
    await executor.begin('bad');
    engine.suspend();
    await settle('bad');
    expect(await done).toMatchObject({ message: 'bad is stuck' });
    expect(engine.storage.flowState).toBe('FAILURE');
    expect(engine.storage.atomState('a')).toBe('SUCCESS');
  });

  it('a task of the main thread that runs: it ends, and the next does not start', async () => {
    const { act, told } = stage();
    const self = task('self', { provides: 'self', execute: () => engine.suspend() });
    const engine: Engine<AnyUnit> = createEngine(linear('f').add([self, act('b')]) as AnyUnit, serial);
    await engine.run();
    expect(statesOf(engine, 'self', 'b')).toBe('self SUCCESS, b PENDING');
    await engine.run();
    expect(told()).toBe('b');
  });
});

describe('runIter', () => {
  it.each(['RESUMING', 'SCHEDULING', 'WAITING', 'ANALYZING'] as const)(
    'suspended by next(true) at its first %s: ends SUSPENDED, and what ran is kept',
    async (at) => {
      const { act, told } = stage();
      const engine = createEngine(linear('f').add([act('a'), act('b'), act('c')]) as AnyUnit, serial);
      const states = engine.runIter();
      const seen: unknown[] = [];
      let suspended = false;
      for (let step = await states.next(); !step.done; ) {
        seen.push(step.value);
        const now: boolean = step.value === at && !suspended;
        suspended ||= now;
        step = await states.next(now);
      }
      expect(seen.at(-1)).toBe('SUSPENDED');
      expect(engine.storage.flowState).toBe('SUSPENDED');
      // At WAITING it is not said whether the first has begun.
      const possible = { RESUMING: [''], SCHEDULING: [''], WAITING: ['', 'a'], ANALYZING: ['a'] }[at];
      expect(possible).toContain(told());
      await engine.run();
      expect(told()).toBe('a b c');
    },
  );

  it('left by return() while a task runs: waits for its end, keeps it, and is SUSPENDED', async () => {
    const { act, told } = stage();
    const executor = new ManualTaskExecutor();
    const engine = createEngine(linear('f').add([act('a'), act('b')]) as AnyUnit, { executor });
    const states = engine.runIter();
    while ((await states.next()).value !== 'WAITING');
    await executor.begin('a');
    const left = states.return(undefined as never);
    await executor.idle();
    expect(engine.storage.flowState).toBe('SUSPENDING');
    await executor.settle('a');
    await left;
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(await engineOn(engine, executor)).toEqual({ a: 'a', b: 'b' });
    expect(told()).toBe('a b');
  });
});

describe('reset()', () => {
  /** Engines of the same flow [a, bad, c], each brought to one of the states. */
  const brought: readonly [string, () => Promise<[Engine<AnyUnit>, () => string]>][] = [
    ['PENDING', async () => bring({}, async (engine) => engine.prepare())],
    ['SUCCESS', async () => bring({}, (engine) => engine.run())],
    ['REVERTED', async () => bring({ fails: [1] }, (engine) => engine.run())],
    ['FAILURE', async () => bring({ fails: [1], failsBack: true }, (engine) => engine.run())],
    [
      'SUSPENDED',
      async () =>
        bring({}, (engine) => {
          suspendAt(engine, 'a SUCCESS');
          return engine.run();
        }),
    ],
    [
      'SUSPENDED',
      async () =>
        bring({ fails: [1] }, (engine) => {
          suspendAt(engine, 'bad REVERTED');
          return engine.run();
        }),
    ],
  ];

  async function bring(
    options: object,
    to: (engine: Engine<AnyUnit>) => unknown,
  ): Promise<[Engine<AnyUnit>, () => string]> {
    const { act, told } = stage();
    const engine = createEngine(
      linear('f').add([act('a'), act('bad', options), act('c')]) as AnyUnit,
      serial,
    );
    engine.compile();
    engine.prepare();
    await thrownBy((async () => to(engine))());
    return [engine, told];
  }

  it.each(brought)(
    'from %s puts all back, tells of what was not PENDING, and the next run starts anew',
    async (from, make) => {
      const [engine, told] = await make();
      expect(engine.storage.flowState).toBe(from);
      const moved = ['a', 'bad', 'c'].filter((name) => engine.storage.atomState(name) !== 'PENDING');
      const before = told().split(' ').filter(Boolean).length;
      const heard = hear(engine);
      engine.reset();
      expect(heard).toEqual([
        ...moved.map((name) => `${name} PENDING`),
        ...(from === 'PENDING' ? [] : ['flow PENDING']),
      ]);
      expect(statesOf(engine, 'a', 'bad', 'c')).toBe('a PENDING, bad PENDING, c PENDING');
      expect(['a', 'bad', 'c'].map((name) => engine.storage.atomIntention(name))).toEqual(
        Array(3).fill('EXECUTE'),
      );
      expect([engine.storage.failures.size, engine.storage.revertFailures.size]).toEqual([0, 0]);
      expect(engine.storage.fetchAll()).toEqual({});
      expect(await engine.run()).toEqual({ a: 'a', bad: 'bad', c: 'c' });
      expect(told().split(' ').slice(before)).toEqual(['a', 'bad', 'c']);
    },
  );

  it('twice in a row tells nothing more', async () => {
    const [engine] = await bring({}, (each) => each.run());
    engine.reset();
    const heard = hear(engine);
    engine.reset();
    expect(heard).toEqual([]);
  });

  it('keeps the store, and forgets results, reverts, histories and progress', async () => {
    const { act } = stage();
    const flow = linear('f', { retry: times(2) }).add([
      gives('p', 'x'),
      act('bad', { fails: true, undone: 1 }),
    ]);
    const engine = createEngine(flow as AnyUnit, { ...serial, store: { kept: 1 } });
    await thrownBy(engine.run());
    engine.reset();
    expect(engine.storage.fetchAll()).toEqual({ kept: 1 });
    expect(engine.storage.revertResult('bad')).toBeUndefined();
    expect(engine.storage.retryHistory('f_retry').length).toBe(0);
    expect(engine.storage.progress('p').fraction).toBe(0);
    expect(() => engine.storage.get('p')).toThrow(expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }));
  });

  it('is refused in a listener, even of the last state: the run has not ended then', async () => {
    const { act } = stage();
    const engine = createEngine(act('a') as AnyUnit, serial);
    const codes: unknown[] = [];
    engine.on('flow', ({ state }) => {
      try {
        engine.reset();
        codes.push(state);
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
    });
    await engine.run();
    expect(codes).toEqual(['ENGINE_STATE_INVALID', 'ENGINE_STATE_INVALID']);
    expect(engine.storage.flowState).toBe('SUCCESS');
  });

  it('is refused while the flow is RUNNING or SUSPENDING, and changes nothing', async () => {
    const { act, told } = stage();
    const { executor, engine, settle, done, heard } = await started(
      linear('f').add([act('a'), act('b')]) as AnyUnit,
    );
    const refused = (): void => {
      const before = heard.length;
      expect(() => engine.reset()).toThrow(expect.objectContaining({ code: 'ENGINE_STATE_INVALID' }));
      expect(heard.length).toBe(before);
    };
    refused();
    await settle('a');
    await executor.begin('b');
    refused();
    engine.suspend();
    refused();
    expect(statesOf(engine, 'a', 'b')).toBe('a SUCCESS, b RUNNING');
    await settle('b');
    expect(await done).toBeUndefined();
    expect(engine.storage.flowState).toBe('SUCCESS');
    expect(told()).toBe('a b');
    engine.reset();
    expect(engine.storage.flowState).toBe('PENDING');
  });
});

/** Runs it to its end on its executor. */
async function engineOn(engine: Engine<AnyUnit>, executor: ManualTaskExecutor): Promise<unknown> {
  const done = engine.run();
  await executor.settleAll();
  return done;
}
