/**
 * The report for programs: on stdout one JSON object per line and nothing else; on stderr what goes wrong, as text.
 *
 * Times are in ms; `at` since 1970.
 *
 *   {"event":"kept","flowId","db","state","done"}          with --db, first: what is found; done: tasks that an earlier run did
 *   {"event":"flow","name","flowId","state","oldState","at"}
 *   {"event":"atom","name","kind","index","flowId","state","oldState","at","elapsed","failure"}
 *                                                          index: of an item of a map; failure: null or an error
 *   {"event":"progress","name","flowId","fraction","details","at"}
 *   {"event":"log","name","flowId","level","message","details","at"}
 *   {"event":"notice","name","flowId","notice","details","at"}                     notice: what the task calls it
 *   {"event":"end","state","exitCode","stopped","elapsed","elapsedInTasks","speedUp","threads",
 *    "tasks":{"total","done","failed","reverted","revertFailed"},"items":{"done","reverted"},"failed":[…],"reverted":[…],"revertFailed":[…],
 *    "results":{…} or null,"error":{…} or null,             always last; state null: nothing ran
 *    "flowId","wayOn"}                                      with --db; wayOn: the command that goes on, or null
 *
 * Errors are {"name","message","code","stack":[…],"cause","errors":[…]}; other values are as `toJson` gives them.
 */
import type { Engine } from '../engine/engine.ts';
import { codeOf } from '../failure.ts';
import type { FlowState } from '../states.ts';
import type { StopReason } from './exit-codes.ts';
import type { Ending, Kept, Report } from './report.ts';
import { Tally, tallyOf } from './tally.ts';
import type { Terminal } from './terminal.ts';
import { TextReport } from './text-report.ts';
import { userFrames } from './user-error.ts';
import { toJson } from './values.ts';

/** Errors inside errors that are written. */
const DEEP = 8;

/** What the last line says beside the counts. */
interface Last {
  readonly state: FlowState | null;
  readonly error: unknown;
  readonly results?: Readonly<Record<string, unknown>> | null;
  readonly wall?: number | null;
  readonly stopped?: StopReason | null;
  readonly exitCode: number;
}

export class JsonReport implements Report {
  readonly #terminal: Terminal;
  /** For what goes to stderr. */
  readonly #text: TextReport;
  #engine: Engine | null = null;
  #threads: number | null = null;
  #tally = new Tally(0);
  #kept: Kept | null = null;
  #stopped: StopReason | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#text = new TextReport(terminal);
  }

  waiting(): void {}

  refused(error: unknown, exitCode: number): void {
    this.#text.refused(error);
    this.#last({ state: null, error, exitCode });
  }

  follow(engine: Engine, threads: number | null, kept: Kept | null): void {
    this.#engine = engine;
    this.#threads = threads;
    this.#kept = kept;
    this.#tally = tallyOf(engine);
    if (kept !== null)
      this.#write({
        event: 'kept',
        flowId: kept.flowId,
        db: kept.db,
        state: engine.storage.flowState,
        done: this.#tally.before,
      });
    engine.on('flow', (event) => this.#write({ event: 'flow', ...event }));
    engine.on('atom', (event) => {
      this.#tally.take(event);
      const { name, kind, index, flowId, state, oldState, at, elapsed, failure } = event;
      this.#write({
        event: 'atom',
        name,
        kind,
        index,
        flowId,
        state,
        oldState,
        at,
        elapsed,
        failure: errorToJson(failure),
      });
    });
    engine.on('progress', ({ details, ...event }) => {
      this.#write({ event: 'progress', ...event, details: details === undefined ? null : toJson(details) });
    });
    engine.on('log', ({ details, ...event }) => {
      this.#write({ event: 'log', ...event, details: details === undefined ? null : toJson(details) });
    });
    engine.on('notice', ({ details, event, ...rest }) => {
      const shown = details === undefined ? null : toJson(details);
      this.#write({ event: 'notice', ...rest, notice: event, details: shown });
    });
  }

  stopping(reason: StopReason): void {
    this.#stopped = reason;
    this.#text.stopping(reason, this.#kept !== null);
  }

  cut(words: string, exitCode: number): void {
    this.#text.cut(words);
    const state = this.#engine?.storage.flowState ?? null;
    this.#last({ state, error: new Error(words), stopped: this.#stopped, exitCode });
  }

  warn(message: string): void {
    this.#text.warn(message);
  }

  end(ending: Ending): void {
    this.#last(ending);
  }

  #last({ state, error, results = null, wall = null, stopped = null, exitCode }: Last): void {
    const tally = this.#tally;
    const kept = this.#kept;
    const [reverted, revertFailed] = [tally.in('REVERTED'), tally.in('REVERT_FAILURE')];
    const line = {
      event: 'end',
      state,
      exitCode,
      stopped,
      elapsed: wall,
      elapsedInTasks: tally.inTasks,
      speedUp: wall === null ? null : tally.speedUp(wall),
      threads: this.#threads,
      tasks: {
        total: tally.total,
        done: tally.count('SUCCESS'),
        failed: tally.failed.length,
        reverted: reverted.length,
        revertFailed: revertFailed.length,
      },
      items: { done: tally.items('SUCCESS'), reverted: tally.items('REVERTED') },
      failed: tally.failed,
      reverted,
      revertFailed,
      results: results === null ? null : toJson(results),
      error: error === undefined ? null : errorToJson(error),
      ...(kept !== null && { flowId: kept.flowId, wayOn: state === null ? null : kept.wayOn(state) }),
    };
    try {
      this.#write(line);
    } catch (tooLarge) {
      // A string can't hold the results; the rest must not be lost with them.
      this.#write({ ...line, results: null, error: errorToJson(tooLarge) });
    }
    this.#terminal.flush();
  }

  #write(line: object): void {
    this.#terminal.line(JSON.stringify(line));
  }
}

export function errorToJson(thrown: unknown, depth = 0): unknown {
  if (thrown === null) return null;
  if (!(thrown instanceof Error)) return { name: null, message: String(toJson(thrown)) };
  const code = codeOf(thrown);
  const inner: unknown = Reflect.get(thrown, 'errors');
  const below = (each: unknown): unknown => (depth < DEEP ? errorToJson(each, depth + 1) : null);
  return {
    name: thrown.name,
    message: thrown.message,
    ...(code === undefined ? {} : { code }),
    stack: userFrames(thrown),
    ...(thrown.cause === undefined ? {} : { cause: below(thrown.cause) }),
    ...(Array.isArray(inner) ? { errors: inner.slice(0, 100).map(below) } : {}),
  };
}
