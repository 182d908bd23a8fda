/** The same scenario on every executor, told by tasks that write a story into shared memory. */
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  type Engine,
  type EngineSettings,
  SerialTaskExecutor,
  type TaskExecutor,
  ThreadPoolTaskExecutor,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { afterAll } from 'vitest';

interface Reusable extends AnyTask {
  as(name: string, options?: object): AnyTask;
}

/** What test/fixtures/scenarios/acts.mjs defines. */
type Fixture = 'act' | 'take' | 'may' | 'whole' | 'silent' | 'places' | 'only' | 'keys' | 'where' | 'spoil';

/** Tasks that threads can run. */
export const fixtures = (await import(
  new URL('../fixtures/scenarios/acts.mjs', import.meta.url).href
)) as Record<Fixture, Reusable>;

const pool = new ThreadPoolTaskExecutor({ threads: 2 });
afterAll(() => pool.stop());

/** For `describe.each`: one pool for a file of tests, the others anew for each run. */
export const everyExecutor: readonly (readonly [name: string, executor: () => TaskExecutor])[] = [
  ['serial', () => new SerialTaskExecutor()],
  ['threads', () => pool],
  ['manual', () => new ManualTaskExecutor({ auto: true })],
];

export interface ActOptions {
  /** In which of its executions it fails, by number from 1; true for all. Default: none. */
  readonly fails?: readonly number[] | true;
  /** True: its revert fails. */
  readonly failsBack?: boolean;
  /** What execute returns, under a symbol of the task's name. Default: the name. */
  readonly result?: unknown;
  /** What revert returns. */
  readonly undone?: unknown;
  readonly priority?: number;
}

const ALWAYS = Array.from({ length: 50 }, (_, at) => at + 1);

/** Tasks of which each writes its name when it executes, and `-name` when it reverts; `told` is the story so far. */
export function stage(): { act(name: string, options?: ActOptions): AnyTask; told(): string } {
  const notes = new Int32Array(new SharedArrayBuffer(4096));
  const names: string[] = [''];
  const act = (name: string, options: ActOptions = {}): AnyTask => {
    const { fails = [], failsBack = false, result = name, undone, priority = 0 } = options;
    const word = names.push(name) - 1;
    const failing = fails === true ? ALWAYS : fails;
    const inject = { notes, word, fails: failing, failsBack, result, undone };
    return fixtures.act.as(name, { provides: name, priority, inject });
  };
  const told = (): string =>
    [...notes.subarray(1, 1 + Atomics.load(notes, 0))]
      .map((word) => `${word < 0 ? '-' : ''}${names[Math.abs(word)]}`)
      .join(' ');
  return { act, told };
}

/** A task that gives this value for a symbol. */
export function gives(name: string, symbol: string, value: unknown = name): AnyTask {
  return fixtures.whole.as(name, { provides: symbol, inject: { value } });
}

/** A task that takes a symbol, and gives what it saw as `<name>-saw`. */
export function takes(name: string, symbol: string): AnyTask {
  return fixtures.take.as(name, { provides: `${name}-saw`, rebind: { x: symbol } });
}

/** The same, of a symbol that need not be there: `['given', value]` or `['not given']`. */
export function mayTake(name: string, symbol: string): AnyTask {
  return fixtures.may.as(name, { provides: `${name}-saw`, rebind: { x: symbol } });
}

/** Each state that the flow (by `flow`) and its atoms went to, as it was told. */
export function hear(engine: Engine<AnyUnit>): string[] {
  const heard: string[] = [];
  engine.on('flow', ({ state }) => heard.push(`flow ${state}`));
  engine.on('atom', ({ name, state }) => heard.push(`${name} ${state}`));
  return heard;
}

/** What a run rejects with; undefined when it doesn't. */
export function thrownBy(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The states of some atoms, as in `a SUCCESS, b PENDING`. */
export function statesOf({ storage }: Engine<AnyUnit>, ...names: readonly string[]): string {
  return names.map((name) => `${name} ${storage.atomState(name)}`).join(', ');
}

/**
 * A run on an executor that settles when told, at rest. `waiting` says what was handed in, reverts with a minus; `settle`
 * performs one after another, each at rest; `done` is what the run rejects with.
 */
export async function started(
  flow: AnyUnit,
  {
    concurrency,
    ...options
  }: EngineSettings & { readonly concurrency?: number; readonly store?: object } = {},
) {
  const executor = new ManualTaskExecutor(concurrency === undefined ? {} : { concurrency });
  const engine = createEngine(flow, { ...options, executor });
  const heard = hear(engine);
  const go = async (): Promise<{ readonly done: Promise<unknown> }> => {
    const done = thrownBy(engine.run());
    await executor.idle();
    return { done };
  };
  const { done } = await go();
  const waiting = (): string =>
    executor.waiting.map(({ atom, action }) => (action === 'execute' ? atom : `-${atom}`)).join(' ');
  const settle = async (...atoms: readonly string[]): Promise<void> => {
    for (const atom of atoms) {
      await executor.settle(atom);
      await executor.idle();
    }
  };
  return { executor, engine, heard, done, waiting, settle, go };
}
