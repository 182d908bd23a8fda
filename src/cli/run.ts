/**
 * `taskloom run`: options ─▶ store ─▶ flow file ─▶ engine ─▶ report ─▶ exit code.
 *
 * 1. What is wrong before the first task runs is wrong use (2); what goes wrong afterwards is a failed run (1).
 * 2. Signals are left to Node until the run begins: a flow file in an endless loop must end at the first Ctrl-C.
 */
import { availableParallelism } from 'node:os';
import { Engine } from '../engine/engine.ts';
import { TaskloomError } from '../errors.ts';
import type { AnyUnit } from '../flow/unit.ts';
import { EXIT, type StopReason } from './exit-codes.ts';
import { loadFlow, runsFlow } from './flow-file.ts';
import type { Guard } from './guard.ts';
import { Interrupts } from './interrupts.ts';
import { JsonReport } from './json-report.ts';
import type { Report } from './report.ts';
import { readStore } from './store.ts';
import type { Terminal } from './terminal.ts';
import { nameList, oneLine } from './text.ts';
import { TextReport } from './text-report.ts';
import { titleLine } from './user-error.ts';

/** The options as commander hands them over. */
export interface RunOptions {
  readonly store?: readonly string[];
  readonly storeFile?: string;
  readonly threads?: number;
  readonly executor?: 'threads' | 'serial';
  readonly export?: string;
  readonly json?: boolean;
}

/** What a command works with. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly guard: Guard;
  /** Calls `listener` when stdout can't be written any more, at once if that is so already. */
  onUnread(listener: () => void): void;
}

/** Runs the flow that `file` exports; resolves to the exit code. */
export async function runCommand(file: string, options: RunOptions, around: Surroundings): Promise<number> {
  const { terminal } = around;
  const report = options.json === true ? new JsonReport(terminal) : new TextReport(terminal);
  showWarnings(report);
  // The engine wants its signal before anything is checked; the process's signals are heard later (2).
  const abort = new AbortController();
  let engine: Engine;
  try {
    engine = await prepareEngine(file, options, abort.signal, report, around);
  } catch (error) {
    report.refused(withOptionHint(error), EXIT.usage);
    return EXIT.usage;
  }
  try {
    return await runToEnd(engine, options, abort, report, around);
  } finally {
    await engine.close();
  }
}

async function prepareEngine(
  file: string,
  options: RunOptions,
  signal: AbortSignal,
  report: Report,
  { guard }: Surroundings,
): Promise<Engine> {
  const { threads, executor = 'threads' } = options;
  if (threads !== undefined && executor !== 'threads') {
    throw new TaskloomError(
      'USAGE',
      `--threads needs --executor threads; '${executor}' runs on the main thread.`,
    );
  }
  const store = readStore(options.store ?? [], options.storeFile);
  report.waiting(`importing ${oneLine(file)}`);
  const flow = await guard.during(watchImport(file, report, guard), loadFlow(file, options.export));
  return readyEngine(flow, { store, executor, signal, ...(threads === undefined ? {} : { threads }) });
}

async function readyEngine(flow: AnyUnit, options: ConstructorParameters<typeof Engine>[1]): Promise<Engine> {
  const engine = new Engine(flow, options, 'taskloom run');
  engine.compile();
  engine.prepare();
  await engine.validate();
  return engine;
}

/** A flow file whose import never ends, ends the process, or throws later on. */
function watchImport(file: string, report: Report, guard: Guard): Parameters<Guard['during']>[0] {
  const refuse = (error: TaskloomError): number => {
    report.refused(error, EXIT.usage);
    return EXIT.usage;
  };
  const name = `The flow file '${oneLine(file)}'`;
  return {
    lost: (how) => {
      const message = `${name} ${how} when it is imported. A flow file only builds and exports a flow; work belongs into tasks.`;
      return refuse(new TaskloomError('FLOW_FILE_INVALID', message));
    },
    stray: (error) => {
      if (error instanceof TaskloomError && error.code === 'MODULE_RUNS_FLOW')
        guard.exit(refuse(runsFlow(file)));
      const message = `${name} threw when it was imported: ${titleLine(error)}`;
      guard.exit(refuse(new TaskloomError('FLOW_FILE_INVALID', message, { cause: error })));
    },
  };
}

async function runToEnd(
  engine: Engine,
  { threads, executor }: RunOptions,
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
  report.follow(engine, executor === 'serial' ? null : (threads ?? availableParallelism()));
  const began = performance.now();
  const running = guard.during(watchRun(engine, abort, report), engine.run());
  const { results, error } = await running.then(
    (results) => ({ results: results as Record<string, unknown>, error: undefined }),
    (error: unknown) => ({ results: null, error }),
  );
  const wall = performance.now() - began;
  const state = engine.storage.flowState;
  const stopped = error === undefined ? null : interrupts.reason;
  const exitCode = exitCodeOf(error, stopped);
  report.end({ state, results, error, wall, stopped, exitCode });
  return exitCode;
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

function exitCodeOf(error: unknown, stopped: StopReason | null): number {
  if (stopped !== null) return EXIT[stopped];
  return error === undefined ? EXIT.done : EXIT.failed;
}

/** Says how the command line gives what the engine misses. */
function withOptionHint(error: unknown): unknown {
  if (!(error instanceof TaskloomError)) return error;
  const way =
    error.code === 'MISSING_DEPENDENCIES'
      ? ` On the command line: --store ${firstMissing(error)}=VALUE`
      : error.code === 'TASKLOOM_TWICE'
        ? ' Run the one that the flow file imports: npx taskloom, in its folder.'
        : '';
  if (way === '') return error;
  return new TaskloomError(error.code, `${error.message}${way}`, { details: error.details });
}

function firstMissing({ details }: TaskloomError): string {
  const [first] = details['missing'] as readonly { readonly symbol: string }[];
  return first === undefined ? 'SYMBOL' : oneLine(first.symbol, 80);
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
