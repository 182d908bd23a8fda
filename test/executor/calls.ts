/** What tests of executors need: prepared arguments, calls that note what happens, and task modules by their path. */
import type { AnyTask, Call, Services } from 'taskloom';
import type { Failure } from '../../src/failure.ts';
import { close, open } from '../../src/protocol/codec.ts';
import type { Outcome, PreparedArgument, WorkEvent } from '../../src/protocol/messages.ts';

export interface NotedCall extends Call {
  readonly events: readonly WorkEvent[];
  readonly begins: () => number;
}

export interface CallOptions {
  readonly atom?: string;
  readonly rank?: number;
  readonly source?: object;
  readonly services?: Services;
  readonly signal?: AbortSignal;
  readonly begin?: () => boolean | Promise<boolean>;
  readonly onReturned?: () => void;
  readonly onEvent?: (event: WorkEvent) => void;
  readonly read?: boolean;
}

const SOURCE = {};

export function callOf(options: CallOptions = {}): NotedCall {
  const events: WorkEvent[] = [];
  let begins = 0;
  return {
    identity: { atom: options.atom ?? 'atom', flowName: 'flow', flowId: 'id', attempt: 2 },
    rank: options.rank ?? 0,
    source: options.source ?? SOURCE,
    services: options.services ?? {},
    signal: options.signal ?? null,
    read: options.read ?? true,
    begin() {
      begins++;
      return options.begin?.() ?? true;
    },
    returned: () => options.onReturned?.(),
    onEvent(event) {
      events.push(event);
      options.onEvent?.(event);
    },
    events,
    begins: () => begins,
  };
}

export function argsOf(values: Readonly<Record<string, unknown>>): readonly PreparedArgument[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: close(value, name), take: null }));
}

/** The result of an outcome that has one. */
export function resultOf(outcome: Outcome): unknown {
  if (outcome.kind !== 'executed' && outcome.kind !== 'reverted')
    throw new Error(`no result but ${JSON.stringify(outcome, null, 1)}`);
  return open(outcome.result);
}

/** Kind and code of an outcome, as in `failed TASK_TIMEOUT`. */
export function verdict(outcome: Outcome): string {
  const code = 'failure' in outcome ? (outcome.failure.code ?? outcome.failure.name) : '';
  return `${outcome.kind} ${code}`.trim();
}

export function failureOf(outcome: Outcome): Failure {
  if (!('failure' in outcome)) throw new Error(`no failure but ${outcome.kind}`);
  return outcome.failure;
}

export function detailsOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  if (!('failure' in outcome)) throw new Error(`no failure but ${outcome.kind}`);
  return outcome.failure.properties?.get('details') as Readonly<Record<string, unknown>>;
}

/** The URL of a fixture of executors. */
export function fixture(name: string): string {
  return new URL(`../fixtures/executor/${name}`, import.meta.url).href;
}

/** The tasks that a fixture exports. */
export async function tasksOf<Name extends string>(name: string): Promise<Record<Name, AnyTask>> {
  return (await import(fixture(name))) as Record<Name, AnyTask>;
}

/** A task of a module that this thread need not be able to import. */
export function taskIn(module: string, name: string, timeout: number | null = null): AnyTask {
  const never = (): never => {
    throw new Error('performed on the main thread');
  };
  return {
    kind: 'task',
    name,
    work: { name, module, execute: never, revert: never, validators: null },
    args: [],
    revertArgs: [],
    inject: new Map(),
    provides: [],
    priority: 0,
    timeout,
    runOn: 'thread',
    version: '1',
    retry: null,
  } as AnyTask;
}

/** Resolves with the first event for which it holds; `onEvent` is for callOf. */
export function eventWaiter(): {
  readonly onEvent: (event: WorkEvent) => void;
  logged(text: string): Promise<void>;
} {
  const seen = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    onEvent(event) {
      if (event.kind !== 'log') return;
      seen.add(event.message);
      waiting.get(event.message)?.();
    },
    logged: (text) =>
      new Promise((resolve) => {
        if (seen.has(text)) resolve();
        else waiting.set(text, resolve);
      }),
  };
}
