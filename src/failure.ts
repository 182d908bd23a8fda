/**
 * An error as data: what a task threw, whole, so that it can cross a thread, be stored and be shown. Taking a failure
 * never throws, whatever was thrown; revival.ts makes the error again.
 *
 * Everything is bounded: what is cut or can't be kept is named in `dropped`.
 */
import { inspect, types } from 'node:util';
import { TaskloomError } from './errors.ts';

/** What a task threw, as plain frozen data that structured clone carries unchanged. */
export interface Failure {
  /** The error's own name, as `error.name` says. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Names of its classes, most derived first, `Error` last: the first that is known where the error is made again. */
  readonly classes: readonly string[];
  readonly code?: string | number;
  /** Own enumerable properties that could be cloned, but for message, stack, code, cause and errors. */
  readonly properties?: ReadonlyMap<string, unknown>;
  /** Own enumerable properties that hold an error. */
  readonly inner?: ReadonlyMap<string, Failure>;
  readonly cause?: Failure;
  /** `errors` of an AggregateError, or of another error that has a list of errors under this name. */
  readonly errors?: readonly Failure[];
  /** What was thrown, when it was no Error and can be cloned. */
  readonly thrown?: { readonly value: unknown };
  /** What could not be kept, each as a path and a reason. */
  readonly dropped?: readonly string[];
}

/** Characters kept of a message and of a stack. */
const TEXT_LIMIT = 64 * 1024;
/** Characters that show a thrown value that is no Error. */
const SHOWN_LIMIT = 300;
const DEPTH_LIMIT = 100;
/** Errors kept in one failure, causes and lists together. */
const ERROR_LIMIT = 1100;
const LIST_LIMIT = 1000;
const PROPERTY_LIMIT = 1000;
const CLASS_LIMIT = 20;
const NOTE_LIMIT = 20;

/** Fields of their own, never among `properties`; unlike `name`, which classes set as a property. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['message', 'stack', 'cause']);
/** Kept from here on: a task may replace the global one. */
const clone = structuredClone;

/**
 * Whatever was thrown, as data that structured clone, `postMessage` and `v8.serialize` carry; `errorFrom` makes the error
 * of it again. Never throws; runs getters and Proxy traps of what was thrown, nothing else of it.
 */
export function failureFrom(thrown: unknown): Failure {
  return take(thrown, { above: [], done: new Map(), left: ERROR_LIMIT });
}

/** True for what has the shape of a failure; what others hand over may be anything. */
export function isFailure(value: unknown): value is Failure {
  const { name, message, classes, properties, inner } = Object(value) as Partial<Record<string, unknown>>;
  const hasText = typeof name === 'string' && typeof message === 'string' && Array.isArray(classes);
  return hasText && [properties, inner].every((each) => each === undefined || types.isMap(each));
}

/** What the taking of one failure, with all errors in it, goes through. */
interface Taking {
  /** The errors that the one in hand belongs to. */
  readonly above: unknown[];
  readonly done: Map<unknown, Failure>;
  /** How many errors may still be kept. */
  left: number;
}

/** A failure in the making. */
type Draft = { -readonly [Field in keyof Failure]: Failure[Field] } & { dropped: string[] };

/** Recursion is bounded by DEPTH_LIMIT. */
function take(thrown: unknown, taking: Taking): Failure {
  taking.left -= 1;
  if (!isError(thrown)) return takeValue(thrown);
  const known = taking.done.get(thrown);
  if (known !== undefined) return known;
  taking.above.push(thrown);
  const draft: Draft = { name: '', message: '', classes: classesOf(thrown), dropped: [] };
  const steps = { text: takeTexts, cause: takeCause, errors: takeErrors, properties: takeProperties };
  for (const [part, step] of Object.entries(steps)) attempt(draft, part, () => step(thrown, draft, taking));
  taking.above.pop();
  const failure = finish(draft);
  taking.done.set(thrown, failure);
  return failure;
}

function takeTexts(error: Error, draft: Draft): void {
  draft.name = text(error, 'name', draft) ?? draft.classes[0] ?? 'Error';
  draft.message = text(error, 'message', draft) ?? '';
  const stack = text(error, 'stack', draft);
  if (stack !== undefined) draft.stack = stack;
  const code = read(error, 'code', draft);
  if (typeof code === 'string' || typeof code === 'number') draft.code = code;
}

function takeCause(error: Error, draft: Draft, taking: Taking): void {
  if (!('cause' in error)) return;
  const cause = takeInside('cause', read(error, 'cause', draft), draft, taking);
  if (cause !== undefined) draft.cause = cause;
}

function takeErrors(error: Error, draft: Draft, taking: Taking): void {
  const list = read(error, 'errors', draft);
  if (!Array.isArray(list)) return;
  const kept: unknown[] = list.slice(0, LIST_LIMIT);
  if (!draft.classes.includes('AggregateError') && !kept.some(isError)) return;
  if (list.length > kept.length)
    note(draft, 'errors', `${list.length - kept.length} of ${list.length}: too many`);
  draft.errors = kept.flatMap((one, at) => takeInside(`errors[${at}]`, one, draft, taking) ?? []);
}

function takeProperties(error: Error, draft: Draft, taking: Taking): void {
  const keys = Object.keys(error).filter((key) => {
    if (OWN_FIELDS.has(key)) return false;
    return key === 'code' ? draft.code === undefined : key !== 'errors' || draft.errors === undefined;
  });
  if (keys.length > PROPERTY_LIMIT) note(draft, 'properties', `${keys.length - PROPERTY_LIMIT}: too many`);
  const properties = new Map<string, unknown>();
  const inner = new Map<string, Failure>();
  for (const key of keys.slice(0, PROPERTY_LIMIT)) {
    attempt(draft, key, () => {
      const value = (error as unknown as Readonly<Record<string, unknown>>)[key];
      const failure = isError(value) ? takeInside(key, value, draft, taking) : undefined;
      if (failure !== undefined) inner.set(key, failure);
      else if (!isError(value)) properties.set(key, copied(value));
    });
  }
  if (properties.size > 0) draft.properties = properties;
  if (inner.size > 0) draft.inner = inner;
}

/** An error that belongs to the one in hand; undefined, and noted, when it would be one too many. */
function takeInside(path: string, value: unknown, draft: Draft, taking: Taking): Failure | undefined {
  if (taking.above.includes(value) && isError(value)) note(draft, path, 'leads back to an error above it');
  else if (taking.above.length >= DEPTH_LIMIT) note(draft, path, `more than ${DEPTH_LIMIT} errors deep`);
  else if (taking.left <= 0) note(draft, path, `more than ${ERROR_LIMIT} errors`);
  else return take(value, taking);
  return undefined;
}

function takeValue(thrown: unknown): Failure {
  const message = `a task threw ${shown(thrown)}`;
  const name = TaskloomError.name;
  const draft: Draft = {
    name,
    message,
    stack: `${name}: ${message}`,
    classes: [name, Error.name],
    code: 'THROWN_VALUE',
    dropped: [],
  };
  attempt(draft, 'thrown', () => {
    const value = typeof thrown === 'string' ? cut(thrown, 'thrown', draft) : copied(thrown);
    draft.thrown = Object.freeze({ value });
  });
  return finish(draft);
}

function finish({ dropped, ...draft }: Draft): Failure {
  if (draft.errors !== undefined) Object.freeze(draft.errors);
  return Object.freeze(dropped.length === 0 ? draft : { ...draft, dropped: Object.freeze(dropped) });
}

/** Runs one step of taking; what it throws is noted as the reason why `path` is missing. */
function attempt(draft: Draft, path: string, step: () => void): void {
  try {
    step();
  } catch (thrown) {
    note(draft, path, isError(thrown) ? String(read(thrown, 'message')) : 'reading it threw');
  }
}

function note({ dropped }: Draft, path: string, reason: string): void {
  if (dropped.length < NOTE_LIMIT)
    dropped.push(`${path.slice(0, SHOWN_LIMIT)}: ${reason.slice(0, SHOWN_LIMIT)}`);
  else if (dropped.length === NOTE_LIMIT) dropped.push('and more');
}

/** A property of an error; undefined where reading it throws. */
export function read(error: Error, key: string, draft?: Draft): unknown {
  try {
    return (error as unknown as Readonly<Record<string, unknown>>)[key];
  } catch {
    if (draft !== undefined) note(draft, key, 'reading it threw');
    return undefined;
  }
}

/** The `code` of what was thrown, where it has one. Never throws. */
export function codeOf(thrown: unknown): string | number | undefined {
  const code = isError(thrown) ? read(thrown, 'code') : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}

function text(error: Error, key: string, draft: Draft): string | undefined {
  const value = read(error, key, draft);
  if (typeof value === 'string') return cut(value, key, draft);
  if (value !== undefined) note(draft, key, `is of type ${typeof value}, not a string`);
  return undefined;
}

function cut(value: string, path: string, draft: Draft): string {
  if (value.length <= TEXT_LIMIT) return value;
  note(draft, path, `cut from ${value.length} to ${TEXT_LIMIT} characters`);
  // Cloned, since a slice keeps the whole string in memory.
  return clone(value.slice(0, TEXT_LIMIT));
}

function classesOf(error: Error): readonly string[] {
  const names: string[] = [];
  try {
    for (let at = Object.getPrototypeOf(error); at !== null && names.length < CLASS_LIMIT; ) {
      const Class: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
      const name: unknown = typeof Class === 'function' ? Class.name : '';
      if (typeof name === 'string' && name !== '' && Class !== Object) names.push(name.slice(0, SHOWN_LIMIT));
      at = Object.getPrototypeOf(at);
    }
  } catch {
    // A Proxy that refuses: what was found so far will do.
  }
  return Object.freeze(names);
}

function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
  } catch {
    return false;
  }
}

function shown(value: unknown): string {
  try {
    if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, SHOWN_LIMIT))}`;
    if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
    if (typeof value === 'symbol') return `the symbol ${String(value)}`;
    const options = { depth: 1, customInspect: false, maxArrayLength: 10, maxStringLength: 100 } as const;
    const all = inspect(value, { ...options, breakLength: Number.POSITIVE_INFINITY }).slice(0, SHOWN_LIMIT);
    return typeof value !== 'object' || value === null
      ? all
      : `the ${types.isProxy(value) ? 'Proxy' : 'object'} ${all}`;
  } catch {
    return 'something that cannot be shown';
  }
}

/** Independent of the value that it was made of. Throws where it can't be cloned. */
export function copied(value: unknown): unknown {
  const isPrimitive = typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol';
  return isPrimitive || value === null ? value : clone(value);
}
