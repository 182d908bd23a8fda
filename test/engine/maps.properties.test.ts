/**
 * Random flows with a map, run in a random order of begins and ends and with suspends at random steps: each item is
 * executed and reverted as often as it must be, and what comes of it is what the oracle says.
 *
 * TASKLOOM_RUNS flows for each test (default 300). A failure prints the seed and the path that repeat it:
 * `TASKLOOM_SEED=… TASKLOOM_PATH=… npx vitest run test/engine/maps.properties.test.ts -t '…'`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { type Backend, createEngine, type Engine, memory, WrappedFailure } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { type Drawing, Oracle } from './map-oracle.ts';
import { build, drawings } from './random-map.ts';

const numRuns = Number(process.env['TASKLOOM_RUNS'] ?? 300);
const seed = process.env['TASKLOOM_SEED'];
const path = process.env['TASKLOOM_PATH'];
/** ms; a run takes a few. */
const timeout = 30_000 + numRuns * 100;

function parameters<T>(name: string): fc.Parameters<T> {
  return {
    numRuns,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
    reporter(run) {
      if (!run.failed) return;
      const file = 'test/engine/maps.properties.test.ts';
      const repeat = `TASKLOOM_SEED=${run.seed} TASKLOOM_PATH=${run.counterexamplePath} npx vitest run ${file} -t '${name}'`;
      throw new Error(`${fc.defaultReportMessage(run)}\n\nTo repeat it: ${repeat}`, {
        cause: run.errorInstance,
      });
    },
  };
}

type End = { readonly results: unknown } | { readonly error: unknown };
/** Rests in a row in which nothing waits, after which nothing will come any more. */
const QUIET = 20;

/** One run of the engine to where it stops: begins and settles what waits in a random order. */
async function runOnce(
  engine: Engine,
  executor: ManualTaskExecutor,
  oracle: Oracle,
  random: () => number,
  suspend: () => void,
  isKept: boolean,
): Promise<End> {
  const ended: End[] = [];
  void engine.run().then(
    (results) => ended.push({ results }),
    (error: unknown) => ended.push({ error }),
  );
  for (let quiet = 0; quiet < QUIET; quiet++) {
    await executor.idle();
    oracle.rest();
    expect(oracle.violations).toEqual([]);
    const [end] = ended;
    if (end !== undefined) return end;
    suspend();
    const pick = executor.waiting[Math.floor(random() * executor.waiting.length)];
    if (pick === undefined) continue;
    quiet = -1;
    if (pick.begun || (!isKept && random() < 0.4)) await executor.settle(pick.atom);
    // What is kept in a backend is announced when it is kept: too late to tell the oracle.
    else if ((await executor.begin(pick.atom)) && isKept) oracle.began(pick.action, pick.atom);
  }
  throw new Error('the run does not end, and nothing waits');
}

function checkStates({ storage }: Engine, oracle: Oracle, flow: 'SUSPENDED' | 'SUCCESS' | 'REVERTED'): void {
  for (const [index, state] of storage.itemStates('m').entries())
    expect(oracle.statesOf(index, flow), `state of m[${index}], ${flow}`).toContain(state);
}

function checkEnd({ storage }: Engine, oracle: Oracle, drawing: Drawing, end: End): void {
  const succeeds = oracle.succeeds();
  expect(storage.flowState).toBe(succeeds ? 'SUCCESS' : 'REVERTED');
  checkStates({ storage } as Engine, oracle, succeeds ? 'SUCCESS' : 'REVERTED');
  const names = [...storage.failures.keys()];
  if (succeeds) {
    expect(storage.itemStates('m').length).toBe(drawing.items.length);
    expect(end).toEqual({ results: expect.objectContaining({ all: oracle.result() }) });
    expect(names).toEqual([]);
  } else {
    const { must, may } = oracle.failures();
    expect(names).toEqual(expect.arrayContaining([...must]));
    expect([...may]).toEqual(expect.arrayContaining(names));
    const { error } = end as { error: Error };
    if (names.length > 1) expect([...(error as WrappedFailure).failures.keys()]).toEqual(names);
    else expect(error).not.toBeInstanceOf(WrappedFailure);
    expect(error.message).toContain(names[0]);
  }
  expect(oracle.violations).toEqual([]);
}

/** @param backend - Each time that the flow was suspended another engine goes on with what is kept there */
async function check(drawing: Drawing, start: number, suspends: number, backend?: Backend): Promise<void> {
  const random = randomFrom(start);
  const executor = new ManualTaskExecutor();
  const oracle = new Oracle(drawing);
  const { unit, store, opened } = build(drawing, oracle);
  const newEngine = (): Engine => {
    const made = createEngine(unit, { executor, store, backend, flowId: `${start}` } as never) as Engine;
    listen(made);
    return made;
  };
  const suspend = (): void => {
    if (random() >= suspends) return;
    oracle.suspend();
    engine.suspend();
  };
  const listen = (to: Engine): unknown =>
    to.on('atom', ({ name, kind, state }) => {
      const begins = state === 'RUNNING' || state === 'REVERTING';
      if ((kind === 'task' || kind === 'item') && begins && backend === undefined)
        oracle.began(state === 'RUNNING' ? 'execute' : 'revert', name);
      suspend();
    });
  let engine = newEngine();
  let end: End;
  for (;;) {
    oracle.run();
    end = await runOnce(engine, executor, oracle, random, suspend, backend !== undefined);
    if (engine.storage.flowState !== 'SUSPENDED') break;
    checkStates(engine, oracle, 'SUSPENDED');
    expect(['RUNNING', 'REVERTING']).not.toContain(engine.storage.atomState('m'));
    if (backend === undefined) continue;
    await engine.close();
    engine = newEngine();
  }
  checkEnd(engine, oracle, drawing, end);
  await engine.close();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  expect(opened.ended, 'iterators that were let go of').toBe(opened.begun);
}

describe('a flow with a random map', () => {
  const holds = (
    name: string,
    suspends: number,
    drawn: fc.Arbitrary<Drawing>,
    newBackend: () => Backend | undefined = () => undefined,
  ): void => {
    const property = fc.asyncProperty(drawn, fc.integer(), (drawing, start) =>
      check(drawing, start, suspends, newBackend()),
    );
    it(name, () => fc.assert(property, parameters(name)), timeout);
  };
  holds('does what it must, whatever ends first', 0, drawings);
  holds('suspends and goes on at any step', 0.05, drawings);
  // What can be gone through once is gone with the engine that went through it.
  const lasting = drawings.map((drawn) => ({
    ...drawn,
    reduce: null,
    source: drawn.source === 'once' ? ('list' as const) : drawn.source,
  }));
  holds('suspends at any step, and another engine goes on with what is kept', 0.05, lasting, memory);
});

describe('the oracle', () => {
  const drawing: Drawing = {
    items: [[], [1]],
    attempts: null,
    isAsking: false,
    rounds: null,
    reverts: true,
    reduce: null,
    isLate: false,
    concurrency: 1,
    source: 'list',
    pause: 0,
    beside: [],
    after: [],
  };
  const start = (): Oracle => {
    const oracle = new Oracle(drawing);
    oracle.began('execute', 'before');
    oracle.executeBefore();
    oracle.began('execute', 'm[0]');
    oracle.executeItem(0);
    return oracle;
  };
  const done = { result: 'm[0] 1', failure: undefined };

  it.each<[string, (oracle: Oracle) => void, string]>([
    ['executed twice', (oracle) => oracle.executeItem(0), 'm[0] was done and is executed again'],
    ['reverted for nothing', (oracle) => oracle.revertItem(0, done), 'm[0] is reverted, and nothing failed'],
    ['not begun', (oracle) => oracle.executeBeside(), 'execute beside is called and has not begun'],
    [
      'begun while it is suspended',
      (oracle) => {
        oracle.suspend();
        oracle.began('execute', 'm[1]');
      },
      'execute m[1] begins, and the flow is suspended',
    ],
    ['not reverted at the end', (oracle) => oracle.succeeds(), 'something that ran is left as it was'],
    ['folded in no order', (oracle) => oracle.result(), 'a result before all items are done'],
  ])('tells of an item that is %s', (_what, act, violation) => {
    const oracle = start();
    expect(oracle.violations).toEqual([]);
    act(oracle);
    expect(oracle.violations).toContain(violation);
  });
});
