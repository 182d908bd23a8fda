/**
 * What the library throws, by code. One table of codes, one class; `docs/errors.md` is printed from the table.
 * A task's own error is never one of these: it is a `Failure` (see failure.ts) and reaches the caller as itself.
 */

/** Every code, with what it means and what to do. Codes are stable: one is never renamed or reused. */
export const ERROR_CODES = {
  // Definitions: thrown where the bad thing is written.
  OPTION_INVALID:
    'An option is unknown, or the value of an option or argument has the wrong type or range. The message names it, its place and what fits.',
  NAME_INVALID: 'A name is missing, empty or no string. Tasks, flows, symbols and arguments all need one.',
  DEFINITION_INVALID:
    'A task definition cannot work: no execute function, an argument listed twice, a rebind, inject or validate of something that the task does not list, a validator that is no Standard Schema, or a wrong shape of provides.',
  MODULE_URL_INVALID:
    'taskModule() was given something that worker threads cannot import. Pass import.meta.url of a file on disk; in a bundle, make the task module an entry point of its own.',
  TASK_DUPLICATE:
    'Two tasks of one name were defined in one task module. Give each its own name; to use one definition twice in a flow, call .as(name).',
  TASKLOOM_TWICE:
    'A task or flow was made by another copy of taskloom in this process. Keep one: npm ls taskloom shows them.',
  UNIT_INVALID: 'Something that is neither a task nor a flow was given to a flow.',
  DUPLICATE_NAME: 'Two atoms in one flow tree have the same name. Rename one, or use .as(name).',
  FLOW_CONTAINS_ITSELF: 'A flow was added to itself, directly or through flows inside it.',
  UNIT_TWICE: 'One flow object stands at two places of a flow tree. Build it twice, by a function.',
  FLOW_CLOSED:
    'A flow was added to after it had become part of a graph flow, which links its units by their symbols when they are added. Fill the inner flow first.',
  DEPENDENCY_CYCLE:
    'A graph flow would depend on itself: adding the unit or the link was refused, and the flow is as it was.',
  DEPENDENCY_AMBIGUOUS:
    'In a graph flow two units provide a symbol that a third requires. Rename one with .as(name, { provides }), or rebind.',
  LINK_INVALID: 'A link names a unit that was not added to this graph flow.',
  // Before the run.
  MISSING_DEPENDENCIES:
    'A symbol is required that neither the store, an inject nor an earlier task provides. The message names each symbol and who needs it.',
  ENGINE_STATE_INVALID:
    'An engine method was called in a phase that does not allow it: compile, prepare, validate, run, in this order.',
  ENGINE_LOCKED: 'The engine is already running. Wait for that run, or make a second engine.',
  ENGINE_CLOSED: 'The engine was closed. Make a new one.',
  EXECUTOR_CLOSED:
    'The task executor was stopped while it was needed, or before. Stop it after the last engine that uses it.',
  // Storage.
  SYMBOL_NOT_FOUND:
    'No value is kept under this symbol: nobody provided it, its task has not run, it was reverted, or the option keep let its value go (details.dropped).',
  ATOM_NOT_FOUND: 'No atom of this name is in the flow.',
  ATOM_KIND_CHANGED:
    'An atom that was kept as a task is now a retry or a map of the same name, or the other way round. Give it another name.',
  VERSION_CHANGED:
    "A task has another version than the one with which the flow was kept, and onVersionChange is 'refuse'.",
  FLOW_OWNED:
    'Another engine is running the flow with this id; details.owner says which. Wait for its end, use another flowId, or go on after its lease has run out.',
  LEASE_LOST:
    'The engine was held up past its lease, and the flow is not its own any more: nothing was written, and the engine has stopped. Whoever runs it now goes on.',
  FLOW_NOT_FOUND: 'No flow is kept under this id.',
  FACTORY_INVALID:
    'A flow cannot be built from the factory that is kept with it, or none is, or one cannot be kept: its module lies outside of the root, has not the export, throws, or makes no flow.',
  MODULE_NOT_ALLOWED:
    'The module of a factory lies outside of the folders from which modules may be imported. Name its folder in roots if you trust it.',
  FLOW_CHANGED:
    'The module of a kept flow makes a flow of other atoms now; details.added, removed and changed name them.',
  STORAGE_FULL:
    'The disk is full, or the database has reached its limit. Running tasks have ended and the flow is suspended: make room, then run it again.',
  STORAGE_BUSY:
    'Another process holds the database locked for longer than busyTimeout. Nothing is lost: run the flow again.',
  STORAGE_CORRUPT:
    'The database file is damaged. taskloom db check says where; restore a copy, or remove the flow that it names.',
  STORAGE_FOREIGN:
    'The file is no database of taskloom: it is no SQLite database at all, or that of another program. It was not changed.',
  STORAGE_VERSION: 'The database was written by a newer taskloom. Update taskloom; the file was not changed.',
  STORAGE_UNAVAILABLE:
    'The database cannot be opened or written: its folder does not exist, it is read-only, a folder, or was removed. The message says which.',
  STORAGE_CLOSED: 'The backend was closed while it was needed, or before.',
  // The end of a run.
  FLOW_ABORTED: 'The run was stopped by its signal. The reason is the cause.',
  WRAPPED_FAILURE: 'Several atoms failed; see failures.',
  THROWN_VALUE: 'A task threw something that is no Error. details.thrown holds it.',
  RETRY_EXHAUSTED: 'A forEach retry was to begin an attempt, and no value is left to try: its list is empty.',
  DECISION_INVALID:
    "A retry's onFailure must answer with 'RETRY', 'REVERT' or 'REVERT_ALL', or a promise of one.",
  // Tasks and workers: failures of one task, which the flow resolves by reverting.
  MODULE_LOAD_FAILED: 'A task module could not be imported in a worker. The cause says why.',
  MODULE_RUNS_FLOW:
    'A task module starts a run when it is imported: the worker would run the flow again. Keep tasks in a file of their own, and call run() in another.',
  TYPESCRIPT_UNAVAILABLE:
    'A TypeScript file is to be imported, but this Node does not run TypeScript by itself and tsx is not installed. Install tsx (npm i -D tsx) or use Node 22.18 or later.',
  TASK_NOT_FOUND:
    'The task module does not define a task of this name at its top level when it is imported. The message names those that it does.',
  TASK_TIMEOUT:
    'The task took longer than its timeout. Its signal was aborted first, then its thread was replaced.',
  WORKER_EXITED: 'The worker thread ended in the middle of the task, by process.exit() or a crash.',
  WORKER_OUT_OF_MEMORY: 'The worker thread ran out of heap in the middle of the task.',
  WORKER_START_FAILED:
    'No worker thread could be started. If taskloom is bundled, mark it as external: workers load its files from node_modules.',
  WORKER_STRAY_ERROR:
    'Something threw in a worker thread after its task had ended, or outside of it. Reported as a process warning; no task is blamed.',
  SERVICE_UNKNOWN:
    'A task called a service that the engine was not given, or called one after it had ended. Pass it in the services option; await each call.',
  VALUE_NOT_ENCODABLE: 'A value cannot cross threads. The message gives the path to the part that cannot.',
  VALUE_TOO_LARGE:
    'A value is larger, or nested deeper, than can be encoded. Share its buffers with context.share(), or hand over a file.',
  VALUE_UNREADABLE:
    'The bytes of a value cannot be read: they are damaged, or another version of taskloom or Node wrote them.',
  VALUE_INVALID:
    'A value does not fit the schema that a task definition has for it under validate, or the schema itself broke. The message names the task, the symbol, the path inside the value and what the schema says; details.issues lists them (the first 100). Thrown by validate() and run() for a value of the store, else a failure of the task.',
  PROVIDED_MISSING:
    'A result lacks a part that a later task requires: the key or index that provides names is not in it.',
  ITEMS_INVALID:
    'What a map is to go through is no list and no other iterable, or can be gone through only once and was already. Give a list, or a function that makes the items anew.',
  EXECUTOR_FAILED: 'A task executor threw, rejected or answered with something that is no outcome.',
  // The command line.
  USAGE: 'The command line is wrong. taskloom --help shows how it is used.',
  FLOW_FILE_INVALID: 'The flow file cannot be used: it is missing, cannot be imported, or exports no flow.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Marks our errors across copies of the package, so that `instanceof` holds for all of them. */
const BRAND: unique symbol = Symbol.for('taskloom.error') as never;

export interface TaskloomErrorOptions {
  /** What the message speaks of, as data: names, paths, values. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Every error of ours is one of these, or a `WrappedFailure`, which `instanceof` counts as one too. */
export class TaskloomError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  override readonly name: string = 'TaskloomError';
  /** Stable: switch on this, not on the message. */
  readonly code: ErrorCode;
  /** What the message speaks of, as data. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: TaskloomErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Makes `instanceof TaskloomError` hold for `error`, which our constructor didn't make; returns it. */
export function brand<E extends Error>(error: E): E {
  return Object.defineProperty(error, BRAND, { value: true, configurable: true });
}
