/** Recognises units: what this copy of taskloom made, what another copy made, and what is something else. */
import { TaskloomError } from '../errors.ts';
import { describe } from './names.ts';
import type { AnyUnit } from './unit.ts';

/** The property that every task and flow carries; its value says which copy of the package made it. */
export const UNIT: unique symbol = Symbol.for('taskloom.unit') as never;

/** This copy of the package in this process. */
const COPY = import.meta.url;

/** Says that this is a unit of this copy, or that all are which have it as their prototype. Hidden from listings. */
export function markAsUnit<T extends object>(unit: T): T {
  return Object.defineProperty(unit, UNIT, { value: COPY });
}

/**
 * Passes when `value` is a task or a flow of this copy; `place` begins the message.
 * Throws UNIT_INVALID or TASKLOOM_TWICE.
 */
export function checkUnit(value: unknown, place: string): asserts value is AnyUnit {
  const copy = typeof value === 'object' && value !== null ? Reflect.get(value, UNIT) : undefined;
  if (copy === COPY) return;
  const start = /^\w+\(\)$/.test(place) ? place : `${place.slice(0, 1).toUpperCase()}${place.slice(1)}`;
  if (typeof copy === 'string') {
    throw new TaskloomError(
      'TASKLOOM_TWICE',
      `${start}: the task or flow '${nameOf(value)}' was made by another copy of taskloom (${copy}) than this one (${COPY}). Keep one copy; npm ls taskloom shows them.`,
      { details: { copies: [COPY, copy] } },
    );
  }
  throw new TaskloomError('UNIT_INVALID', `${start}: a task or a flow is wanted, not ${guess(value)}.`, {
    details: { place },
  });
}

function nameOf(value: unknown): string {
  const name: unknown = Reflect.get(Object(value), 'name');
  return typeof name === 'string' ? name : '?';
}

/** What was given, with the slip that is most likely behind it. */
function guess(value: unknown): string {
  if (value === undefined) return 'undefined (two modules that import each other? a misspelt import?)';
  if (typeof value === 'function') {
    return `${describe(value)} (did you forget to call it, or to wrap it in task()?)`;
  }
  if (Array.isArray(value)) return 'an array where one unit is wanted';
  if (typeof value !== 'object' || value === null) return describe(value);
  if (value instanceof Promise || typeof Reflect.get(value, 'then') === 'function') {
    return 'a Promise (did you forget await?)';
  }
  if (Reflect.get(value, 'kind') === 'retry') {
    return 'a retry (give it to a flow: linear(name, { retry }))';
  }
  if (Reflect.get(value, 'kind') === 'compilation') {
    return 'a compilation (only run() and createEngine() take one, of the copy of taskloom that made it)';
  }
  if (typeof Reflect.get(value, 'execute') === 'function') {
    return 'a task definition (wrap it: task(name, definition))';
  }
  if (Reflect.has(value, 'default')) return 'a module (take its default export)';
  return describe(value);
}
