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
import { afterAll, describe, expect } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { build, runToEnd } from './build.ts';
import { drive, Follower, sorted, told } from './follow.ts';
import { holds, numRuns } from './holds.ts';
import { Model } from './model.ts';
import { determinedBy, play } from './play.ts';
import { taskFar } from './script.ts';
import { refusal } from './fit.ts';
import { drawings, type Features, runnable } from './shapes.ts';
import type { End, Entry } from './words.ts';

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
    { runs: Math.ceil(numRuns / 3) },
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
    { runs: Math.max(50, Math.floor(numRuns / 10)) },
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
