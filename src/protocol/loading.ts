/**
 * Which task module a worker thread is importing just now, so that a module that starts a run while it is imported is
 * refused instead of running its flow in every worker. Kept on globalThis: the worker's copy of the package and the
 * one that the user's module imports must see the same.
 */

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

/** The URL of the task module that this worker thread is importing; null when it imports none, or is no worker. */
export function loadingModule(): string | null {
  return loading().module;
}

/** For whoever refuses a run because of `loadingModule()`: the tasks of that module are refused as well. */
export function noteRunWhileLoading(module: string): void {
  loading().ran.add(module);
}

export function ranWhileLoading(module: string): boolean {
  return loading().ran.has(module);
}

/** Marks the import of a task module in a worker. */
export async function whileLoading<T>(module: string, load: () => Promise<T>): Promise<T> {
  loading().module = module;
  try {
    return await load();
  } finally {
    loading().module = null;
  }
}
