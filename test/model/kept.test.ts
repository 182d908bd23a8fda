/**
 * The model's random flows, kept in a backend: the same rules hold, and a flow that was suspended is gone on with by a new engine,
 * which knows nothing but what was written, at any step.
 *
 * TASKLOOM_RUNS / 3 flows for each test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Backend, memory, sqlite } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { afterAll, afterEach, beforeEach, describe, expect, vi } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { type Built, runToEnd, World } from './build.ts';
import { drive, Follower } from './follow.ts';
import { holds, numRuns } from './holds.ts';
import { LateEvents } from './late-events.ts';
import { type Drawing, runnable } from './shapes.ts';
import type { End } from './words.ts';

const settings = { runs: Math.ceil(numRuns / 3), suite: ' --config vitest.durability.config.ts' };
/** ms for which an engine gathers what nobody waits for, and more. */
const LONG = 1000;
const seeds = fc.integer();
const kept = runnable({ late: true, delays: true });
const folder = mkdtempSync(join(tmpdir(), 'taskloom-model-'));

/** A backend of which one can be sure that it is asked nothing. */
class Watched {
  readonly backend: Backend;
  calls = 0;
  readonly #open = new Set<Promise<unknown>>();

  constructor(backend: Backend) {
    const watch = (answer: unknown): unknown => {
      if (!(answer instanceof Promise)) return answer;
      this.calls++;
      this.#open.add(answer);
      const done = (): unknown => this.#open.delete(answer);
      answer.then(done, done);
      return answer;
    };
    this.backend = new Proxy(backend, {
      get(target, key) {
        const value = Reflect.get(target, key) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => watch(value.apply(target, args));
      },
    });
  }

  get isAsked(): boolean {
    return this.#open.size > 0;
  }

  async answered(): Promise<void> {
    await Promise.allSettled(this.#open);
  }
}

/** One flow, and the engine that runs it now. */
class KeptRun {
  readonly #executor = new ManualTaskExecutor();
  readonly #watched: Watched;
  readonly #world: World;
  readonly #late = new LateEvents();
  readonly #follower: Follower;
  readonly #random: () => number;
  readonly #flowId: string;
  built: Built;

  constructor(drawing: Drawing, watched: Watched, flowId: string, seed: number) {
    this.#watched = watched;
    this.#flowId = flowId;
    this.#random = randomFrom(seed);
    this.#world = new World(drawing, this.#late);
    this.built = this.#build();
    this.#follower = new Follower(drawing, this.built);
  }

  mayHappen(chance: number): boolean {
    return this.#random() < chance;
  }

  /** Another engine knows nothing but what is kept. */
  async renew(): Promise<void> {
    await this.built.engine.close();
    this.built = this.#build();
  }

  async toEnd(between?: () => void): Promise<End> {
    const rest = (): Promise<void> => this.#rest();
    const going = drive.bind(null, this.built, this.#executor, this.#follower, this.#random, between, rest);
    const end = await runToEnd(this.built, going);
    expect(this.#late.isUpToDate, 'all is told when the run has ended').toBe(true);
    this.#follower.ended(end);
    return end;
  }

  #build(): Built {
    const engine = this.#world.engine({
      executor: this.#executor,
      backend: this.#watched.backend,
      flowId: this.#flowId,
    });
    const { trace } = this.#late;
    this.#late.follow(engine);
    const passed = (ms: number): void => this.#late.push({ kind: 'passed', ms });
    return { engine, trace, answers: this.#world.answers, passed };
  }

  /** Until the engine has nothing to hand in, nothing to write, and waits for no answer of the backend. */
  async #rest(): Promise<void> {
    for (let isQuiet = false; !isQuiet; ) {
      const { calls, isAsked } = this.#watched;
      // What the engine then does may be something to gather.
      await this.#executor.idle();
      vi.advanceTimersByTime(LONG);
      await this.#executor.idle();
      await this.#watched.answered();
      isQuiet = !isAsked && calls === this.#watched.calls;
    }
  }
}

// What gathers is written when the test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['memory', 'sqlite'] as const)('a flow that is kept, %s', (kind) => {
  const backend = kind === 'memory' ? memory() : sqlite(join(folder, 'runs.db'), { durability: 'normal' });
  const watched = new Watched(backend);
  let flows = 0;
  const start = (drawing: Drawing, seed: number): KeptRun =>
    new KeptRun(drawing, watched, `flow-${flows++}`, seed);
  afterAll(() => backend.close());

  holds(
    'does what is allowed, and all of it, whatever ends first',
    fc.tuple(kept, seeds),
    async (drawing, seed) => {
      const run = start(drawing, seed);
      await run.toEnd();
      await run.built.engine.close();
    },
    settings,
  );

  holds(
    'is suspended, and gone on with by the same engine or another, at any step',
    fc.tuple(kept, seeds),
    async (drawing, seed) => {
      const run = start(drawing, seed);
      for (let end: End | null = null; end === null || end.flow === 'SUSPENDED'; ) {
        const { engine } = run.built;
        let isClosed = false;
        const stop = (): void => {
          if (isClosed || !run.mayHappen(0.1)) return;
          isClosed = run.mayHappen(0.5);
          if (isClosed) void engine.close();
          else engine.suspend();
        };
        const callOff = engine.on('atom', stop);
        end = await run.toEnd(stop);
        callOff();
        if (isClosed || run.mayHappen(0.5)) await run.renew();
      }
      await run.built.engine.close();
    },
    settings,
  );
});
