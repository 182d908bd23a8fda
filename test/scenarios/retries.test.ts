/** What retries decide, by TaskFlow's rules (semantics 2.6): on the serial executor and in orders settled by hand. */
import {
  type AnyUnit,
  alwaysRevert,
  alwaysRevertAll,
  createEngine,
  type Decision,
  forEach,
  graph,
  type History,
  linear,
  parameterizedForEach,
  retry,
  run,
  task,
  times,
  unordered,
  WrappedFailure,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';

const serial = { executor: 'serial' } as const;

/** Tasks that tell what happens to them; `fails` says in which of its executions one fails. */
function stage() {
  const story: string[] = [];
  const runs = new Map<string, number>();
  const act = (name: string, fails: (run: number) => boolean = () => false) =>
    task(name, {
      execute() {
        const count = (runs.get(name) ?? 0) + 1;
        runs.set(name, count);
        story.push(name);
        if (fails(count)) throw new Error(`${name} failed ${count}`);
        return count;
      },
      revert: () => void story.push(`-${name}`),
    });
  const told = () => story.join(' ');
  return { story, act, told, runs };
}

describe('times', () => {
  it('tries again until it succeeds; what ran in the flow is reverted before', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(3) }).add([act('b'), act('c', (n) => n < 3)]);
    const engine = createEngine(linear('outer').add([act('a'), inner, act('d')]) as AnyUnit, serial);
    await engine.run();
    expect(told()).toBe('a b c -c -b b c -c -b b c d');
    expect(engine.storage.flowState).toBe('SUCCESS');
    expect(engine.storage.failures.size).toBe(0);
    expect(engine.storage.retryHistory('inner_retry').length).toBe(3);
  });

  it('counts all attempts, and then reverts everything', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(2) }).add([act('b', () => true)]);
    const engine = createEngine(linear('outer').add([act('a'), inner]) as AnyUnit, serial);
    await expect(engine.run()).rejects.toThrow('b failed 2');
    expect(told()).toBe('a b -b b -b -a');
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(engine.storage.retryHistory('inner_retry').length).toBe(0);
  });

  it.each([0, 1])('of %d runs once', async (attempts) => {
    const { act, told } = stage();
    await expect(
      run(linear('f', { retry: times(attempts) }).add([act('a', () => true)]), serial),
    ).rejects.toThrow();
    expect(told()).toBe('a -a');
  });

  it('provides the number of the attempt inside its flow', async () => {
    const seen: number[] = [];
    const look = task('look', {
      requires: ['attempt'],
      execute({ attempt }: { attempt: number }) {
        seen.push(attempt);
        if (attempt < 3) throw new Error('again');
      },
    });
    for (const pattern of [linear, unordered, graph] as const) {
      await run(pattern('f', { retry: times(3, { provides: 'attempt' }) }).add(look) as AnyUnit, serial);
    }
    expect(seen).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it('that are nested multiply: the inner one starts anew with each attempt of the outer one', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(2) }).add([act('b', () => true)]);
    const flow = linear('outer', { retry: times(2) }).add([act('a'), inner]);
    await expect(run(flow as AnyUnit, serial)).rejects.toThrow('b failed 4');
    expect(told()).toBe('a b -b b -b -a a b -b b -b -a');
  });

  it('governs a nested flow that has no retry of its own', async () => {
    const { act, told } = stage();
    const flow = linear('outer', { retry: times(2) }).add([
      act('a'),
      linear('middle').add([unordered('inner').add([act('b', (n) => n === 1)])]),
    ]);
    await run(flow as AnyUnit, serial);
    expect(told()).toBe('a b -b -a a b');
  });

  it('leaves other branches alone while its own flow is tried again', async () => {
    const { act, story } = stage();
    const executor = new ManualTaskExecutor();
    const branch = linear('branch', { retry: times(2) }).add([act('b', (n) => n === 1)]);
    const engine = createEngine(unordered('outer').add([act('other'), branch]) as AnyUnit, { executor });
    const done = engine.run();
    await executor.idle();
    await executor.begin('other');
    await executor.settle('b');
    await executor.idle();
    await executor.settle('b');
    await executor.idle();
    await executor.settle('b');
    await executor.idle();
    expect(engine.storage.atomState('b')).toBe('SUCCESS');
    expect(engine.storage.atomState('other')).toBe('RUNNING');
    await executor.settle('other');
    await done;
    expect(story.filter((word) => word === '-other')).toEqual([]);
  });

  it('waits for running siblings, reverts them, then tries again', async () => {
    const { act, told } = stage();
    const executor = new ManualTaskExecutor();
    const flow = unordered('f', { retry: times(2) }).add([act('a', (n) => n === 1), act('b')]);
    const engine = createEngine(flow as AnyUnit, { executor });
    const done = engine.run();
    await executor.idle();
    await executor.begin('b');
    await executor.settle('a');
    await executor.idle();
    await executor.settle('a');
    await executor.idle();
    expect(engine.storage.atomState('a')).toBe('REVERTED');
    expect(engine.storage.atomState('f_retry')).toBe('SUCCESS');
    await executor.settleAll();
    await done;
    expect(told()).toBe('a -a b -b a b');
  });
});

describe('forEach', () => {
  it('tries one value after another, and one that stands twice twice', async () => {
    const seen: number[] = [];
    const look = task('look', {
      requires: ['value'],
      execute({ value }: { value: number }) {
        seen.push(value);
        if (value !== 5) throw new Error('not this');
      },
    });
    await run(linear('f', { retry: forEach([3, 2, 3, 5], { provides: 'value' }) }).add(look), serial);
    expect(seen).toEqual([3, 2, 3, 5]);
  });

  it('of nothing fails', async () => {
    const { act } = stage();
    await expect(run(linear('f', { retry: forEach([]) }).add([act('a')]), serial)).rejects.toMatchObject({
      code: 'RETRY_EXHAUSTED',
    });
  });

  it('takes its values from a symbol', async () => {
    const seen: unknown[] = [];
    const look = task('look', {
      requires: ['value'],
      execute({ value }: { value: unknown }) {
        seen.push(value);
        if (seen.length < 3) throw new Error('again');
      },
    });
    const flow = linear('f', { retry: parameterizedForEach('list', { provides: 'value' }) }).add(look);
    await run(flow, { ...serial, store: { list: ['a', { b: 1 }, 'c'] } });
    expect(seen).toEqual(['a', { b: 1 }, 'c']);
  });
});

describe('a retry that gives up', () => {
  it('asks the one around it: alwaysRevert', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: alwaysRevert() }).add([act('b', (n) => n === 1)]);
    await run(linear('outer', { retry: times(2) }).add([act('a'), inner]) as AnyUnit, serial);
    expect(told()).toBe('a b -b -a a b');
  });

  it('reverts everything at once: alwaysRevertAll, and revertAll', async () => {
    for (const giveUp of [alwaysRevertAll(), times(1, { revertAll: true })]) {
      const { act, told } = stage();
      const inner = linear('inner', { retry: giveUp }).add([act('b', () => true)]);
      await expect(
        run(linear('outer', { retry: times(5) }).add([act('a'), inner]) as AnyUnit, serial),
      ).rejects.toThrow();
      expect(told()).toBe('a b -b -a');
    }
  });

  it('reverts its own flow alone when reverts are not deferred', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(1) }).add([act('b', () => true)]);
    const engine = createEngine(linear('outer').add([act('a'), inner]) as AnyUnit, {
      ...serial,
      deferReverts: false,
    });
    await expect(engine.run()).rejects.toThrow('b failed');
    expect(told()).toBe('a b -b');
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(engine.storage.atomState('a')).toBe('SUCCESS');
  });
});

describe("a retry of one's own", () => {
  it('is told the whole history, gives each attempt its value, and is reverted last', async () => {
    const told: unknown[] = [];
    const own = retry('own', {
      requires: ['base'],
      provides: 'value',
      execute: (history: History, { base }: { base: number }) => base + history.length,
      onFailure(history, { base }) {
        told.push([base, history.attempts.map(({ provided, failures }) => [provided, [...failures.keys()]])]);
        told.push([
          history.causedBy(RangeError),
          history.causedBy('RangeError', { attempt: 0 }),
          history.causedBy(TypeError),
        ]);
        return history.length < 2 ? 'RETRY' : 'REVERT';
      },
      revert: (history) => void told.push(`reverted after ${history.length}`),
    });
    const use = task('use', {
      requires: ['value'],
      execute({ value }: { value: number }) {
        throw new RangeError(`${value} is no good`);
      },
    });
    const engine = createEngine(linear('f', { retry: own }).add(use), { ...serial, store: { base: 10 } });
    await expect(engine.run()).rejects.toThrow('11 is no good');
    expect(told).toEqual([
      [10, [[10, ['use']]]],
      [true, true, false],
      [
        10,
        [
          [10, ['use']],
          [11, ['use']],
        ],
      ],
      [true, true, false],
      'reverted after 2',
    ]);
  });

  it('may answer later', async () => {
    const { act, told } = stage();
    const own = retry('own', {
      execute: async () => 1,
      onFailure: (history) =>
        new Promise<Decision>((resolve) =>
          setImmediate(() => resolve(history.length < 2 ? 'RETRY' : 'REVERT')),
        ),
    });
    await run(linear('f', { retry: own }).add([act('a', (n) => n === 1)]), serial);
    expect(told()).toBe('a -a a');
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no idea');
      },
      'no idea',
    ],
    ['answers with junk', () => 'MAYBE' as Decision, 'must answer with'],
  ])('that %s fails itself, and all is reverted', async (_, onFailure, message) => {
    const { act, told } = stage();
    const flow = linear('f', { retry: retry('own', { execute: () => 1, onFailure }) }).add([
      act('a'),
      act('b', () => true),
    ]);
    const engine = createEngine(flow as AnyUnit, serial);
    const error = await engine.run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WrappedFailure);
    expect((error as WrappedFailure).failures.get('own')?.message).toContain(message);
    expect(told()).toBe('a b -b -a');
    expect(engine.storage.flowState).toBe('REVERTED');
  });

  it('whose execute fails is resolved by the one around it', async () => {
    const { act, told } = stage();
    let tries = 0;
    const own = retry('own', {
      execute() {
        if (++tries === 1) throw new Error('not yet');
      },
      onFailure: () => 'REVERT',
    });
    await run(
      linear('outer', { retry: times(2) }).add([
        act('a'),
        linear('inner', { retry: own }).add([act('b')]),
      ]) as AnyUnit,
      serial,
    );
    expect(told()).toBe('a -a a b');
  });
});

describe('an onFailure that never answers', () => {
  const hanging = () =>
    retry('hanging', { execute: () => 1, onFailure: () => new Promise<Decision>(() => {}) });

  it('holds up no other branch, and an abort does not wait for it', async () => {
    const { act, told } = stage();
    const stop = new AbortController();
    const waiting = linear('f', { retry: hanging() }).add([act('b', () => true)]);
    const other = linear('g').add([act('c'), act('d')]);
    const engine = createEngine(unordered('outer').add([waiting, other]) as AnyUnit, {
      ...serial,
      signal: stop.signal,
    });
    engine.on('atom', ({ name, state }) => {
      if (name === 'd' && state === 'SUCCESS') stop.abort();
    });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED' });
    expect(told()).toBe('c b d -b -d -c');
  });

  it('is asked again after a suspend', async () => {
    const { act, told } = stage();
    let asked = 0;
    const own = retry('own', {
      execute: () => 1,
      onFailure: () => (++asked === 1 ? new Promise<Decision>(() => {}) : ('RETRY' as const)),
    });
    const engine = createEngine(
      linear('f', { retry: own }).add([act('a', (n) => n === 1)]) as AnyUnit,
      serial,
    );
    engine.on('atom', ({ name, state }) => {
      if (name === 'a' && state === 'FAILURE') setImmediate(() => engine.suspend());
    });
    await engine.run();
    expect(engine.storage.flowState).toBe('SUSPENDED');
    await engine.run();
    expect(engine.storage.flowState).toBe('SUCCESS');
    expect(told()).toBe('a -a a');
  });
});

describe('a delay', () => {
  it('passes on the virtual clock of taskloom/testing', async () => {
    const { act, told } = stage();
    const executor = new ManualTaskExecutor({ auto: true });
    const flow = linear('f', { retry: times(2, { delay: 3_600_000 }) }).add([act('a', (n) => n === 1)]);
    const done = run(flow as AnyUnit, { executor });
    await executor.idle();
    expect(told()).toBe('a -a');
    await executor.advance(3_600_000);
    await done;
    expect(told()).toBe('a -a a');
  });

  it('grows by its backoff up to its limit', () => {
    const { pause } = times(9, { delay: 100, backoff: 2, maxDelay: 350 });
    expect([1, 2, 3, 4].map((attempts) => pause(attempts))).toEqual([100, 200, 350, 350]);
  });

  it('varies by its jitter', () => {
    const { pause } = times(9, { delay: 100, jitter: 0.2 });
    const all = Array.from({ length: 200 }, () => pause(1));
    expect(Math.min(...all)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...all)).toBeLessThanOrEqual(120);
    expect(new Set(all).size).toBeGreaterThan(1);
  });

  it('ends at once when the flow is suspended, and the next run goes on', async () => {
    const { act, told } = stage();
    const flow = linear('f', { retry: times(2, { delay: 1e12 }) }).add([act('a', (n) => n === 1)]);
    const engine = createEngine(flow as AnyUnit, serial);
    engine.on('atom', ({ name, state }) => {
      if (name === 'f_retry' && state === 'RETRYING') setImmediate(() => engine.suspend());
    });
    await engine.run();
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(engine.storage.atomState('f_retry')).toBe('RETRYING');
    expect(told()).toBe('a -a');
  });

  it('ends at once when the run is aborted, and all is reverted', async () => {
    const { act, told } = stage();
    const stop = new AbortController();
    const flow = linear('outer').add([
      act('a'),
      linear('f', { retry: times(2, { delay: 1e12 }) }).add([act('b', () => true)]),
    ]);
    const engine = createEngine(flow as AnyUnit, { ...serial, signal: stop.signal });
    engine.on('atom', ({ name, state }) => {
      if (name === 'f_retry' && state === 'RETRYING') setImmediate(() => stop.abort());
    });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED' });
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(told()).toBe('a b -b -a');
    expect(engine.storage.atomState('f_retry')).toBe('REVERTED');
  });

  it('is not even begun when the abort comes from the listener of RETRYING', async () => {
    const { act, told } = stage();
    const stop = new AbortController();
    const flow = linear('f', { retry: times(2) }).add([act('a', (n) => n === 1)]);
    const engine = createEngine(flow as AnyUnit, { ...serial, signal: stop.signal });
    engine.on('atom', ({ state }) => {
      if (state === 'RETRYING') stop.abort();
    });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED' });
    expect(told()).toBe('a -a');
    expect(engine.storage.flowState).toBe('REVERTED');
  });

  it('holds up no other branch', async () => {
    const { act } = stage();
    const waiting = linear('f', { retry: times(2, { delay: 1e12 }) }).add([act('b', (n) => n === 1)]);
    const engine = createEngine(
      unordered('outer').add([waiting, linear('g').add([act('c'), act('d')])]) as AnyUnit,
      serial,
    );
    engine.on('atom', ({ name, state }) => {
      if (name === 'd' && state === 'SUCCESS') engine.suspend();
    });
    await engine.run();
    expect(engine.storage.atomState('d')).toBe('SUCCESS');
  });
});

describe('refused', () => {
  it.each([
    [() => times(-1), 'OPTION_INVALID'],
    [() => times(1.5), 'OPTION_INVALID'],
    [() => times(2, { dealy: 1 } as never), 'OPTION_INVALID'],
    [() => times(2, { jitter: 2 }), 'OPTION_INVALID'],
    [() => times(2, { name: '' }), 'NAME_INVALID'],
    [() => forEach('abc' as never), 'OPTION_INVALID'],
    [() => retry('r', {} as never), 'DEFINITION_INVALID'],
    [() => linear('f', { retry: 3 as never }), 'OPTION_INVALID'],
    [() => linear('f').add([times(2) as unknown as AnyUnit]), 'UNIT_INVALID'],
  ])('%s', (make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  it('a retry and a task of one name', () => {
    const flow = linear('f', { retry: times(2, { name: 'a' }) }).add(task('a', { execute: () => 1 }));
    expect(() => createEngine(flow).compile()).toThrow(expect.objectContaining({ code: 'DUPLICATE_NAME' }));
  });
});

describe('the arguments of a retry', () => {
  it('may be optional, or injected, and then need nobody who provides them', async () => {
    const seen: unknown[] = [];
    const asks = retry('asks', {
      requires: ['limit'],
      optional: ['hint'],
      inject: { limit: 2 },
      execute: (history: History, args: { limit: number; hint?: string }) =>
        void seen.push([history.length, args]),
      onFailure: (history, { limit }) => (history.length < limit ? 'RETRY' : 'REVERT'),
    });
    const { act, told } = stage();
    const flow = () => linear('f', { retry: asks }).add([act('a', (n) => n === 1)]) as AnyUnit;
    await run(flow(), serial);
    expect(told()).toBe('a -a a');
    expect(seen).toEqual([
      [0, { limit: 2 }],
      [1, { limit: 2 }],
    ]);
    seen.length = 0;
    await run(flow(), { ...serial, store: { hint: 'x', limit: 9 } } as never);
    expect(seen).toEqual([[0, { limit: 2, hint: 'x' }]]);
  });

  it('are refused when they are listed twice, or injected and not listed', () => {
    const good = { execute: () => 1, onFailure: () => 'REVERT' as const };
    for (const bad of [{ requires: ['a'], optional: ['a'] }, { inject: { a: 1 } }])
      expect(() => retry('r', { ...good, ...bad } as never)).toThrow(
        expect.objectContaining({ code: 'DEFINITION_INVALID' }),
      );
  });
});
