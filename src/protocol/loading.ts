/**
 * Which task module (or, under `taskloom run`, flow file) this thread is importing just now, so that a module that starts
 * a run while it is imported is refused instead of running its flow in every worker. Kept on globalThis: the worker's
 * copy of the package and the one that the user's module imports must see the same.
 */
import { fileURLToPath } from 'node:url';
import { TaskloomError } from '../errors.ts';

const KEY: unique symbol = Symbol.for('taskloom.loading') as never;

interface Loading {
  /** URL of the module that is being imported; null when none is. */
  module: string | null;
  /** Modules that started a run while they were imported, even if they swallowed the refusal. */
  readonly ran: Set<string>;
}

function loading(): Loading {
  const home = globalThis as { [KEY]?: Loading };
  home[KEY] ??= { module: null, ran: new Set() };
  return home[KEY];
}

/** The URL of the module that is being imported by `whileLoading` in this thread; null when none is. */
function loadingModule(): string | null {
  return loading().module;
}

/** For whoever refuses a run because of `loadingModule()`: the tasks of that module are refused as well. */
function noteRunWhileLoading(module: string): void {
  loading().ran.add(module);
}

/** True when the module started a run while it was imported. */
export function ranWhileLoading(module: string): boolean {
  return loading().ran.has(module);
}

/** Marks the import of a module that must not start a run. */
export async function whileLoading<T>(module: string, load: () => Promise<T>): Promise<T> {
  loading().module = module;
  try {
    return await load();
  } finally {
    loading().module = null;
  }
}

/** The refusal of a run, and of the tasks of the module that started it. */
export function runsFlow(module: string): TaskloomError {
  return new TaskloomError(
    'MODULE_RUNS_FLOW',
    `The task module ${pathOf(module)} starts a run when it is imported, and workers import it. Keep tasks in a file of their own, and call run() in another.`,
    { details: { module } },
  );
}

/** A module as messages name it: by its path, or by its URL where that is no file's. */
export function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

/**
 * Refuses a run that a task module starts while a worker imports it: the worker would run the flow again.
 *
 * @throws TaskloomError MODULE_RUNS_FLOW
 */
export function refuseWhileLoading(): void {
  const module = loadingModule();
  if (module === null) return;
  noteRunWhileLoading(module);
  throw runsFlow(module);
}
