/**
 * The error made again from a failure: of its own class where that is built in or registered, always with the same
 * name, message, stack, code, cause and own properties. Never calls a task's code.
 */
import { brand, TaskloomError } from './errors.ts';
import { copied, type Failure, isFailure, read } from './failure.ts';

/** Failures that the message of a WrappedFailure lists. */
const LISTED = 10;
/** Characters of one message among those of several. */
const SHOWN_LIMIT = 300;

type ErrorClass = abstract new (...args: never[]) => Error;

/** One atom's failure is thrown as itself; those of several atoms are thrown as one of these. */
export class WrappedFailure extends AggregateError {
  override readonly name: string = 'WrappedFailure';
  readonly code = 'WRAPPED_FAILURE' as const;
  /** The names of the atoms that failed, in the order of `errors`. */
  readonly details: { readonly atoms: readonly string[] };

  /** @param failures - The error of each atom that failed, by atom name. */
  constructor(failures: ReadonlyMap<string, Error>) {
    super([...failures.values()], wrappedMessage(failures));
    this.details = { atoms: [...failures.keys()] };
    brand(this);
  }

  /** The error of each atom that failed, by atom name. */
  get failures(): ReadonlyMap<string, Error> {
    return new Map(this.errors.map((error: Error, at) => [this.details.atoms[at] ?? String(at), error]));
  }
}

const BUILT_IN: ReadonlyMap<string, ErrorClass> = new Map(
  [
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    AggregateError,
    DOMException,
  ].map((Class) => [Class.name, Class as unknown as ErrorClass]),
);
const registered = new Map<string, ErrorClass>([
  [TaskloomError.name, TaskloomError],
  [WrappedFailure.name, WrappedFailure],
]);

/**
 * Makes errors of a class arrive as instances of it. To be called in the task module or one that it imports, so that
 * both sides do. The class's constructor isn't called on arrival: properties are set, `#private` fields are not.
 * @throws TaskloomError OPTION_INVALID: no class of errors, no name, or another class has the name.
 */
export function registerError(Class: ErrorClass): void {
  if (typeof Class !== 'function' || (Class as unknown) === Error || !(Class.prototype instanceof Error))
    throw new TaskloomError('OPTION_INVALID', 'registerError(Class): a class that extends Error is needed.');
  const known = BUILT_IN.get(Class.name) ?? registered.get(Class.name);
  if (known === Class) return;
  if (Class.name === '' || known !== undefined)
    throw new TaskloomError(
      'OPTION_INVALID',
      known === undefined
        ? 'registerError(Class): the class has no name, by which it could be found again.'
        : `registerError(Class): another class named ${Class.name} is registered or built in. Rename one.`,
      { details: { name: Class.name } },
    );
  registered.set(Class.name, Class);
}

/**
 * The error again: of the first of its classes that is known here, else an Error, with all that the failure holds.
 *
 * @param failure - As `failureFrom` made it, or a structured clone of that
 * @throws TaskloomError OPTION_INVALID for what is no failure: text of JSON has lost the Maps in one
 */
export function errorFrom(failure: Failure): Error {
  if (!isFailure(failure)) {
    throw new TaskloomError(
      'OPTION_INVALID',
      'errorFrom(failure) takes what failureFrom() returned, or a clone of it.',
    );
  }
  return revive(failure, new Map());
}

function revive(failure: Failure, done: Map<Failure, Error>): Error {
  const known = done.get(failure);
  if (known !== undefined) return known;
  const inside = (one: Failure): unknown => (one.thrown ? copied(one.thrown.value) : revive(one, done));
  const errors = failure.errors?.map(inside);
  const error = instanceOf(failure, errors);
  define(error, 'stack', failure.stack, false);
  if (read(error, 'name') !== failure.name) define(error, 'name', failure.name, false);
  if (read(error, 'message') !== failure.message) define(error, 'message', failure.message, false);
  if (failure.cause !== undefined) define(error, 'cause', inside(failure.cause), false);
  if (errors !== undefined) define(error, 'errors', errors, !failure.classes.includes('AggregateError'));
  if (failure.code !== undefined && read(error, 'code') !== failure.code)
    define(error, 'code', failure.code, true);
  if (failure.thrown !== undefined) define(error, 'details', { thrown: copied(failure.thrown.value) }, true);
  else if (isOurs(error)) define(error, 'details', {}, true);
  for (const [key, value] of failure.properties ?? []) define(error, key, copied(value), true);
  for (const [key, one] of failure.inner ?? []) define(error, key, inside(one), true);
  done.set(failure, error);
  return error;
}

/** Made by a built-in constructor, so that it is an error to the engine too, then given its class. */
function instanceOf({ classes, name, message }: Failure, errors: unknown[] | undefined): Error {
  const base = classes.find((one) => BUILT_IN.has(one));
  const error = builtIn(base, name, message, errors);
  const known = classes.find((one) => BUILT_IN.has(one) || registered.has(one));
  const Class = registered.get(known ?? '');
  if (Class === undefined) return error;
  Object.setPrototypeOf(error, Class.prototype);
  return isOurs(error) || isPrototype(WrappedFailure.prototype, error) ? brand(error) : error;
}

function builtIn(Class: string | undefined, name: string, message: string, errors: unknown[] = []): Error {
  if (Class === 'AggregateError') return new AggregateError(errors, message);
  if (Class === 'DOMException') return new DOMException(message, name);
  return new ((BUILT_IN.get(Class ?? '') ?? Error) as new (message: string) => Error)(message);
}

function isOurs(error: Error): boolean {
  return isPrototype(TaskloomError.prototype, error);
}

function isPrototype(prototype: object, error: Error): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, error);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}

function wrappedMessage(failures: ReadonlyMap<string, Error>): string {
  const lines = [...failures].slice(0, LISTED).map(([atom, error]) => {
    const message = String(read(error, 'message'));
    return `\n  ${atom}: ${message.length <= SHOWN_LIMIT ? message : `${message.slice(0, SHOWN_LIMIT)}…`}`;
  });
  const more = failures.size > LISTED ? `\n  and ${failures.size - LISTED} more` : '';
  return `${failures.size} atoms failed:${lines.join('')}${more}`;
}
