/**
 * What `run`, `resume`, `retry` and `revert` share: prepare ─▶ report ─▶ run ─▶ exit code.
 *
 * 1. What is wrong before the first task runs is wrong use (2); what goes wrong afterwards is a failed run (1).
 * 2. Signals are left to Node until the run begins: a flow file in an endless loop must end at the first Ctrl-C.
 */
import { availableParallelism } from 'node:os';
import { resultsOf } from '../engine/ending.ts';
import type { Engine } from '../engine/engine.ts';
import type { AnyEngineOptions } from '../engine/options.ts';
import { TaskloomError } from '../errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Guard } from './guard.ts';
import { Interrupts } from './interrupts.ts';
import { JsonReport } from './json-report.ts';
import { forCommandLine } from './option-hints.ts';
import type { Kept, Report } from './report.ts';
import type { Surroundings } from './surroundings.ts';
import { nameList } from './text.ts';
import { TextReport } from './text-report.ts';
import { titleLine } from './user-error.ts';

/** Where tasks run, as the options say. */
export interface ExecutorOptions {
  readonly threads?: number;
  readonly executor?: 'threads' | 'serial';
}

/** An engine that is ready, and what it is to do. */
export interface Job {
  readonly engine: Engine;
  /** Resolves to what is to be shown as results; null where there are none. */
  go(): Promise<Readonly<Record<string, unknown>> | null>;
  /** False: all was done before, and `go` only tells. */
  readonly runs: boolean;
  /** Worker threads; null: the main thread. */
  readonly threads: number | null;
  readonly kept: Kept | null;
}

/** What a job is prepared with. */
export interface Setting extends Surroundings {
  readonly report: Report;
  /** Stops the run. The engine wants it before anything is checked; the process's signals are heard later (2). */
  readonly signal: AbortSignal;
  /** What is to be closed at the end, the last one first. */
  readonly owned: AsyncDisposable[];
}

/** Resolves to the exit code. */
export async function runJob(
  json: boolean | undefined,
  around: Surroundings,
  prepare: (setting: Setting) => Promise<Job>,
): Promise<number> {
  const { terminal } = around;
  const report = json === true ? new JsonReport(terminal) : new TextReport(terminal);
  showWarnings(report);
  const abort = new AbortController();
  const owned: AsyncDisposable[] = [];
  try {
    let job: Job;
    try {
      job = await prepare({ ...around, report, signal: abort.signal, owned });
    } catch (error) {
      return refuse(error, report);
    }
    return await runToEnd(job, abort, report, around);
  } finally {
    for (const each of owned.reverse()) await closed(each, report);
  }
}

/** @throws TaskloomError USAGE */
export function checkExecutor({ threads, executor = 'threads' }: ExecutorOptions): void {
  if (threads === undefined || executor === 'threads') return;
  const message = `--threads needs --executor threads; '${executor}' runs on the main thread.`;
  throw new TaskloomError('USAGE', message);
}

/** How many threads these options lead to; null: the main thread. */
export function threadsOf({ threads, executor }: ExecutorOptions): number | null {
  return executor === 'serial' ? null : (threads ?? availableParallelism());
}

/** What an engine is told of it. */
export function engineOptions({ threads, executor }: ExecutorOptions): AnyEngineOptions {
  return { executor: executor ?? 'threads', ...(threads !== undefined && { threads }) };
}

/** Runs what an engine that is prepared has left to do. @throws as `Engine.validate` */
export async function jobOf(engine: Engine, threads: number | null, kept: Kept | null): Promise<Job> {
  const { compilation, storage } = engine;
  if (kept !== null && storage.flowState === 'SUCCESS' && engine.statistics.incomplete === 0)
    return { engine, threads, kept, runs: false, go: async () => resultsOf(compilation, storage) };
  await engine.validate();
  return { engine, threads, kept, runs: true, go: () => engine.run() };
}

/** What is kept is written before a run has ended: trouble in closing costs nothing of it. */
async function closed(each: AsyncDisposable, report: Report): Promise<void> {
  try {
    await each[Symbol.asyncDispose]();
  } catch (error) {
    if (!(error instanceof TaskloomError)) throw error;
    report.warn(error.message);
  }
}

function refuse(error: unknown, report: Report): number {
  report.refused(forCommandLine(error), EXIT.usage);
  return EXIT.usage;
}

async function runToEnd(
  { engine, go, runs, threads, kept }: Job,
  abort: AbortController,
  report: Report,
  around: Surroundings,
): Promise<number> {
  const { guard } = around;
  using interrupts = new Interrupts(abort, {
    first: (reason) => report.stopping(reason),
    second: (reason) => {
      report.cut(`a second ${reason} ended the run at once.`, EXIT[reason]);
      guard.exit(EXIT[reason]);
    },
  });
  around.onUnread(() => interrupts.stop('unread'));
  report.follow(engine, threads, kept);
  let hasBegun = false;
  engine.on('flow', ({ state }) => {
    hasBegun ||= state === 'RUNNING';
  });
  const began = performance.now();
  const running = guard.during(watchRun(engine, abort, report), go());
  const { results, error } = await running.then(
    (results) => ({ results, error: undefined }),
    (error: unknown) => ({ results: null, error }),
  );
  const wall = runs ? performance.now() - began : null;
  const state = engine.storage.flowState;
  const isLeft = error !== undefined || state === 'SUSPENDED';
  const stopped = isLeft ? interrupts.reason : null;
  if (kept !== null && !hasBegun && stopped === null && isRefusal(error)) return refuse(error, report);
  const exitCode = isLeft ? (stopped === null ? exitCodeOf(error) : EXIT[stopped]) : EXIT.done;
  report.end({ state, results, error, wall, stopped, exitCode });
  return exitCode;
}

/** Somebody else runs the flow, or its database can't be written. */
function isRefusal(error: unknown): boolean {
  return error instanceof TaskloomError && error.code !== 'FLOW_ABORTED';
}

/** A task on the main thread that never settles or ends the process; an error that no task threw. */
function watchRun(engine: Engine, abort: AbortController, report: Report): Parameters<Guard['during']>[0] {
  return {
    lost: (how) => {
      const { storage, compilation } = engine;
      const active = [...compilation.atoms.keys()].filter((name) =>
        ['RUNNING', 'REVERTING'].includes(storage.atomState(name)),
      );
      const who =
        active.length > 0 ? `a running task (${nameList(active)})` : 'something outside of the tasks';
      report.cut(`the process ended in the middle of the run: ${who} ${how}.`, EXIT.failed);
      return EXIT.failed;
    },
    stray: (error) => {
      if (abort.signal.aborted) report.warn(`something threw outside of a task: ${titleLine(error)}`);
      abort.abort(error);
    },
  };
}

function exitCodeOf(error: unknown): number {
  return error === undefined ? EXIT.suspended : EXIT.failed;
}

/** Node's own printing of warnings would run into the status line; that TypeScript is young in Node is no news. */
function showWarnings(report: Report): void {
  if (process.env['NODE_NO_WARNINGS'] === '1') return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name === 'ExperimentalWarning' && /type stripping/i.test(message)) return;
    report.warn(`${name}: ${message}`);
  });
}
