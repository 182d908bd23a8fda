/** A run step by step, and the retry of a single task. */
import { type AnyUnit, createEngine, linear, run, task, times, unordered } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';

const serial = { executor: 'serial' } as const;
const ok = (name: string) => task(name, { provides: name, execute: () => name, revert: () => {} });

async function statesOf(flow: AnyUnit): Promise<string> {
  const seen: string[] = [];
  for await (const state of createEngine(flow, serial).runIter()) seen.push(state);
  return seen.join(' ');
}

describe('runIter', () => {
  it('yields what the engine does, and last the state of the flow', async () => {
    expect(await statesOf(linear('empty'))).toBe('RESUMING SCHEDULING WAITING ANALYZING SUCCESS');
    expect(await statesOf(linear('f').add([ok('a'), ok('b')]))).toBe(
      'RESUMING SCHEDULING WAITING ANALYZING SCHEDULING WAITING ANALYZING SUCCESS',
    );
  });

  it('returns the results', async () => {
    const states = createEngine(linear('f').add(ok('a')), serial).runIter();
    let step = await states.next();
    while (!step.done) step = await states.next();
    expect(step.value).toEqual({ a: 'a' });
  });

  it('suspends when told by next(true), and another run goes on', async () => {
    const engine = createEngine(linear('f').add(ok('a'), ok('b')), serial);
    const states = engine.runIter();
    await states.next();
    let step = await states.next(true);
    while (!step.done) step = await states.next();
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(await engine.run()).toEqual({ a: 'a', b: 'b' });
  });

  it('suspends when it is left early, after what runs has ended', async () => {
    const engine = createEngine(linear('f').add(ok('a'), ok('b')), serial);
    for await (const state of engine.runIter()) if (state === 'WAITING') break;
    expect(engine.storage.atomState('a')).toBe('SUCCESS');
    expect(engine.storage.flowState).toBe('SUSPENDED');
  });

  it('fails the flow with what is thrown into it', async () => {
    const engine = createEngine(linear('f').add(ok('a'), ok('b')), serial);
    const states = engine.runIter();
    await states.next();
    await states.next();
    await expect(states.throw(new RangeError('from outside'))).rejects.toThrow(RangeError);
    expect(engine.storage.flowState).toBe('FAILURE');
    engine.reset();
    expect(await engine.run()).toEqual({ a: 'a', b: 'b' });
  });

  describe('of a very wide flow', () => {
    /** Steps to where a part of what is ready is sent off, and the next is due. */
    async function midstOfScheduling() {
      const ran: number[] = [];
      const tasks = Array.from({ length: 10_000 }, (_, at) =>
        task(`t${at}`, { execute: () => void ran.push(at) }),
      );
      const engine = createEngine(unordered('wide').add(tasks), serial);
      const states = engine.runIter();
      const seen = [(await states.next()).value, (await states.next()).value, (await states.next()).value];
      expect(seen).toEqual(['RESUMING', 'SCHEDULING', 'SCHEDULING']);
      return { engine, states, ran };
    }

    it('sends off a part of it in a step, and each atom once, also when it is suspended in between', async () => {
      const { engine, states, ran } = await midstOfScheduling();
      let step = await states.next(true);
      while (!step.done) step = await states.next();
      expect(engine.storage.flowState).toBe('SUSPENDED');
      await engine.run();
      expect([ran.length, new Set(ran).size]).toEqual([10_000, 10_000]);
    });

    it('sends off no more when it fails in between', async () => {
      const { engine, states, ran } = await midstOfScheduling();
      await expect(states.throw(new RangeError('from outside'))).rejects.toThrow(RangeError);
      expect(engine.storage.flowState).toBe('FAILURE');
      expect(ran.length).toBeLessThan(5000);
    });
  });

  it('holds the lock from its first step to its end', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    const states = engine.runIter();
    await states.next();
    await expect(engine.run()).rejects.toMatchObject({ code: 'ENGINE_LOCKED' });
    await states.return(undefined as never);
    await engine.run();
  });
});

it('statistics say how far the flow is, and where the time went', async () => {
  const engine = createEngine(linear('f').add(ok('a'), ok('b')), serial);
  expect(engine.statistics).toMatchObject({ completed: 0, incomplete: 2, awaiting: 0, activeFor: 0 });
  engine.on('atom', ({ name, state }) => {
    if (name === 'b' && state === 'RUNNING')
      expect(engine.statistics).toMatchObject({ completed: 1, awaiting: 1 });
  });
  await engine.run();
  const { elapsed, activeFor, completed, incomplete } = engine.statistics;
  expect([completed, incomplete]).toEqual([2, 0]);
  expect(activeFor).toBeGreaterThan(0);
  expect(activeFor).toBeCloseTo(
    elapsed.RESUMING + elapsed.SCHEDULING + elapsed.WAITING + elapsed.ANALYZING,
    6,
  );
});

describe('discarded failures', () => {
  const fail = (name: string) =>
    task(name, {
      execute() {
        throw new Error(name);
      },
    });

  it('are those that a retry or a revert resolved, over all runs of the engine', async () => {
    const engine = createEngine(linear('f', { retry: times(3) }).add(ok('a'), fail('b')), serial);
    expect(engine.statistics.discardedFailures).toBe(0);
    await engine.run().catch(() => {});
    expect(engine.statistics.discardedFailures).toBe(3);
    await engine.run().catch(() => {});
    expect(engine.statistics.discardedFailures).toBe(6);
  });

  it('count each of several side by side, and are counted when they are told', async () => {
    const seen: number[] = [];
    const executor = new ManualTaskExecutor();
    const engine = createEngine(unordered('f').add(fail('a'), fail('b')), { executor });
    engine.on('atom', ({ state }) => {
      if (state === 'FAILURE') seen.push(engine.statistics.discardedFailures);
    });
    const ended = engine.run().catch(() => {});
    await executor.idle();
    for (const name of ['a', 'b']) executor.begin(name);
    for (const name of ['a', 'b']) executor.fail(name, new Error(name));
    await executor.settleAll();
    await ended;
    expect(seen).toEqual([1, 2]);
  });

  it('are none where nothing is resolved, and a failed revert is none', async () => {
    const kept = createEngine(linear('f').add(fail('a')), { ...serial, neverResolve: true });
    await kept.run().catch(() => {});
    expect(kept.statistics.discardedFailures).toBe(0);
    const stuck = task('stuck', {
      execute() {},
      revert() {
        throw new Error('stuck');
      },
    });
    const engine = createEngine(linear('f').add(stuck, fail('a')), serial);
    await engine.run().catch(() => {});
    expect(engine.statistics.discardedFailures).toBe(1);
  });
});

describe('the retry of a single task', () => {
  const flaky = (story: string[]) =>
    task('flaky', {
      requires: ['attempt'],
      provides: 'answer',
      retry: times(3, { provides: 'attempt' }),
      execute({ attempt }: { attempt: number }) {
        story.push(`try ${attempt}`);
        if (attempt < 3) throw new Error('not yet');
        return attempt;
      },
      revert: () => void story.push('undo'),
    });

  it('tries that task again, and nothing else', async () => {
    const story: string[] = [];
    const before = task('before', { execute: () => void story.push('before') });
    const engine = createEngine(linear('f').add([before, flaky(story)]) as AnyUnit, serial);
    await engine.run();
    expect(story).toEqual(['before', 'try 1', 'undo', 'try 2', 'undo', 'try 3']);
    expect(engine.storage.retryHistory('flaky_retry').length).toBe(3);
    expect(engine.storage.fetch('answer')).toBe(3);
  });

  it('works for a task that is run by itself, and may be given by .as()', async () => {
    const story: string[] = [];
    await run(flaky(story) as AnyUnit, serial);
    expect(story.at(-1)).toBe('try 3');
    let runs = 0;
    const plain = task('plain', {
      execute() {
        if (++runs < 2) throw new Error('once more');
      },
    });
    await run(plain.as('stubborn', { retry: times(2) }) as AnyUnit, serial);
    expect(runs).toBe(2);
  });

  it('must be a retry', () => {
    expect(() => task('t', { execute: () => 1, retry: 3 as never })).toThrow('a retry');
  });
});
