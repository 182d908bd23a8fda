/** What a task gets beside its arguments, made for one run of it, and silenced when that run has ended. */
import { inspect } from 'node:util';
import { TaskloomError } from '../errors.ts';
import type { Context, Log, LogLevel } from '../flow/context.ts';
import { share, transfer } from './codec.ts';
import type { WorkEvent, WorkRequest } from './messages.ts';
import { type CallService, serviceFunctions } from './services.ts';

/** A loop that tells its progress a million times must not bury the main thread: so many at once, … */
const BURST = 100;
/** … then one in so many ms. The last one is never lost. */
const EVERY = 5;
/** Characters of a log line that are carried. */
const LONGEST_LINE = 64 * 1024;

/** What a run of a task needs from the side that it runs on. */
export interface ContextHost {
  readonly signal: AbortSignal;
  callService(...args: Parameters<CallService>): ReturnType<CallService>;
  onEvent(event: WorkEvent): void;
}

/** Makes the context of one run of a task. */
export function openContext(request: WorkRequest, host: ContextHost): Context {
  return new TaskContext(request, host);
}

/** Says what was held back; later calls of the task say nothing. */
export function endContext(context: Context): void {
  TaskContext.end(context);
}

/**
 * Its parts are made when they are asked for, since most tasks ask for none; and can be taken out of it, as in
 * `execute(args, { progress, log })`.
 */
class TaskContext implements Context {
  readonly name: string;
  readonly flowName: string;
  readonly flowId: string;
  readonly attempt: number;
  readonly #host: ContextHost;
  readonly #offered: readonly string[];
  #limited: Limited | null = null;
  #log: Log | null = null;
  #services: Context['services'] | null = null;
  #ended = false;

  constructor({ atom, attempt, flow, terms }: WorkRequest, host: ContextHost) {
    this.name = atom;
    this.flowName = flow.flowName;
    this.flowId = flow.flowId;
    this.attempt = attempt;
    this.#host = host;
    this.#offered = terms.services;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get progress(): Context['progress'] {
    return (fraction, details) => {
      if (typeof fraction !== 'number' || Number.isNaN(fraction)) throw notAFraction(this.name, fraction);
      this.#limited ??= limit((event) => this.#host.onEvent(event));
      const cut = Math.min(1, Math.max(0, fraction));
      if (!this.#ended) this.#limited.tell({ kind: 'progress', fraction: cut, details });
    };
  }

  get log(): Log {
    const write = (level: LogLevel, message: unknown, details: unknown): void =>
      this.#tell({ kind: 'log', level, message: line(message), details });
    this.#log ??= {
      debug: (message, details) => write('debug', message, details),
      info: (message, details) => write('info', message, details),
      warn: (message, details) => write('warn', message, details),
      error: (message, details) => write('error', message, details),
    };
    return this.#log;
  }

  get notify(): Context['notify'] {
    return (event, details) => {
      if (typeof event !== 'string' || event === '') throw notAnEvent(this.name, event);
      this.#tell({ kind: 'notice', event, details });
    };
  }

  get services(): Context['services'] {
    this.#services ??= serviceFunctions(this.#offered, (name, args) => this.#host.callService(name, args));
    return this.#services;
  }

  get transfer(): Context['transfer'] {
    return transfer;
  }

  get share(): Context['share'] {
    return share;
  }

  static end(context: Context): void {
    if (!(context instanceof TaskContext)) return;
    if (!context.#ended) context.#limited?.flush();
    context.#ended = true;
  }

  /** After what was held back, so that order is kept. */
  #tell(event: WorkEvent): void {
    if (this.#ended) return;
    this.#limited?.flush();
    this.#host.onEvent(event);
  }
}

interface Limited {
  tell(event: WorkEvent): void;
  flush(): void;
}

/** Lets a burst through, then holds back all but the latest. */
function limit(send: (event: WorkEvent) => void): Limited {
  let allowance = BURST;
  let last = performance.now();
  let held: WorkEvent | null = null;
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const event = held;
    held = null;
    if (event !== null) send(event);
  };
  const tell = (event: WorkEvent): void => {
    const now = performance.now();
    allowance = Math.min(BURST, allowance + (now - last) / EVERY);
    last = now;
    held = event;
    if (allowance < 1) {
      timer ??= setTimeout(flush, EVERY).unref();
      return;
    }
    allowance--;
    flush();
  };
  return { tell, flush };
}

function line(message: unknown): string {
  const text = typeof message === 'string' ? message : show(message);
  const more = text.length - LONGEST_LINE;
  return more <= 0 ? text : `${text.slice(0, LONGEST_LINE)}… (${more} more characters)`;
}

/** Any value as text, however hostile. */
export function show(value: unknown): string {
  try {
    return inspect(value, { depth: 3, maxArrayLength: 20, maxStringLength: 1000 });
  } catch {
    return '[a value that cannot be shown]';
  }
}

function notAnEvent(atom: string, event: unknown): TaskloomError {
  return new TaskloomError(
    'OPTION_INVALID',
    `The event that task '${atom}' gave to context.notify() must be a name, not ${show(event)}.`,
    { details: { atom } },
  );
}

function notAFraction(atom: string, fraction: unknown): TaskloomError {
  return new TaskloomError(
    'OPTION_INVALID',
    `The fraction that task '${atom}' gave to context.progress() must be a number from 0 to 1, not ${show(fraction)}.`,
    { details: { atom } },
  );
}
