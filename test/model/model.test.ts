/**
 * Random flows, each run by the library and followed by the model, event by event: what happens must be allowed when it
 * happens, what is due must not be left out, and the end must be the one that the rules give.
 *
 * TASKLOOM_RUNS flows for each test (default 250), a tenth of them on threads. A failure prints the seed and the path that
 * repeat it: `TASKLOOM_SEED=… TASKLOOM_PATH=… npx vitest run test/model -t '…'`. TASKLOOM_SHRINK=0 leaves the flow that
 * failed as it was drawn.
 */
import fc from 'fast-check';
import { SerialTaskExecutor, TaskloomError, ThreadPoolTaskExecutor } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { type Built, build, runToEnd } from './build.ts';
import { Model } from './model.ts';
import { determinedBy, play } from './play.ts';
import { taskFar } from './script.ts';
import { refusal } from './fit.ts';
import { type Drawing, drawings, type Features, PAUSE, runnable } from './shapes.ts';
import type { End, Entry } from './words.ts';

const numRuns = Number(process.env['TASKLOOM_RUNS'] ?? 250);
const seed = process.env['TASKLOOM_SEED'];
const path = process.env['TASKLOOM_PATH'];
/** ms; a run takes one or two. */
const timeout = 30_000 + numRuns * 100;

function parameters<T>(name: string, numRuns: number): fc.Parameters<T> {
  return {
    numRuns,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
    endOnFailure: process.env['TASKLOOM_SHRINK'] === '0',
    reporter(run) {
      if (!run.failed) return;
      const repeat = `TASKLOOM_SEED=${run.seed} TASKLOOM_PATH=${run.counterexamplePath} npx vitest run test/model -t '${name}'`;
      throw new Error(`${fc.defaultReportMessage(run)}\n\nTo repeat it: ${repeat}`, {
        cause: run.errorInstance,
      });
    },
  };
}

/** A test of many drawings. */
function holds<T extends [unknown, ...unknown[]]>(
  name: string,
  drawn: fc.Arbitrary<T>,
  predicate: (...args: T) => Promise<void>,
  runs = numRuns,
): void {
  const property = fc.asyncProperty(drawn, (args) => predicate(...args));
  it(name, () => fc.assert(property, parameters<[T]>(name, runs)), timeout);
}

/** Follows what the library does; what it does that the rules don't allow is thrown with all that came before. */
class Follower {
  readonly #model: Model;
  readonly #trace: readonly Entry[];
  #next = 0;

  constructor({ root, options }: Drawing, { trace }: Built, givesBack = false) {
    this.#model = new Model(root, options, givesBack);
    this.#trace = trace;
  }

  catchUp(): Model {
    for (; this.#next < this.#trace.length; this.#next++) {
      try {
        this.#model.observe(this.#trace[this.#next] as Entry);
      } catch (violation) {
        throw new Error(`${violation}\nafter: ${told(this.#trace.slice(0, this.#next))}`, {
          cause: violation,
        });
      }
    }
    return this.#model;
  }

  /** When the library waits for tasks, then for all that could be on its way; what it wants no more may lie there too. */
  atRest({ waiting }: ManualTaskExecutor): void {
    const model = this.catchUp();
    const wanted = [...model.inHand(), ...model.due()].map(({ atom, action }) => `${action} ${atom}`);
    const found = waiting.map(({ atom, action }) => `${action} ${atom}`);
    const left = wanted.filter((each) => !found.includes(each));
    expect(left, `what should be on its way after: ${told(this.#trace)}`).toEqual([]);
  }

  ended(end: End): void {
    const wanted = this.catchUp().end();
    expect(sorted(end), `the end after: ${told(this.#trace)}`).toEqual(sorted(wanted));
  }
}

function sorted(end: End): End {
  return { ...end, thrown: end.thrown.toSorted() };
}

function told(trace: readonly Entry[]): string {
  const word = (entry: Entry): string => {
    if (entry.kind === 'flow') return `FLOW ${entry.to}`;
    if (entry.kind === 'moved') return `${entry.atom} ${entry.to}`;
    if (entry.kind === 'consulted') return `${entry.retry} asked for ${entry.about}`;
    if (entry.kind === 'answered') return `question ${entry.question} answered`;
    if (entry.kind === 'passed') return `${entry.ms} ms`;
    if (entry.kind === 'asked') return `${entry.flow} ${entry.from}>${entry.to} asked`;
    return `${entry.action} ${entry.atom} ${entry.kind}`;
  };
  return trace.map(word).join('; ');
}

/**
 * Begins and settles what waits, gives answers and lets time pass, in a random order, and looks at each rest whether all
 * is on its way.
 */
async function drive(
  { answers, passed }: Built,
  executor: ManualTaskExecutor,
  follower: Follower,
  random: () => number,
  between?: () => void,
): Promise<void> {
  const oneOf = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  for (;;) {
    await executor.idle();
    follower.atRest(executor);
    between?.();
    const waits = follower.catchUp().waitsFor();
    if (executor.waiting.length + waits.answers.length === 0 && !waits.time) return;
    const pick = oneOf(executor.waiting);
    const question = oneOf(waits.answers);
    if (question !== undefined && (pick === undefined || random() < 0.3)) answers.give(question);
    else if (waits.time && (pick === undefined || random() < 0.3)) {
      passed(PAUSE);
      await executor.advance(PAUSE);
    } else if (pick?.begun || random() < 0.4) await executor.settle(pick?.atom ?? '');
    else await executor.begin(pick?.atom ?? '');
  }
}

const atOnce: Features = { late: false, delays: false };
const whenTold: Features = { late: true, delays: true };
const seeds = fc.integer();

describe('the library keeps the rules', () => {
  holds('refuses what the rules refuse', fc.tuple(drawings(whenTold)), async (drawing) => {
    const wanted = refusal(drawing)?.code ?? null;
    let found: unknown = null;
    try {
      const { engine } = build(drawing, { executor: new SerialTaskExecutor() });
      engine.compile();
      engine.prepare();
      engine.validate();
    } catch (thrown) {
      found = thrown instanceof TaskloomError ? thrown.code : thrown;
    }
    expect(found).toBe(wanted);
  });

  holds(
    'does one thing at a time in the one order that there is',
    fc.tuple(runnable(atOnce)),
    async (drawing) => {
      const built = build(drawing, { executor: new SerialTaskExecutor() });
      const end = await runToEnd(built);
      new Follower(drawing, built).ended(end);
      const model = new Model(drawing.root, drawing.options);
      const { tree } = model;
      // Retries run, and deciders are asked, beside the tasks: who is first is not said.
      const isAsked = tree.atoms.some((atom) => atom.kind === 'retry' || tree.deciders(atom).length > 0);
      if (isAsked && !tree.isSequence()) return;
      const played = play(model);
      expect(executesOf(built.trace), `played: ${told(played)}`).toEqual(executesOf(played));
      // Which of several reverts comes first is not said, and a revert that fails stops those behind it.
      if (!built.trace.some(isFailedRevert)) expect(sorted(end)).toEqual(sorted(model.end()));
    },
  );

  holds(
    'does what is allowed, and all of it, whatever ends first',
    fc.tuple(runnable(whenTold), seeds),
    async (drawing, start) => {
      const executor = new ManualTaskExecutor();
      const built = build(drawing, { executor });
      const follower = new Follower(drawing, built);
      follower.ended(await runToEnd(built, () => drive(built, executor, follower, randomFrom(start))));
    },
  );

  holds('suspends and goes on at any step', fc.tuple(runnable(whenTold), seeds), async (drawing, start) => {
    const executor = new ManualTaskExecutor();
    const random = randomFrom(start);
    const built = build(drawing, { executor });
    const follower = new Follower(drawing, built);
    const suspend = (): void => {
      if (random() < 0.1) built.engine.suspend();
    };
    built.engine.on('atom', suspend);
    for (let end: End | null = null; end === null || end.flow === 'SUSPENDED'; ) {
      end = await runToEnd(built, () => drive(built, executor, follower, random, suspend));
      follower.ended(end);
    }
  });

  holds(
    'starts anew after a reset, or after it was reverted',
    fc.tuple(runnable(whenTold), seeds, fc.boolean()),
    async (drawing, start, resets) => {
      const executor = new ManualTaskExecutor();
      const random = randomFrom(start);
      const built = build(drawing, { executor });
      const follower = new Follower(drawing, built);
      for (let run = 0; run < 3; run++) {
        const end = await runToEnd(built, () => drive(built, executor, follower, random));
        follower.ended(end);
        if (resets || end.flow === 'FAILURE') built.engine.reset();
      }
    },
  );

  holds(
    'does the same whatever results are kept, and keeps no more',
    fc.tuple(runnable(whenTold), seeds),
    async ({ root, options }, start) => {
      const runs: { readonly end: End; readonly trace: readonly Entry[] }[] = [];
      for (const keep of ['all', 'provided', 'none'] as const) {
        const drawing = { root, options: { ...options, keep } };
        const executor = new ManualTaskExecutor();
        const built = build(drawing, { executor });
        const follower = new Follower(drawing, built);
        const end = await runToEnd(built, () => drive(built, executor, follower, randomFrom(start)));
        runs.push({ end, trace: built.trace });
        if (end.flow !== 'SUCCESS' || keep === 'all') continue;
        const { compilation, storage } = built.engine;
        const kept = [...compilation.atoms.keys()].filter(
          (name) => storage.atomState(name) === 'SUCCESS' && !storage.atomDetail(name).dropped,
        );
        const given = Object.keys(end.results ?? {});
        expect(kept.length).toBeLessThanOrEqual(given.length);
        for (const name of kept) {
          const { provides } = compilation.atoms.get(name)!.atom;
          expect(provides.some(({ symbol }) => given.includes(symbol))).toBe(true);
        }
      }
      const [all, provided, none] = runs;
      expect(provided).toEqual(all);
      expect(none?.trace).toEqual(all?.trace);
      const results = all?.end.results == null ? null : {};
      expect(none?.end).toEqual({ ...all?.end, results });
    },
    Math.ceil(numRuns / 3),
  );

  /** How many tasks travel together: what the executor thinks best, or so many whatever they take. */
  const pools = [{}, { batch: 1 }, { batch: 7 }].map(
    (options) => new ThreadPoolTaskExecutor({ threads: 2, ...options }),
  );
  afterAll(() => Promise.all(pools.map((pool) => pool.stop())));

  holds(
    'does the same on threads, and ends the same everywhere where the end is determined',
    fc.tuple(runnable(atOnce), seeds, fc.constantFrom(...pools)),
    async (drawing, start, pool) => {
      const runs = [
        async (): Promise<End> => {
          const built = build(drawing, { executor: pool }, taskFar);
          const end = await runToEnd(built);
          new Follower(drawing, built, true).ended(end);
          return end;
        },
        (): Promise<End> => runToEnd(build(drawing, { executor: new SerialTaskExecutor() })),
        (): Promise<End> => {
          const executor = new ManualTaskExecutor();
          const built = build(drawing, { executor });
          return runToEnd(built, () =>
            drive(built, executor, new Follower(drawing, built), randomFrom(start)),
          );
        },
      ];
      const determined = determinedBy(drawing);
      for (const run of determined === null ? runs.slice(0, 1) : runs) {
        expect(await run()).toMatchObject(determined ?? {});
      }
    },
    Math.max(50, Math.floor(numRuns / 10)),
  );
});

/** Which tasks were executed, in which order. */
function executesOf(trace: readonly Entry[]): readonly string[] {
  return trace.flatMap((entry) =>
    entry.kind === 'called' && entry.action === 'execute' ? [entry.atom] : [],
  );
}

function isFailedRevert(entry: Entry): boolean {
  return entry.kind === 'moved' && entry.to === 'REVERT_FAILURE';
}
