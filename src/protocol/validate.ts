/**
 * Holds values against the schemas of a task's definition (Standard Schema: zod, valibot, arktype and others). What a
 * schema outputs takes the place of the value. Schemas are other people's code: one may answer later, throw, or answer
 * with nonsense, and each of these is one and the same error, VALUE_INVALID.
 */
import { types } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TaskloomError } from '../errors.ts';
import { failureFrom } from '../failure.ts';
import { describe } from '../flow/names.ts';
import type { Validators } from '../flow/unit.ts';
import { bareMoved, transfer } from './buffer-marks.ts';
import { hasPart, partOf } from './codec.ts';
import type { ExecuteRequest, WorkRequest } from './messages.ts';
import { type Part, pathOf } from './walk.ts';

/** Which value of which task a failure speaks of. */
export interface Subject {
  readonly atom: string;
  /** Null for an injected argument. */
  readonly symbol: string | null;
  /** Null for a part of the result. */
  readonly argument: string | null;
  readonly from: 'execute' | 'revert' | 'store' | 'result';
}

/** What a schema made of a value. In an object, so that a value which is a promise stays one. */
export interface Checked {
  readonly value: unknown;
}

/** One thing that a schema has against a value. */
interface Issue {
  /** Such as `size[0].width`; the value's name alone for the whole. */
  readonly path: string;
  readonly message: string;
}

type Args = Readonly<Record<string, unknown>>;

/** Issues in a message, and in `details.issues`: a list of a million wrong items is not shipped. */
const NAMED = 5;
const KEPT = 100;

/**
 * Holds one value against a schema.
 *
 * @returns what the schema outputs, or a promise of it where the schema answers later
 * @throws TaskloomError VALUE_INVALID, or rejects with it
 */
export function check(
  schema: StandardSchemaV1,
  value: unknown,
  subject: Subject,
): Checked | Promise<Checked> {
  try {
    const answer: unknown = schema['~standard'].validate(value);
    return isPromise(answer) ? later(answer, subject) : read(answer, subject);
  } catch (thrown) {
    throw invalidBy(thrown, subject);
  }
}

/**
 * The arguments of a request as its functions get them. Those without a schema, and those that are absent, stay as they
 * are.
 *
 * @throws (rejects) TaskloomError VALUE_INVALID
 */
export async function validateArguments(
  { action, atom, terms: { symbols } }: WorkRequest,
  args: Args,
  validators: Validators,
): Promise<Args> {
  const fitting: [string, unknown][] = [];
  for (const [argument, value] of Object.entries(args)) {
    const schema = validators.args.get(argument);
    const symbol = symbols === null ? argument : (symbols.args.get(argument) ?? null);
    const subject: Subject = { atom, symbol, argument, from: action };
    fitting.push([argument, schema === undefined ? value : (await check(schema, value, subject)).value]);
  }
  // fromEntries defines properties, so that an argument named __proto__ is one like any other.
  return Object.fromEntries(fitting);
}

/**
 * The result of execute as it is kept: each part that has a symbol and a schema is what the schema outputs. The task's
 * own object is never changed, and is kept itself where no schema changed a part.
 *
 * @throws (rejects) TaskloomError VALUE_INVALID
 */
export async function validateResult(
  { atom, terms: { takes, symbols } }: ExecuteRequest,
  result: unknown,
  validators: Validators,
): Promise<unknown> {
  const changed = new Map<number | string, unknown>();
  for (const [take, schema] of validators.provided) {
    const at = takes.indexOf(take);
    if (at < 0 || (take !== null && !hasPart(result, take))) continue;
    const symbol = symbols?.provided[at] ?? 'result';
    const subject: Subject = { atom, symbol, argument: null, from: 'result' };
    const part = take === null ? result : partOf(result, take);
    const { value } = await check(schema, part, subject);
    if (Object.is(value, part)) continue;
    // The whole is one symbol, and has no parts beside it.
    if (take === null) return marked(value, result);
    changed.set(take, value);
  }
  return changed.size === 0 ? result : marked(withParts(result, changed), result);
}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

async function later(answer: PromiseLike<unknown>, subject: Subject): Promise<Checked> {
  try {
    return read(await answer, subject);
  } catch (thrown) {
    throw invalidBy(thrown, subject);
  }
}

function read(answer: unknown, subject: Subject): Checked {
  const { issues } = Object(answer) as { readonly issues?: unknown };
  if (issues) throw invalid(subject, issues);
  if (typeof answer !== 'object' || answer === null || !('value' in answer)) {
    throw new TypeError(`it answered with ${describe(answer)}, which is no result of a Standard Schema`);
  }
  return { value: answer.value };
}

/** What a schema threw, but for the error that says that the value does not fit. */
function invalidBy(thrown: unknown, subject: Subject): TaskloomError {
  if (thrown instanceof TaskloomError && thrown.code === 'VALUE_INVALID') return thrown;
  const { name, message } = failureFrom(thrown);
  return invalid(subject, [{ message: `its schema broke: ${message || name}` }], { cause: thrown });
}

function invalid(
  subject: Subject,
  found: unknown,
  options: { readonly cause?: unknown } = {},
): TaskloomError {
  const { atom, symbol, argument } = subject;
  const list: readonly unknown[] = Array.isArray(found) && found.length > 0 ? found : [found];
  const issues = list.slice(0, KEPT).map((issue) => issueOf(issue, symbol ?? argument ?? 'value'));
  const lines = issues.slice(0, NAMED).map(({ path, message }) => `${path}: ${message}`);
  if (list.length > NAMED) lines.push(`and ${list.length - NAMED} more`);
  const message = `${wordsFor(subject)} does not fit. ${lines.join('; ')}`;
  return new TaskloomError('VALUE_INVALID', message, {
    details: { atom, symbol, argument, issues },
    ...options,
  });
}

function wordsFor({ atom, symbol, argument, from }: Subject): string {
  const task = from === 'revert' ? `The revert of task '${atom}'` : `Task '${atom}'`;
  if (from === 'result') return `${task}: the '${symbol}' that it returned`;
  if (symbol === null) return `${task}: its injected argument '${argument}'`;
  const as = argument === symbol ? '' : ` (its argument '${argument}')`;
  return `${task}: '${symbol}'${from === 'store' ? ' in the store' : ''}${as}`;
}

function issueOf(issue: unknown, root: string): Issue {
  const { message, path } = Object(issue) as { readonly message?: unknown; readonly path?: unknown };
  let part: Part = { value: undefined, from: null, by: 'whole', key: null };
  for (const step of Array.isArray(path) ? path : []) {
    const key: unknown = typeof step === 'object' && step !== null && 'key' in step ? step.key : step;
    if (typeof key === 'number') part = { value: undefined, from: part, by: 'index', key };
    else
      part = { value: undefined, from: part, by: 'property', key: Object(key) === key ? '…' : String(key) };
  }
  return { path: pathOf(part, root), message: typeof message === 'string' ? message : 'no reason is given' };
}

/** A shallow copy with other parts: of a Map, of a list (also of a string or a typed array), or of an object. */
function withParts(result: unknown, parts: ReadonlyMap<number | string, unknown>): unknown {
  if (types.isMap(result)) return new Map([...result, ...parts]);
  const isList = typeof result === 'string' || ArrayBuffer.isView(result);
  const copy: object = isList ? Array.prototype.slice.call(result) : copyOf(result as object);
  for (const [take, value] of parts) define(copy, take, value);
  return copy;
}

function copyOf(result: object): object {
  const copy = Array.isArray(result) ? new Array<unknown>(result.length) : {};
  for (const key of Object.keys(result)) define(copy, key, Reflect.get(result, key));
  return copy;
}

/** Defined, not assigned: a part named __proto__ is one more part. */
function define(object: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** `context.transfer` marks the very value that it was given: what takes its place is marked again. */
function marked(value: unknown, original: unknown): unknown {
  if (typeof original !== 'object' || original === null) return value;
  const moved = bareMoved(original);
  return moved.length === 0 ? value : transfer(value, moved);
}
