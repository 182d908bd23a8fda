/**
 * The report for people: a line per task as it ends, what tasks log, a status line when stdout is a terminal, and a
 * summary. What went wrong, and why, is on stderr.
 */
import type { AtomNode } from '../compile/node.ts';
import type { Engine } from '../engine/engine.ts';
import type { AtomEvent, LogEvent } from '../engine/events.ts';
import { TaskloomError } from '../errors.ts';
import { type FlowState, isRevertGivenBack } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import { EXIT, type StopReason } from './exit-codes.ts';
import type { Ending, Kept, Report } from './report.ts';
import { StatusLine } from './status-line.ts';
import { Tally, tallyOf } from './tally.ts';
import type { Terminal } from './terminal.ts';
import { duration, nameList, oneLine, pad, safeLines, width } from './text.ts';
import { describeError, titleLine, userFrames } from './user-error.ts';
import { showValue } from './values.ts';

/** Columns for the names of tasks: as many as the longest needs, within these. */
const NAME_COLUMNS = 32;
const NAME_LIMIT = 80;
const LOG_LINES = 50;
const ERRORS = 10;
const RESULTS = 50;

/** ms in tasks below which the start of the threads is all that a speed-up would show. */
const TELLING = 100;

export class TextReport implements Report {
  readonly #terminal: Terminal;
  #columns = 0;
  #threads: number | null = null;
  #tally = new Tally(0);
  #storage: Storage | null = null;
  #kept: Kept | null = null;
  #atoms: ReadonlyMap<string, AtomNode> = new Map();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** It has nothing to undo: REVERTED is a word only. */
  #isWithoutRevert(name: string): boolean {
    const node = this.#atoms.get(name);
    if (node?.kind === 'map') return node.atom.task.work.revert === null;
    return (node?.kind === 'task' ? node.atom.work.revert : node?.atom.revert) === null;
  }

  waiting(what: string): void {
    this.#terminal.follow(() => what);
  }

  refused(error: unknown): void {
    const [first = '', ...rest] = refusal(error);
    this.#terminal.follow(null);
    this.#terminal.complain([`${this.#terminal.paintError('red', 'error:')} ${first}`, ...rest].join('\n'));
  }

  follow(engine: Engine, threads: number | null, kept: Kept | null): void {
    const { atoms } = engine.compilation;
    this.#storage = engine.storage;
    this.#threads = threads;
    this.#kept = kept;
    this.#tally = tallyOf(engine);
    if (kept !== null) this.#begin(kept);
    this.#atoms = atoms;
    for (const name of atoms.keys()) {
      this.#columns = Math.min(NAME_COLUMNS, Math.max(this.#columns, width(oneLine(name, NAME_LIMIT))));
    }
    const status = new StatusLine(this.#tally);
    engine.on('atom', (event) => {
      this.#tally.take(event);
      status.atom(event);
      this.#atom(event);
    });
    engine.on('progress', (event) => status.progress(event));
    engine.on('log', (event) => this.#log(event));
    this.#terminal.follow(() => status.text());
  }

  stopping(reason: StopReason, isKept: boolean = this.#kept !== null): void {
    if (reason === 'unread') return;
    const again = reason === 'SIGINT' ? 'Ctrl-C again' : 'A second signal';
    const then = isKept ? 'the run is suspended: it can go on later' : 'what ran is reverted';
    this.#complain(
      'yellow',
      `interrupted (${reason}):`,
      `waiting for the running tasks, then ${then}. ${again} ends at once.`,
    );
  }

  cut(words: string): void {
    this.#terminal.follow(null);
    const left = this.#tally.in('RUNNING', 'REVERTING', 'SUCCESS', 'FAILURE');
    const state = left.length > 0 && this.#kept === null ? ` Not reverted: ${nameList(left)}.` : '';
    this.#complain('red', 'ended:', `${words}${state}`);
    this.#sayWayOn('RUNNING');
  }

  warn(message: string): void {
    this.#complain('yellow', 'warning:', safeLines(message, ERRORS).join('\n  '));
  }

  end(ending: Ending): void {
    this.#terminal.follow(null);
    const isDone = ending.exitCode === EXIT.done;
    const style = isDone ? 'green' : ending.state === 'SUSPENDED' ? 'yellow' : 'red';
    const name = oneLine(this.#storage?.flowName ?? '', NAME_LIMIT);
    this.#terminal.line('');
    this.#terminal.line(`${this.#terminal.paint(style, ending.state)}  flow '${name}': ${this.#counts()}`);
    this.#terminal.line(`  ${ending.wall === null ? 'done before: nothing ran' : this.#times(ending.wall)}`);
    if (ending.results !== null && isDone) this.#results(ending.results);
    if (ending.stopped === 'unread') return;
    if (ending.error !== undefined) this.#failed(ending);
    else if (!isDone) this.#complain('yellow', '\nsuspended:', 'somebody asked for it.');
    if (!isDone) this.#sayWayOn(ending.state);
  }

  #begin({ flowId, db }: Kept): void {
    const { before, total } = this.#tally;
    const done = before === 0 ? '' : `: ${before} of ${total} tasks were done before`;
    this.#terminal.line(`run ${oneLine(flowId)} in ${db}${done}`);
  }

  #sayWayOn(state: FlowState): void {
    const way = this.#kept?.wayOn(state) ?? null;
    if (way !== null) this.#terminal.complain(`to go on: ${way}`);
  }

  #atom(event: AtomEvent): void {
    const line = this.#atomLine(event);
    if (line !== null) this.#terminal.line(` ${line}`);
  }

  /** Null for the states that a task only passes through. */
  #atomLine(event: AtomEvent): string | null {
    const { paint } = this.#terminal;
    // Of items only what fails is worth a line of its own.
    if (event.index !== null && event.failure === null) return null;
    // It has told this before.
    if (isRevertGivenBack(event.state, event.oldState)) return null;
    const name = pad(oneLine(event.name, NAME_LIMIT), this.#columns);
    const time = event.elapsed === null ? '' : `  ${duration(event.elapsed).padStart(8)}`;
    switch (event.state) {
      case 'SUCCESS':
        return `${paint('green', '✓')} ${name}${time}`;
      case 'FAILURE':
        return `${paint('red', '✗')} ${name}${time}  ${paint('red', titleLine(event.failure))}`;
      case 'REVERTED': {
        const what = this.#isWithoutRevert(event.name)
          ? paint('dim', '  nothing to revert')
          : `${time}  reverted`;
        return `${paint('yellow', '↩')} ${name}${what}`;
      }
      case 'REVERT_FAILURE': {
        const why = paint('red', `revert failed: ${titleLine(event.failure)}`);
        return `${paint('red', '✗')} ${name}${time}  ${why}`;
      }
      case 'IGNORE':
        return paint('dim', `- ${name}  not run`);
      case 'PENDING':
      case 'RUNNING':
      case 'REVERTING':
      case 'RETRYING':
      case 'PARTIAL':
        return null;
    }
  }

  #log({ name, level, message, details }: LogEvent): void {
    const prefix = this.#terminal.paint('dim', `   ${oneLine(name, NAME_LIMIT)} |`);
    const style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : level === 'debug' ? 'dim' : null;
    const lines = safeLines(
      level === 'warn' || level === 'error' ? `${level}: ${message}` : message,
      LOG_LINES,
    );
    if (details !== undefined) lines.push(...showValue(details));
    for (const line of lines) {
      this.#terminal.line(`${prefix} ${style === null ? line : this.#terminal.paint(style, line)}`);
    }
  }

  #counts(): string {
    const tally = this.#tally;
    const parts = [`${tally.count('SUCCESS')} of ${tally.total} tasks done`];
    const items = tally.items('SUCCESS');
    if (items > 0) parts[0] += ` (${items} item${items === 1 ? '' : 's'})`;
    if (tally.failed.length > 0) parts.push(`${tally.failed.length} failed`);
    if (tally.count('REVERTED') > 0) parts.push(`${tally.count('REVERTED')} reverted`);
    if (tally.count('REVERT_FAILURE') > 0) parts.push(`${tally.count('REVERT_FAILURE')} failed to revert`);
    return parts.join(', ');
  }

  #times(wall: number): string {
    const speedUp =
      this.#tally.inTasks < TELLING
        ? `unknown (under ${TELLING} ms of work)`
        : (this.#tally.speedUp(wall)?.toFixed(2) ?? '-');
    const where =
      this.#threads === null ? 'the main thread' : `${this.#threads} thread${this.#threads === 1 ? '' : 's'}`;
    return `${duration(wall)}, ${duration(this.#tally.inTasks)} in tasks, speed-up ${speedUp} on ${where}`;
  }

  #results(results: Readonly<Record<string, unknown>>): void {
    const entries = Object.entries(results);
    if (entries.length === 0) return;
    this.#terminal.line('results');
    for (const [symbol, value] of entries.slice(0, RESULTS)) {
      const [first = '', ...rest] = showValue(value);
      this.#terminal.line(`  ${oneLine(symbol, NAME_LIMIT)}: ${first}`);
      for (const line of rest) this.#terminal.line(`  ${line}`);
    }
    if (entries.length > RESULTS)
      this.#terminal.line(`  … and ${entries.length - RESULTS} more; --json has all`);
  }

  #failed({ error, stopped }: Ending): void {
    const failures = this.#storage?.failures ?? new Map<string, Error>();
    const revertFailures = this.#storage?.revertFailures ?? new Map<string, Error>();
    this.#terminal.complain('');
    // Tasks that were told to stop fail for that; the interruption is the reason to show.
    if (stopped === null) {
      this.#errors('failed', failures);
      if (failures.size + revertFailures.size === 0) this.refused(error);
    } else this.#complain('red', 'interrupted', `(${stopped}).`);
    this.#errors('could not be reverted', revertFailures);
    const reverted = this.#tally.in('REVERTED');
    if (reverted.length > 0) this.#terminal.complain(`reverted: ${nameList(reverted)}`);
    if (this.#storage?.flowState === 'SUSPENDED' && this.#kept !== null) return;
    const kept = this.#tally.in('SUCCESS', 'FAILURE', 'REVERT_FAILURE');
    if (kept.length > 0) this.#terminal.complain(`not reverted: ${nameList(kept)}`);
  }

  #errors(what: string, errors: ReadonlyMap<string, Error>): void {
    for (const [name, error] of [...errors].slice(0, ERRORS)) {
      const [first = '', ...rest] = describeError(error);
      const lines = rest.map((line) => `\n  ${line}`).join('');
      this.#complain('red', `task '${oneLine(name, NAME_LIMIT)}' ${what}:`, `${first}${lines}`);
    }
    if (errors.size > ERRORS) this.#terminal.complain(`… and ${errors.size - ERRORS} more tasks ${what}`);
  }

  #complain(style: 'red' | 'yellow', lead: string, text: string): void {
    this.#terminal.complain(`${this.#terminal.paintError(style, lead)} ${text}`);
  }
}

/** The sentence, and what stands in the user's own files; of an error that is none of ours, all of it. */
function refusal(error: unknown): string[] {
  if (!(error instanceof TaskloomError)) return describeError(error);
  const lines = [...safeLines(error.message, ERRORS)];
  lines.push(`${lines.pop() ?? ''} [${error.code}]`);
  // A definition that was refused: where it stands in the user's file.
  if (error.cause === undefined) return [...lines, ...userFrames(error).map((frame) => `    ${frame}`)];
  // The sentence has said what the system, or the database, says.
  if (error.code === 'USAGE' || error.code.startsWith('STORAGE_') || isOfSystem(error.cause)) return lines;
  const [title = '', ...rest] = describeError(error.cause);
  const said = error.message.includes(messageOf(error.cause));
  return [...lines, ...(said ? [] : [`  caused by: ${title}`]), ...rest];
}

function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
