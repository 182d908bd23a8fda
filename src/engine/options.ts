/** The options of an engine, their defaults, and the one place where its executor is chosen. */
import { TaskloomError } from '../errors.ts';
import type { TaskExecutor } from '../executor/executor.ts';
import { SerialTaskExecutor } from '../executor/serial.ts';
import { ThreadPoolTaskExecutor } from '../executor/threads.ts';
import type { Services } from '../flow/context.ts';
import type { NeedsOf } from '../flow/symbols.ts';
import {
  A_FLAG,
  A_NAME,
  AN_OBJECT,
  aWholeNumber,
  checkOptions,
  type OptionRules,
  oneOf,
} from '../options.ts';
import type { Backend } from '../persistence/backend.ts';
import type { OnVersionChange } from '../storage/adopt.ts';

import type { Keep } from './keeping.ts';
import type { FlowFactory } from './kept-factory.ts';

export interface EngineSettings {
  /**
   * Who runs the tasks: `'threads'` (the default) on worker threads of this engine, `'serial'` one after another on
   * the main thread, or an executor of yours, which engines may share and none of them stops.
   */
  readonly executor?: 'threads' | 'serial' | TaskExecutor | undefined;
  /** Worker threads, at least 1. Default: as many as the machine can use. Only with `executor: 'threads'`. */
  readonly threads?: number | undefined;
  /** Names this run, in at most 1,000 characters. Default: a new uuid (v7). */
  readonly flowId?: string | undefined;
  /** Functions on the main thread that tasks may call as `context.services`. */
  readonly services?: Services | undefined;
  /** Stops the run when it is aborted; what then happens, `onAbort` says. The run rejects with FLOW_ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /**
   * `'revert'` (the default): the signals of running tasks are aborted, they are waited for, and all that ran is
   * reverted. `'suspend'`: running tasks end undisturbed and are kept; run the engine again to go on.
   */
  readonly onAbort?: 'suspend' | 'revert' | undefined;
  /**
   * True (the default): when a retry gives up and none around it decides otherwise, everything is reverted. False:
   * only the flow of that retry is, as in TaskFlow; what ran elsewhere stays.
   */
  readonly deferReverts?: boolean | undefined;
  /**
   * True: a failure reverts nothing and asks no retry; the flow ends in FAILURE with all as it was, to be looked at.
   * Default false.
   */
  readonly neverResolve?: boolean | undefined;
  /**
   * Where the flow is kept under its id: an engine made later with the same `backend` and `flowId` goes on from there, in another
   * process too if the backend lasts. `memory()`, `sqlite(path)`, or a URL, which the engine opens and closes itself:
   * `'sqlite:runs.db'`. What is kept is written before anything is announced, or done, that depends on it. Default: nowhere else
   * than in this engine.
   */
  readonly backend?: Backend | string | undefined;
  /**
   * Where the flow comes from, kept with it from its very beginning, so that `resume` needs its id only; as `saveFactory` keeps it
   * later. Of a flow that was kept before it takes the place of what is known. Only with a `backend`.
   */
  readonly factory?: FlowFactory | undefined;
  /** Names the flows that belong together in the backend. Default: `'default'`. */
  readonly logbook?: string | undefined;
  /**
   * Symbols of the store whose values a backend does not keep and no log shows. Who resumes the flow gives them again, told which by
   * MISSING_DEPENDENCIES. What tasks make of them is kept like all else.
   */
  readonly secret?: readonly string[] | undefined;
  /**
   * ms for which the flow is this engine's own, after each time that it writes; it does so in time to keep it. When they are over
   * because the process was stopped, another engine may go on with the flow, and this one can't write any more. Default 30,000.
   */
  readonly lease?: number | undefined;
  /**
   * What to do with a flow that was kept with another `version` of one of its tasks. `'keep'` (the default): what ran stays as it
   * is. `'rerun'`: the task runs again, and all that lies behind it, without a revert before. `'refuse'`: VERSION_CHANGED.
   */
  readonly onVersionChange?: OnVersionChange | undefined;
  /** False: what definitions `inject` is kept with the records of their atoms (TaskFlow `inject_transient`). Default true. */
  readonly injectTransient?: boolean | undefined;
  /**
   * What is kept of results. `'all'` (the default): every one. `'provided'`: what `run` resolves to; every other is dropped as soon
   * as nobody in the flow can need it, so that a chain of large values has a few of them in memory, not all. `'none'`: what `run`
   * resolves to is dropped like the others, and `run` resolves to an empty object. What may be needed is never dropped: for a
   * revert all that it is told until the flow is SUCCESS, and what a retry may make needed again. Values of the `store` stay.
   * To read what was dropped is SYMBOL_NOT_FOUND; a flow that is SUCCESS can't be reverted any more.
   */
  readonly keep?: Keep | undefined;
}

/** `store` gives the values of symbols; it is demanded when the flow needs some. */
export type EngineOptions<U> = EngineSettings &
  // biome-ignore lint/complexity/noBannedTypes: {} asks whether every need is optional
  ({} extends NeedsOf<U> ? { readonly store?: NeedsOf<U> } : { readonly store: NeedsOf<U> });

/** The options as the engine reads them, whatever the flow's types are. */
export interface AnyEngineOptions extends EngineSettings {
  readonly store?: object;
}

/** Characters of a flow's id: it stands in messages, tables and command lines. */
const LONGEST_ID = 1_000;

const RULES: OptionRules<AnyEngineOptions> = {
  store: AN_OBJECT,
  executor: { fits: isExecutor, words: `'threads', 'serial' or a task executor` },
  threads: aWholeNumber(1),
  flowId: {
    fits: (value) => A_NAME.fits(value) && (value as string).length <= LONGEST_ID,
    words: `a string of 1 to ${LONGEST_ID} characters`,
  },
  services: { fits: areServices, words: 'an object whose values are functions' },
  signal: { fits: (value) => value instanceof AbortSignal, words: 'an AbortSignal' },
  onAbort: oneOf('suspend', 'revert'),
  deferReverts: A_FLAG,
  neverResolve: A_FLAG,
  backend: { fits: isBackend, words: "a backend, such as sqlite('runs.db'), or its URL" },
  factory: AN_OBJECT,
  logbook: A_NAME,
  secret: {
    fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
    words: 'a list of symbols',
  },
  lease: {
    fits: (value) => typeof value === 'number' && value >= 100,
    words: 'a number of ms, at least 100',
  },
  onVersionChange: oneOf('keep', 'rerun', 'refuse'),
  injectTransient: A_FLAG,
  keep: oneOf('all', 'provided', 'none'),
};

/** @throws TaskloomError OPTION_INVALID */
export function checkEngineOptions(options: AnyEngineOptions, place: string): void {
  checkOptions(options, RULES, place);
  if (options.factory !== undefined && options.backend === undefined) {
    throw new TaskloomError('OPTION_INVALID', `The option 'factory' of ${place} needs a backend.`, {
      details: { place, option: 'factory' },
    });
  }
  if (options.threads !== undefined && (options.executor ?? 'threads') !== 'threads') {
    throw new TaskloomError(
      'OPTION_INVALID',
      `The option 'threads' of ${place} needs the executor 'threads'.`,
      {
        details: { place, option: 'threads' },
      },
    );
  }
}

/** The executor that the options ask for, and whether the engine is to stop it. */
export function chooseExecutor({ executor = 'threads', threads }: EngineSettings): {
  readonly executor: TaskExecutor;
  readonly owned: boolean;
} {
  if (typeof executor !== 'string') return { executor, owned: false };
  if (executor === 'serial') return { executor: new SerialTaskExecutor(), owned: true };
  return { executor: new ThreadPoolTaskExecutor(threads === undefined ? {} : { threads }), owned: true };
}

function isExecutor(value: unknown): boolean {
  if (value === 'threads' || value === 'serial') return true;
  const methods = ['start', 'execute', 'revert', 'stop'] as const;
  const candidate = value as Partial<Record<string, unknown>> | null;
  return typeof value === 'object' && methods.every((method) => typeof candidate?.[method] === 'function');
}

function isBackend(value: unknown): boolean {
  const candidate = value as Partial<Backend> | null;
  return typeof value === 'string' || (typeof value === 'object' && typeof candidate?.claim === 'function');
}

function areServices(value: unknown): boolean {
  return AN_OBJECT.fits(value) && Object.values(value as object).every((each) => typeof each === 'function');
}
