/**
 * What the task modules loaded in this thread define. Workers look tasks up here after they imported the module.
 * It hangs on globalThis, so that a task module finds the same registry whichever copy of this file it loads.
 */
import { TaskloomError } from '../errors.ts';
import type { Work } from './unit.ts';

type Registry = Map<string, Map<string, Work>>;

const REGISTRY = Symbol.for('taskloom.registry');

/** Notes a task of a module. Throws TASK_DUPLICATE when the module has one of that name. */
export function register(module: string, work: Work): void {
  const registry = theRegistry();
  const works = registry.get(module) ?? new Map<string, Work>();
  if (works.has(work.name)) {
    throw new TaskloomError(
      'TASK_DUPLICATE',
      `The task module ${module} defines two tasks named '${work.name}'. Rename one; to use one definition twice in a flow, call .as(name).`,
      { details: { module, task: work.name } },
    );
  }
  registry.set(module, works.set(work.name, work));
}

/** The tasks that a module defined so far in this thread, by name. Keyed by the whole URL, query included. */
export function worksOf(module: string): ReadonlyMap<string, Work> {
  return theRegistry().get(module) ?? new Map();
}

function theRegistry(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry };
  let registry = holder[REGISTRY];
  if (registry === undefined) {
    registry = new Map();
    // Hidden from listings of globals, which test runners compare.
    Object.defineProperty(holder, REGISTRY, { value: registry });
  }
  return registry;
}
