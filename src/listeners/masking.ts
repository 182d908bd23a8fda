/**
 * Values made fit to be logged: a copy that is bounded in every direction, with `***` under the keys that are to stay
 * secret, however deep they lie. Never throws, never changes the value, and calls nothing of it,
 * no getter and no Proxy trap; of errors alone the name, message and stack are read.
 */
import { inspect, types } from 'node:util';
import { read } from '../failure.ts';
import type { OptionRule } from '../options.ts';

/** What stands in place of a secret. */
export const MASKED = '***';

/** Entries kept of one list, object, Map or Set. */
const ENTRIES = 100;
const DEPTH = 20;
/** Objects kept of one value, all together. */
const OBJECTS = 10_000;
/** Characters kept of one string. */
const CHARACTERS = 10_000;
/** Characters of a value that is shown in one line. */
const LINE = 400;

/** What would act on a terminal or turn the text round: control characters, line ends, marks of direction. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

export const A_LIST_OF_NAMES: OptionRule = {
  fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  words: 'an array of strings',
};

/** What the copying of one value goes through. */
interface Copying {
  readonly keys: ReadonlySet<string>;
  /** The copies, so that cycles end and what was one object stays one. */
  readonly done: Map<object, unknown>;
  left: number;
}

/**
 * A bounded copy of the value with `***` in place of what stands under one of `keys`: properties of objects and of
 * errors, and entries of Maps. Class instances become plain objects, bytes are named by their length only.
 */
export function masked(value: unknown, keys: ReadonlySet<string>): unknown {
  return copy(value, { keys, done: new Map(), left: OBJECTS }, 0);
}

/** A masked value in one line. */
export function inLine(value: unknown): string {
  const text = inspect(value, {
    depth: 5,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    maxArrayLength: 10,
    maxStringLength: 200,
    customInspect: false,
  });
  return oneLine(text, LINE);
}

/** Somebody's text in one line, with everything that would act on a terminal written out. */
export function oneLine(text: string, limit: number = LINE): string {
  return cut(text, limit).replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return character === '\n' ? '\\n' : `\\u${code.padStart(4, '0')}`;
  });
}

function copy(value: unknown, copying: Copying, depth: number): unknown {
  if (typeof value === 'string') return cut(value, CHARACTERS);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (types.isProxy(value)) return '[proxy]';
  const known = copying.done.get(value);
  if (known !== undefined) return known;
  if (depth >= DEPTH || copying.left <= 0) return '…';
  copying.left -= 1;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return bytesOf(value);
  if (types.isDate(value)) return new Date(Date.prototype.getTime.call(value));
  if (types.isRegExp(value)) return new RegExp(value);
  if (types.isNativeError(value)) return copyError(value, copying, depth);
  if (types.isMap(value)) return copyMap(value, copying, depth);
  if (types.isSet(value)) return copySet(value, copying, depth);
  if (Array.isArray(value)) return copyList(value, copying, depth);
  return copyObject(value, copying, depth);
}

function copyObject(value: object, copying: Copying, depth: number): object {
  const made = {};
  copying.done.set(value, made);
  const keys = Object.keys(value);
  for (const key of keys.slice(0, ENTRIES)) define(made, key, propertyOf(value, key, copying, depth), true);
  if (keys.length > ENTRIES) define(made, '…', more(keys.length), true);
  return made;
}

function copyList(value: readonly unknown[], copying: Copying, depth: number): unknown[] {
  const made: unknown[] = [];
  copying.done.set(value, made);
  const length = Math.min(value.length, ENTRIES);
  for (let at = 0; at < length; at++) {
    if (Object.hasOwn(value, at)) made[at] = propertyOf(value, String(at), copying, depth);
    else made.length = at + 1;
  }
  if (value.length > ENTRIES) made.push(more(value.length));
  return made;
}

function copyMap(value: ReadonlyMap<unknown, unknown>, copying: Copying, depth: number): unknown {
  const made = new Map<unknown, unknown>();
  copying.done.set(value, made);
  for (const [key, inner] of Map.prototype.entries.call(value)) {
    if (made.size >= ENTRIES) return made.set('…', more(sizeOf(Map.prototype, value)));
    const secret = typeof key === 'string' && copying.keys.has(key);
    made.set(copy(key, copying, depth + 1), secret ? MASKED : copy(inner, copying, depth + 1));
  }
  return made;
}

function copySet(value: ReadonlySet<unknown>, copying: Copying, depth: number): unknown {
  const made = new Set<unknown>();
  copying.done.set(value, made);
  for (const inner of Set.prototype.values.call(value)) {
    if (made.size >= ENTRIES) return made.add(more(sizeOf(Set.prototype, value)));
    made.add(copy(inner, copying, depth + 1));
  }
  return made;
}

/** Its stack stays whole, for that is what one looks for; a secret in the message can't be told from other words. */
function copyError(value: Error, copying: Copying, depth: number): Error {
  const made = new Error(cut(String(read(value, 'message') ?? ''), CHARACTERS));
  copying.done.set(value, made);
  define(made, 'name', String(read(value, 'name') ?? 'Error'), false);
  define(made, 'stack', String(read(value, 'stack') ?? ''), false);
  for (const key of Object.getOwnPropertyNames(value).slice(0, ENTRIES)) {
    if (key === 'name' || key === 'stack' || (key === 'message' && !copying.keys.has(key))) continue;
    const enumerable = Object.prototype.propertyIsEnumerable.call(value, key);
    define(made, key, propertyOf(value, key, copying, depth), enumerable);
  }
  return made;
}

function propertyOf(value: object, key: string, copying: Copying, depth: number): unknown {
  if (copying.keys.has(key)) return MASKED;
  const property = Object.getOwnPropertyDescriptor(value, key);
  return property === undefined || 'value' in property
    ? copy(property?.value, copying, depth + 1)
    : '[getter]';
}

/** Defines, so that a property named __proto__ is one like any other. */
function define(made: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(made, key, { value, enumerable, writable: true, configurable: true });
}

function bytesOf(value: ArrayBufferView | ArrayBufferLike): string {
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return `${kind}(${types.isTypedArray(value) ? value.length : value.byteLength})`;
}

/** The size that the built-in getter tells, whatever a subclass says. */
function sizeOf(prototype: object, value: object): number {
  return Number(Reflect.get(prototype, 'size', value));
}

function more(size: number): string {
  return `… ${size - ENTRIES} more`;
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text;
}
