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
  readonly callService: CallService;
  onEvent(event: WorkEvent): void;
}

export interface OpenContext {
  readonly context: Context;
  /** Says what was held back; later calls of the task say nothing. */
  end(): void;
}

export function openContext({ identity, services }: WorkRequest, host: ContextHost): OpenContext {
  let ended = false;
  const progress = limit((event) => host.onEvent(event));
  const write = (level: LogLevel, message: unknown, details: unknown): void => {
    if (ended) return;
    progress.flush();
    host.onEvent({ kind: 'log', level, message: line(message), details });
  };
  const log: Log = {
    debug: (message, details) => write('debug', message, details),
    info: (message, details) => write('info', message, details),
    warn: (message, details) => write('warn', message, details),
    error: (message, details) => write('error', message, details),
  };
  const context: Context = {
    name: identity.atom,
    flowName: identity.flowName,
    flowId: identity.flowId,
    attempt: identity.attempt,
    signal: host.signal,
    progress(fraction, details) {
      if (typeof fraction !== 'number' || Number.isNaN(fraction)) throw notAFraction(identity.atom, fraction);
      if (!ended) progress.tell({ kind: 'progress', fraction: Math.min(1, Math.max(0, fraction)), details });
    },
    log,
    notify(event, details) {
      if (typeof event !== 'string' || event === '') throw notAnEvent(identity.atom, event);
      if (ended) return;
      progress.flush();
      host.onEvent({ kind: 'notice', event, details });
    },
    services: serviceFunctions(services, host.callService),
    transfer,
    share,
  };
  return {
    context,
    end() {
      if (!ended) progress.flush();
      ended = true;
    },
  };
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
