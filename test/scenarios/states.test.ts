/** Which states flows, atoms and the engine go through, and what is told of them (semantics 2.1, 2.2, 2.3). */
import {
  type AnyUnit,
  createEngine,
  type Engine,
  forEach,
  graph,
  linear,
  task,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';
import {
  type ActOptions,
  everyExecutor,
  gives,
  hear,
  stage,
  started,
  statesOf,
  thrownBy,
} from './executors.ts';

const serial = { executor: 'serial' } as const;

/** What was told of one atom, or of the flow. */
const of = (name: string, heard: readonly string[]): string =>
  heard
    .filter((word) => word.startsWith(`${name} `))
    .map((word) => word.slice(name.length + 1))
    .join(' ');

/** Every step of a run with the state in which it ended, and what it threw. */
async function stepsOf(
  engine: Engine<AnyUnit>,
): Promise<{ readonly steps: string; readonly error: unknown }> {
  const steps: string[] = [];
  const short = { RESUMING: 'R', SCHEDULING: 's', WAITING: 'w', ANALYZING: 'a' } as Record<string, string>;
  const error = await thrownBy(
    (async () => {
      for await (const state of engine.runIter()) steps.push(short[state] ?? ` ${state}`);
    })(),
  );
  return { steps: steps.join(''), error };
}

describe.each(everyExecutor)('a task, on %s, goes', (_, executor) => {
  const story = async (options: ActOptions, ...then: (ActOptions | undefined)[]): Promise<string[]> => {
    const { act } = stage();
    const flow = linear('f').add([act('t', options), ...then.map((each, at) => act(`then${at}`, each))]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    const heard = hear(engine);
    await thrownBy(engine.run());
    return [of('t', heard), of('flow', heard)];
  };

  it.each([
    ['when it succeeds', [{}], 'RUNNING SUCCESS', 'RUNNING SUCCESS'],
    ['when it fails', [{ fails: true }], 'RUNNING FAILURE REVERTING REVERTED', 'RUNNING REVERTED'],
    ['when another fails', [{}, { fails: true }], 'RUNNING SUCCESS REVERTING REVERTED', 'RUNNING REVERTED'],
    [
      'when its revert fails',
      [{ failsBack: true }, { fails: true }],
      'RUNNING SUCCESS REVERTING REVERT_FAILURE',
      'RUNNING FAILURE',
    ],
    [
      'when its own revert fails',
      [{ fails: true, failsBack: true }],
      'RUNNING FAILURE REVERTING REVERT_FAILURE',
      'RUNNING FAILURE',
    ],
    [
      'when one before it fails',
      [{ fails: true }, {}],
      'RUNNING FAILURE REVERTING REVERTED',
      'RUNNING REVERTED',
    ],
  ] as [string, [ActOptions, ...ActOptions[]], string, string][])(
    '%s',
    async (_name, options, atom, flow) => {
      expect(await story(...options)).toEqual([atom, flow]);
    },
  );
});

describe('an atom', () => {
  it('that was ignored goes to IGNORE and no further, and with reset() back to PENDING', async () => {
    const [a, b] = [gives('a', 'x'), gives('b', 'y')];
    const engine = createEngine(
      graph('g')
        .add(a, b)
        .link(a, b, { decider: () => false }) as AnyUnit,
      serial,
    );
    const heard = hear(engine);
    await engine.run();
    expect(engine.storage.atomIntention('b')).toBe('IGNORE');
    engine.reset();
    expect(of('b', heard)).toBe('IGNORE PENDING');
    expect(engine.storage.atomIntention('b')).toBe('EXECUTE');
    expect(of('flow', heard)).toBe('RUNNING SUCCESS PENDING');
  });

  it('that is a retry goes to RETRYING when its flow is taken back, and what lies behind it to PENDING', async () => {
    const { act } = stage();
    const flow = linear('f', { retry: times(2) }).add([act('a'), act('bad', { fails: true }), act('c')]);
    const engine = createEngine(flow as AnyUnit, serial);
    const heard = hear(engine);
    await thrownBy(engine.run());
    expect(of('f_retry', heard)).toBe('RUNNING SUCCESS RETRYING RUNNING SUCCESS REVERTING REVERTED');
    expect(of('a', heard)).toBe(
      'RUNNING SUCCESS REVERTING REVERTED PENDING RUNNING SUCCESS REVERTING REVERTED',
    );
    expect(of('c', heard)).toBe('');
    const back = heard.indexOf('f_retry RETRYING');
    expect(heard.slice(back - 1, back + 4)).toEqual([
      ...['a REVERTED', 'f_retry RETRYING', 'a PENDING', 'bad PENDING', 'f_retry RUNNING'],
    ]);
  });

  it('that is a retry whose execute fails goes to FAILURE, and is reverted', async () => {
    const { act } = stage();
    const engine = createEngine(linear('f', { retry: forEach([]) }).add([act('a')]) as AnyUnit, serial);
    const heard = hear(engine);
    await thrownBy(engine.run());
    expect(of('f_retry', heard)).toBe('RUNNING FAILURE REVERTING REVERTED');
    expect(of('a', heard)).toBe('');
  });

  it('is told of with its kind, the state before, and its result or failure where it has one', async () => {
    const { act } = stage();
    const flow = linear('f', { retry: times(1, { provides: 'n' }) }).add([
      act('a', { result: [1], undone: 'undone' }),
      act('bad', { fails: true, failsBack: false }),
    ]);
    const engine = createEngine(flow as AnyUnit, serial);
    const told: unknown[] = [];
    engine.on('atom', ({ name, kind, oldState, state, result, failure }) =>
      told.push([name, kind, `${oldState}>${state}`, result, failure?.message ?? null]),
    );
    await thrownBy(engine.run());
    expect(told).toEqual([
      ['f_retry', 'retry', 'PENDING>RUNNING', undefined, null],
      ['f_retry', 'retry', 'RUNNING>SUCCESS', 1, null],
      ['a', 'task', 'PENDING>RUNNING', undefined, null],
      ['a', 'task', 'RUNNING>SUCCESS', [1], null],
      ['bad', 'task', 'PENDING>RUNNING', undefined, null],
      ['bad', 'task', 'RUNNING>FAILURE', undefined, 'bad failed 1'],
      ['bad', 'task', 'FAILURE>REVERTING', undefined, null],
      ['bad', 'task', 'REVERTING>REVERTED', undefined, null],
      ['a', 'task', 'SUCCESS>REVERTING', undefined, null],
      ['a', 'task', 'REVERTING>REVERTED', 'undone', null],
      ['f_retry', 'retry', 'SUCCESS>REVERTING', undefined, null],
      ['f_retry', 'retry', 'REVERTING>REVERTED', undefined, null],
    ]);
  });

  it('has its new state in the storage when it is told of', async () => {
    const { act } = stage();
    const engine = createEngine(linear('f').add([act('a'), act('bad', { fails: true })]) as AnyUnit, serial);
    const wrong: string[] = [];
    engine.on('atom', ({ name, state }) => {
      if (engine.storage.atomState(name) !== state) wrong.push(`${name} ${state}`);
    });
    engine.on('flow', ({ state }) => {
      if (engine.storage.flowState !== state) wrong.push(`flow ${state}`);
    });
    await thrownBy(engine.run());
    expect(wrong).toEqual([]);
  });

  it('has progress 0 when it begins, to run or to be undone, and 1 when that is done', async () => {
    const seen: unknown[] = [];
    const half = task('half', {
      execute: (_args: object, { progress }) => progress(0.5),
      revert: (_args: object, { progress }) => progress(0.25),
    });
    const { act } = stage();
    const engine = createEngine(linear('f').add([half, act('bad', { fails: true })]) as AnyUnit, serial);
    const note = (what: string): unknown => seen.push([what, engine.storage.progress('half').fraction]);
    engine.on('atom', ({ name, state }) => name === 'half' && note(state));
    engine.on('progress', ({ fraction }) => note(`told ${fraction}`));
    await thrownBy(engine.run());
    expect(seen).toEqual([
      ['RUNNING', 0],
      ['told 0.5', 0.5],
      ['SUCCESS', 1],
      ['REVERTING', 0],
      ['told 0.25', 0.25],
      ['REVERTED', 1],
    ]);
  });
});

describe('the intention', () => {
  it('is EXECUTE at first and after success, and REVERT for all once something failed that no retry takes', async () => {
    const { act } = stage();
    const flow = linear('f').add([act('a'), act('bad', { fails: true }), act('c')]);
    const { engine, settle } = await started(flow as AnyUnit);
    const intentions = (): string =>
      ['a', 'bad', 'c'].map((name) => engine.storage.atomIntention(name)).join(' ');
    await settle('a');
    expect(intentions()).toBe('EXECUTE EXECUTE EXECUTE');
    await settle('bad');
    expect(intentions()).toBe('REVERT REVERT REVERT');
  });

  it('is RETRY for a retry while its flow is taken back, REVERT behind it, and EXECUTE for what is not', async () => {
    const { act } = stage();
    const inner = linear('inner', { retry: times(2) }).add([act('b'), act('bad', { fails: [1] })]);
    const flow = unordered('f').add([linear('line').add([act('a'), inner, act('behind')]), act('aside')]);
    const { engine, settle } = await started(flow as AnyUnit);
    await settle('aside', 'a', 'b', 'bad');
    const intentions = (...names: readonly string[]): string =>
      names.map((name) => `${name} ${engine.storage.atomIntention(name)}`).join(', ');
    expect(intentions('inner_retry', 'b', 'bad', 'behind')).toBe(
      'inner_retry RETRY, b REVERT, bad REVERT, behind REVERT',
    );
    expect(intentions('a', 'aside')).toBe('a EXECUTE, aside EXECUTE');
    await settle('bad', 'b');
    expect(intentions('inner_retry', 'b', 'bad', 'behind')).toBe(
      'inner_retry EXECUTE, b EXECUTE, bad EXECUTE, behind EXECUTE',
    );
  });
});

describe.each(everyExecutor)('the steps of a run, on %s', (_, executor) => {
  const engineOf = (flow: AnyUnit) => createEngine(flow, { executor: executor() });

  it.each([0, 1, 2, 5])('of a linear flow of %i tasks: one round for each, one for none', async (count) => {
    const { act } = stage();
    const tasks = Array.from({ length: count }, (_, at) => act(`t${at}`));
    const { steps } = await stepsOf(engineOf(linear('f').add(tasks)));
    expect(steps).toBe(`R${'swa'.repeat(Math.max(1, count))} SUCCESS`);
  });

  it('of empty flows, nested in one another: as of one', async () => {
    const { steps } = await stepsOf(
      engineOf(linear('f').add([unordered('g'), graph('h').add(linear('i'))]) as AnyUnit),
    );
    expect(steps).toBe('Rswa SUCCESS');
  });

  it('that reverts: a round for each revert, REVERTED is yielded, then the error thrown', async () => {
    const { act } = stage();
    const { steps, error } = await stepsOf(
      engineOf(linear('f').add([act('a'), act('bad', { fails: true })]) as AnyUnit),
    );
    expect(steps).toBe('Rswaswaswaswa REVERTED');
    expect(error).toMatchObject({ message: 'bad failed 1' });
  });

  it('that ends in FAILURE: nothing is yielded for it, the error is thrown', async () => {
    const { act } = stage();
    const stuck = act('a', { fails: true, failsBack: true });
    const { steps, error } = await stepsOf(engineOf(stuck as AnyUnit));
    expect(steps).toBe('Rswaswa');
    expect(error).toMatchObject({ message: 'a is stuck' });
  });

  it('that is suspended, and of the one that goes on', async () => {
    const { act } = stage();
    const engine = engineOf(linear('f').add([act('a'), act('b')]) as AnyUnit);
    engine.on('atom', ({ name, state }) => name === 'a' && state === 'SUCCESS' && engine.suspend());
    expect((await stepsOf(engine)).steps).toBe('Rswa SUSPENDED');
    expect((await stepsOf(engine)).steps).toBe('Rswa SUCCESS');
    expect((await stepsOf(engine)).steps).toBe('Rswa SUCCESS');
  });

  it('of a retry: each attempt has a round for the retry itself', async () => {
    const { act } = stage();
    const flow = linear('f', { retry: times(2) }).add([act('a', { fails: [1] })]);
    // The retry, a, its revert, the retry again, a.
    expect((await stepsOf(engineOf(flow as AnyUnit))).steps).toBe(`R${'swa'.repeat(5)} SUCCESS`);
  });
});

it('WAITING and ANALYZING alternate while some run and nothing new is ready', async () => {
  const { act } = stage();
  const executor = new ManualTaskExecutor();
  const engine = createEngine(unordered('f').add([act('a'), act('b'), act('c')]), { executor });
  const done = stepsOf(engine as Engine<AnyUnit>);
  await executor.idle();
  for (const name of ['b', 'a', 'c']) {
    await executor.settle(name);
    await executor.idle();
  }
  expect((await done).steps).toBe('Rswawawa SUCCESS');
});

it('an error thrown into runIter() ends the flow in FAILURE when what runs has ended: that is kept, and another run goes on', async () => {
  const { act, told } = stage();
  const executor = new ManualTaskExecutor();
  const engine = createEngine(linear('f').add([act('a'), act('b')]) as AnyUnit, { executor });
  const states = engine.runIter();
  while ((await states.next()).value !== 'WAITING');
  await executor.begin('a');
  const thrown = thrownBy(states.throw(new TypeError('from outside')));
  await executor.idle();
  await executor.settle('a');
  expect(await thrown).toMatchObject({ name: 'TypeError', message: 'from outside' });
  expect(statesOf(engine, 'a', 'b')).toBe('a SUCCESS, b PENDING');
  expect([engine.storage.flowState, told()]).toEqual(['FAILURE', 'a']);
  const goingOn = engine.run();
  await executor.settleAll();
  expect(await goingOn).toEqual({ a: 'a', b: 'b' });
  expect(told()).toBe('a b');
});

describe('of the moves that the tables have, only those are told', () => {
  // Flow and task tables of semantics 2.1 and 2.2; a reset goes to PENDING from anywhere.
  const flowMoves = new Set(
    'PENDING>RUNNING RUNNING>SUCCESS RUNNING>FAILURE RUNNING>REVERTED RUNNING>SUSPENDING SUCCESS>PENDING SUCCESS>RUNNING FAILURE>RUNNING REVERTED>PENDING SUSPENDING>SUCCESS SUSPENDING>FAILURE SUSPENDING>REVERTED SUSPENDING>SUSPENDED SUSPENDED>RUNNING'.split(
      ' ',
    ),
  );
  const atomMoves = new Set(
    'PENDING>RUNNING PENDING>IGNORE RUNNING>SUCCESS RUNNING>FAILURE FAILURE>REVERTING SUCCESS>REVERTING REVERTING>REVERTED REVERTING>REVERT_FAILURE REVERTED>PENDING IGNORE>PENDING SUCCESS>RETRYING RETRYING>RUNNING'.split(
      ' ',
    ),
  );

  it('over runs that succeed, fail, retry, ignore, suspend at each step, and go on', async () => {
    const seen = { flow: new Set<string>(), atom: new Set<string>() };
    for (let stopAt = 0; stopAt < 40; stopAt++) {
      const { act } = stage();
      const inner = linear('inner', { retry: times(2) }).add([act('b'), act('bad', { fails: [1, 2, 3] })]);
      const [a, no] = [act('a', { failsBack: stopAt % 3 === 0 }), act('no')];
      const flow = graph('f')
        .add(a, no, inner)
        .link(a, no, { decider: () => false })
        .link(a, inner);
      const engine = createEngine(flow as AnyUnit, serial);
      let count = 0;
      engine.on('flow', ({ oldState, state }) => seen.flow.add(`${oldState}>${state}`));
      engine.on('atom', ({ oldState, state }) => {
        seen.atom.add(`${oldState}>${state}`);
        if (++count === stopAt) engine.suspend();
      });
      for (let run = 0; run < 4; run++) await thrownBy(engine.run());
    }
    expect([...seen.flow].filter((move) => !flowMoves.has(move))).toEqual([]);
    expect([...seen.atom].filter((move) => !atomMoves.has(move))).toEqual([]);
    expect(seen.atom.size).toBeGreaterThan(9);
  });
});
