/** What a failure means where retries and deciders meet, and several fail at once (semantics 2.6, 2.7). */
import {
  type AnyUnit,
  type Attempt,
  createEngine,
  type Decision,
  graph,
  type History,
  linear,
  retry,
  run,
  times,
  unordered,
  WrappedFailure,
} from 'taskloom';
import { describe, expect, it } from 'vitest';
import { everyExecutor, gives, hear, stage, started, statesOf, thrownBy } from './executors.ts';

const serial = { executor: 'serial' } as const;
const failuresIn = ({ failures }: Attempt): string[] =>
  [...failures].map(([atom, error]) => `${atom}: ${error.message}`);

/** A retry that decides what it is told to, and notes each history that it is asked with. */
function deciding(name: string, decisions: readonly Decision[]) {
  const left = [...decisions];
  const asked: string[][][] = [];
  const made = retry(name, {
    execute: ({ length }: History) => length,
    onFailure({ attempts }: History) {
      asked.push(attempts.map(failuresIn));
      return left.shift() ?? 'REVERT';
    },
  });
  return { made, asked };
}

describe.each(everyExecutor)('a retry, on %s', (_, executor) => {
  it('has its flow undone and run again, with all that is nested in it, and nothing around it', async () => {
    const { act, told } = stage();
    const nested = linear('nested').add([act('b'), linear('deep').add([act('bad', { fails: [1, 2] })])]);
    const inner = linear('inner', { retry: times(3, { provides: 'n' }) }).add([act('a'), nested]);
    const flow = linear('f').add([act('before'), inner, act('after')]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    await engine.run();
    expect(told()).toBe('before a b bad -bad -b -a a b bad -bad -b -a a b bad after');
    expect(engine.storage.fetch('n')).toBe(3);
    expect(engine.storage.retryHistory('inner_retry').attempts.map(failuresIn)).toEqual([
      ['bad: bad failed 1'],
      ['bad: bad failed 2'],
      [],
    ]);
  });

  it('that gives up is asked no more: the one around it is, which knows it by its name', async () => {
    const { act, told } = stage();
    const outer = deciding('outer', ['RETRY']);
    const inner = deciding('inner', ['RETRY', 'REVERT']);
    const within = linear('within', { retry: inner.made }).add([act('bad', { fails: [1, 2] })]);
    const engine = createEngine(linear('f', { retry: outer.made }).add([act('a'), within]) as AnyUnit, {
      executor: executor(),
    });
    await engine.run();
    expect(told()).toBe('a bad -bad bad -bad -a a bad');
    expect(outer.asked).toEqual([[['inner: bad failed 2']]]);
    expect(inner.asked).toEqual([[['bad: bad failed 1']], [['bad: bad failed 1'], ['bad: bad failed 2']]]);
    // Reverted with the flow around it, it began to count anew.
    expect(engine.storage.retryHistory('inner').length).toBe(1);
  });
});

describe('several failures in one flow', () => {
  it('are all in the history of the attempt, each asked about once, also those that come while it turns back', async () => {
    const { act, told } = stage();
    const { made, asked } = deciding('own', ['RETRY', 'RETRY']);
    const flow = unordered('f', { retry: made }).add([
      act('a', { fails: [1] }),
      act('b', { fails: [1] }),
      act('c'),
    ]);
    const { executor, engine, settle, done } = await started(flow as AnyUnit);
    await executor.begin('b');
    await executor.begin('c');
    await settle('a', 'a', 'b', 'b', 'c', 'c');
    expect(asked).toEqual([[['a: a failed 1']], [['a: a failed 1', 'b: b failed 1']]]);
    expect(engine.storage.atomState('own')).toBe('SUCCESS');
    await settle('a', 'b', 'c');
    expect(await done).toBeUndefined();
    expect(told()).toBe('a -a b -b c -c a b c');
  });

  it('while a retry thinks about one, nothing starts behind it, and what runs goes on', async () => {
    const { act, told } = stage();
    let answer = (_decision: Decision): void => {};
    const slow = retry('slow', {
      execute: () => 1,
      onFailure: () =>
        new Promise<Decision>((resolve) => {
          answer = resolve;
        }),
    });
    const flow = unordered('f', { retry: slow }).add([
      act('bad', { fails: [1] }),
      linear('line').add([act('runs'), act('later')]),
      act('queued'),
    ]);
    const { executor, engine, settle, waiting, done } = await started(flow as AnyUnit);
    await executor.begin('runs');
    await settle('bad');
    expect(await executor.begin('queued')).toBe(false);
    await settle('runs');
    expect(waiting()).toBe('');
    expect(statesOf(engine, 'bad', 'later', 'queued')).toBe('bad FAILURE, later PENDING, queued PENDING');
    answer('RETRY');
    await executor.settleAll();
    expect(await done).toBeUndefined();
    expect(told().split(' ').slice(0, 4).join(' ')).toBe('bad runs -bad -runs');
    expect(engine.storage.attempts('queued')).toBe(1);
  });

  it('the last word counts: one that is answered REVERT_ALL takes all back, though another was answered RETRY', async () => {
    for (const decisions of [
      ['RETRY', 'REVERT_ALL'],
      ['REVERT_ALL', 'RETRY'],
    ] as const) {
      const { act, told } = stage();
      const { made } = deciding('own', decisions);
      const inner = unordered('inner', { retry: made }).add([
        act('a', { fails: true }),
        act('b', { fails: true }),
      ]);
      const { executor, engine, settle, done } = await started(
        linear('f').add([act('first'), inner]) as AnyUnit,
      );
      await settle('first');
      await executor.begin('b');
      await settle('a', 'a', 'b', 'b', 'first');
      expect(await done).toBeInstanceOf(WrappedFailure);
      expect(told()).toBe('first a -a b -b -first');
      expect(engine.storage.flowState).toBe('REVERTED');
    }
  });

  it('in flows of their own: what is to be reverted because of one is not tried again because of the other', async () => {
    const { act, told } = stage();
    const [all, again] = [deciding('all', ['REVERT_ALL']), deciding('again', ['RETRY'])];
    const flow = unordered('f').add([
      linear('left', { retry: all.made }).add([act('a', { fails: true })]),
      linear('right', { retry: again.made }).add([act('b', { fails: true })]),
    ]);
    const { executor, engine, settle, done } = await started(flow as AnyUnit);
    await executor.begin('b');
    await settle('a', 'a', 'b', 'b');
    const error = await done;
    expect([...(error as WrappedFailure).failures.keys()]).toEqual(['a', 'b']);
    expect(told()).toBe('a -a b -b');
    expect(statesOf(engine, 'all', 'again')).toBe('all REVERTED, again REVERTED');
  });

  it('where the flow around is being tried again, the inner retry cannot have its own flow tried again instead', async () => {
    const { act, told } = stage();
    const [outer, within] = [deciding('outer', ['RETRY']), deciding('within', ['RETRY'])];
    const inner = linear('inner', { retry: within.made }).add([act('b', { fails: [1] })]);
    const flow = unordered('f', { retry: outer.made }).add([act('a', { fails: [1] }), inner]);
    const { executor, engine, settle, done } = await started(flow as AnyUnit);
    await executor.begin('b');
    await settle('a', 'a', 'b');
    expect(within.asked).toEqual([[['b: b failed 1']]]);
    expect(engine.storage.atomIntention('within')).toBe('REVERT');
    await settle('b', 'a', 'b');
    expect(await done).toBeUndefined();
    expect(told()).toBe('a -a b -b a b');
    expect(statesOf(engine, 'outer', 'within')).toBe('outer SUCCESS, within SUCCESS');
    expect(engine.storage.retryHistory('within').length).toBe(1);
  });

  it('in flows of their own that are both tried again: each goes its way', async () => {
    const { act, told } = stage();
    const branch = (name: string) =>
      linear(name, { retry: times(2) }).add([act(`${name}1`), act(`${name}2`, { fails: [1] })]);
    const { settle, done } = await started(unordered('f').add([branch('l'), branch('r')]) as AnyUnit);
    await settle('l1', 'r1', 'l2', 'r2', 'l2', 'l1', 'l1', 'r2', 'r1', 'l2', 'r1', 'r2');
    expect(await done).toBeUndefined();
    expect(told()).toBe('l1 r1 l2 r2 -l2 -l1 l1 -r2 -r1 l2 r1 r2');
  });

  it('of one atom in later attempts stand each in its own', async () => {
    const { act } = stage();
    const { made, asked } = deciding('own', ['RETRY', 'RETRY']);
    await run(linear('f', { retry: made }).add([act('a', { fails: [1, 2] })]) as AnyUnit, serial);
    expect(asked.at(-1)).toEqual([['a: a failed 1'], ['a: a failed 2']]);
  });
});

describe('a flow that is tried again', () => {
  it('has what was ignored decided anew, also what was ignored behind it', async () => {
    const { act } = stage();
    const answers = [false, true];
    const [a, b, c, bad] = [act('a'), act('b'), act('c'), act('bad', { fails: [1] })];
    const inner = graph('inner', { retry: times(2) })
      .add(a, b, c, bad)
      .link(a, b, { decider: () => answers.shift() })
      .link(b, c)
      .link(a, bad);
    const engine = createEngine(inner as AnyUnit, serial);
    const heard = hear(engine);
    await engine.run();
    for (const name of ['b', 'c']) {
      const told = heard.filter((word) => word.startsWith(`${name} `)).map((word) => word.slice(2));
      expect(told).toEqual(['IGNORE', 'PENDING', 'RUNNING', 'SUCCESS']);
      expect(engine.storage.atomIntention(name)).toBe('EXECUTE');
    }
  });

  it('does not wait for a branch beside it, nor start what is to follow it', async () => {
    const { act, told } = stage();
    const inner = linear('inner', { retry: times(2) }).add([act('b', { fails: [1] })]);
    const flow = unordered('f').add([linear('line').add([inner, act('after')]), act('aside')]);
    const { executor, settle, waiting, done } = await started(flow as AnyUnit);
    await executor.begin('aside');
    await settle('b', 'b');
    expect(waiting()).toBe('aside b');
    await settle('b');
    expect(waiting()).toBe('aside after');
    await settle('after', 'aside');
    expect(await done).toBeUndefined();
    expect(told()).toBe('b -b b after aside');
  });
});

describe('deciders', () => {
  const no = () => false;

  it('of what all is ignored leave the flow SUCCESS, and what follows the flow runs', async () => {
    const { act, told } = stage();
    const [gate, a, b] = [act('gate'), act('a'), act('b')];
    const inner = graph('inner').add(gate, a, b).link(gate, a, { decider: no, depth: 'FLOW' }).link(a, b);
    const engine = createEngine(linear('f').add([inner, act('after')]) as AnyUnit, serial);
    await engine.run();
    expect(told()).toBe('gate after');
    expect(engine.storage.flowState).toBe('SUCCESS');
  });

  it('are asked before each first atom of the flow that they guard, and of flows in it, and not for later ones', async () => {
    const { act, told } = stage();
    const asked: string[] = [];
    const gate = gives('gate', 'open', 'yes');
    const guarded = linear('guarded').add([unordered('first').add([act('a'), act('b')]), act('c')]);
    const flow = graph('g')
      .add(gate, guarded)
      .link(gate, guarded, {
        decider(history) {
          asked.push(String(history['gate']));
          return true;
        },
      });
    await run(flow as AnyUnit, serial);
    expect(asked).toEqual(['yes', 'yes']);
    expect(told()).toBe('a b c');
  });

  it('are asked when all before is done, and what they ignore needs nobody that runs', async () => {
    const { act } = stage();
    const [gate, slow, b] = [act('gate'), act('slow'), act('b')];
    const asked: string[] = [];
    const flow = graph('g')
      .add(gate, slow, b)
      .link(gate, b, { decider: () => void asked.push('b') })
      .link(slow, b);
    const { settle, engine, done } = await started(flow as AnyUnit);
    await settle('gate');
    expect(asked).toEqual([]);
    await settle('slow');
    expect(asked).toEqual(['b']);
    expect(await done).toBeUndefined();
    expect(engine.storage.atomState('b')).toBe('IGNORE');
  });

  it('are not asked, and nothing starts, when another task fails in the very moment in which all before is done', async () => {
    const { act, told } = stage();
    const [a, b, c] = [act('a'), act('b'), act('c')];
    const asked: string[] = [];
    const line = graph('line')
      .add(a, b, c)
      .link(a, b, { decider: () => asked.push('b') })
      .link(a, c);
    const flow = unordered('f').add([line, act('bad', { fails: true })]);
    const { executor, done } = await started(flow as AnyUnit);
    await executor.begin('a');
    await executor.begin('bad');
    await Promise.all([executor.finish('a', 1), executor.fail('bad', new RangeError('bad failed'))]);
    await executor.settleAll();
    expect(await done).toMatchObject({ message: 'bad failed' });
    expect(asked).toEqual([]);
    expect(told()).toBe('-a -bad');
  });

  it('are not asked about an atom that is not to run: the flow is being reverted', async () => {
    const { act } = stage();
    const [a, b] = [act('a'), act('b')];
    const asked: string[] = [];
    const line = graph('line')
      .add(a, b)
      .link(a, b, { decider: () => asked.push('b') });
    const flow = unordered('f').add([line, act('bad', { fails: true })]);
    const { executor, settle, done } = await started(flow as AnyUnit);
    await executor.begin('a');
    await settle('bad', 'bad', 'a', 'a');
    expect(await done).toMatchObject({ message: 'bad failed 1' });
    expect(asked).toEqual([]);
  });
});

it('a retry that fails to execute is not asked about its own failure', async () => {
  const { act, told } = stage();
  const asked: string[] = [];
  const seen: unknown[] = [];
  const own = retry('own', {
    execute() {
      throw new EvalError('cannot begin');
    },
    onFailure() {
      asked.push('own');
      return 'RETRY';
    },
    revert: ({ failure, length }) => void seen.push([failure?.message, length]),
  });
  const flow = linear('f').add([act('a'), linear('inner', { retry: own }).add([act('b')])]);
  expect(await thrownBy(run(flow as AnyUnit, serial))).toBeInstanceOf(EvalError);
  expect([asked, seen, told()]).toEqual([[], [['cannot begin', 0]], 'a -a']);
});
