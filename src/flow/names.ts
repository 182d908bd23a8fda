/** The check of names: of tasks, flows, symbols and arguments. */
import { TaskloomError } from '../errors.ts';

/** Returns `value` if it can be a name; `what` it names goes into the message. Throws NAME_INVALID. */
export function checkName(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  const given = value === '' ? 'an empty string' : describe(value);
  throw new TaskloomError('NAME_INVALID', `${what} must be a string that is not empty, and was ${given}.`, {
    details: { what },
  });
}

/** A value in a few words, for messages: never its contents, which may be large or secret, but for names and numbers. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'string')
    return `the string '${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (typeof value === 'symbol') return 'a JavaScript symbol';
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function '${value.name}'`;
  if (Array.isArray(value)) return 'an array';
  return 'an object';
}
