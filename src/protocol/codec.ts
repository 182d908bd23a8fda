/**
 * Values that travel: closed once where they are made, opened only by who reads them. Every value that passes between
 * tasks goes through here on every executor, so that all see the same and nobody can change what another one reads.
 *
 * It carries what structured clone carries, by v8's rules: class instances become plain objects, getters their values, a
 * Buffer stays one, an error keeps its built-in class, message, stack and cause only. Nothing in it is ever called but
 * getters, and those perhaps more than once.
 */
import { types } from 'node:util';
import { TaskloomError } from '../errors.ts';
import type { Take } from '../flow/symbols.ts';
import { bareMoved } from './buffer-marks.ts';
import { decode, detach, type Encoded, encode, LARGE } from './serializer.ts';
import { whyNot } from './unencodable.ts';
import { walk } from './walk.ts';

export { share, transfer } from './buffer-marks.ts';

/** A value as bytes, with the buffers that travel beside them. */
export interface Closed {
  readonly bytes: Uint8Array;
  readonly buffers: readonly (ArrayBuffer | SharedArrayBuffer)[];
}

/** A list whose elements were closed one by one, and stay so: what a map gives. */
export interface ClosedList {
  readonly list: readonly Value[];
}

/** A value as it is stored and forwarded: short primitives as they are, everything else closed. */
export type Value = undefined | null | boolean | number | bigint | string | Closed | ClosedList;

export interface CloseOptions {
  /**
   * True (the default) when a task may read it: then a buffer marked to be moved stays readable for several, at the
   * price of a copy. False moves it; whoever posts the value has to pass `transferList` of it.
   */
  readonly read?: boolean;
}

/** Strings of more characters are closed, so that forwarding them copies nothing. */
const STRING_LIMIT = 4096;
/** Parts of a large value in which ArrayBuffers are looked for that would better travel beside the bytes. */
const BARE_SEARCH_LIMIT = 256;
/** Roughly what a number, a boolean or a bigint takes. */
const PRIMITIVE_BYTES = 8;

/**
 * Encodes a value, once. Structured clone carries what it returns, and copies no large part of it.
 * @param where - What to call the value in messages: `result`, `store.pixels`, `argument path`.
 * @throws TaskloomError VALUE_NOT_ENCODABLE, with `details.path` to the first part that can't be; VALUE_TOO_LARGE.
 */
export function close(value: unknown, where: string, { read = true }: CloseOptions = {}): Value {
  if (isPlain(value)) return value;
  try {
    const { bytes, buffers } = encodeWhole(value, !read);
    return {
      bytes: bytes.byteLength < LARGE ? bytes : inSharedMemory(bytes),
      buffers: read ? buffers : buffers.map(detach),
    };
  } catch (thrown) {
    throw whyNot(value, where, thrown);
  }
}

/** True for what closing leaves as it is. */
export function isPlain(value: unknown): value is Exclude<Value, Closed | ClosedList> {
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
    case 'bigint':
      return true;
    case 'string':
      return value.length <= STRING_LIMIT;
  }
  return value === null;
}

/**
 * Decodes a value, afresh at each call, and picks a part of it.
 * @returns The part; undefined where it is absent, see `absentTakes`.
 * @throws TaskloomError VALUE_UNREADABLE; VALUE_TOO_LARGE when it is nested deeper than this thread's stack allows.
 */
export function open(value: Value, take: Take = null): unknown {
  if (isList(value) && typeof take === 'number') return open(value.list[take]);
  const opened = openWhole(value);
  return take === null ? opened : partOf(opened, take);
}

function openWhole(value: Value): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? Array.from(value.list, (each) => open(each)) : decodeWhole(value);
}

/** True for a value that is a list of closed values. */
export function isList(value: Value): value is ClosedList {
  return typeof value === 'object' && value !== null && 'list' in value;
}

/** The part of a value that is not closed; undefined where it is absent. */
export function partOf(opened: unknown, take: number | string): unknown {
  if (!hasPart(opened, take)) return undefined;
  if (types.isMap(opened)) return opened.get(take);
  return (opened as Readonly<Record<number | string, unknown>>)[take];
}

/** Which of `takes` a result, before it is closed, doesn't have: positions of a list, keys of an object or of a Map. */
export function absentTakes(result: unknown, takes: readonly Take[]): Take[] {
  return takes.filter((take) => take !== null && !hasPart(result, take));
}

/** The buffers that must be moved, not copied, when the value is posted. */
export function transferList(value: Value): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) return value.list.flatMap(transferList);
  return value.buffers.filter((buffer) => buffer instanceof ArrayBuffer);
}

/** How much memory a value takes, in bytes; roughly so for primitives. */
export function sizeOf(value: Value): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') return 2 * value.length;
  if (typeof value !== 'object') return PRIMITIVE_BYTES;
  if (isList(value)) return value.list.reduce((sum: number, each) => sum + sizeOf(each), 0);
  return value.buffers.reduce((sum, buffer) => sum + buffer.byteLength, value.bytes.byteLength);
}

/**
 * v8 writes ArrayBuffers into the bytes unless it is told of them before. Those that are at hand it is told of; others
 * are looked for when the bytes are many, which costs a second pass when there are some.
 */
function encodeWhole(value: unknown, move: boolean): Encoded {
  const known = new Set(move && typeof value === 'object' && value !== null ? bareMoved(value) : []);
  if (value instanceof ArrayBuffer && value.byteLength >= LARGE) known.add(value);
  const first = encode(value, [...known], move);
  if (first.bytes.byteLength < LARGE) return first;
  const before = known.size;
  for (const { value: part } of walk(value, { getters: false, limit: BARE_SEARCH_LIMIT }))
    if (part instanceof ArrayBuffer && part.byteLength >= LARGE) known.add(part);
  return known.size > before ? encode(value, [...known], move) : first;
}

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}

function decodeWhole(value: Closed): unknown {
  try {
    return decode(value);
  } catch (thrown) {
    if (thrown instanceof TaskloomError) throw thrown;
    const [code, why] =
      thrown instanceof RangeError
        ? (['VALUE_TOO_LARGE', 'it is too large or too deeply nested for this thread'] as const)
        : (['VALUE_UNREADABLE', 'its bytes are damaged or come from another version of Node'] as const);
    throw new TaskloomError(code, `A value can't be read: ${why}.`, {
      cause: thrown,
      details: { reason: why },
    });
  }
}

/** Whether the part is there, by the properties that a clone carries, so that the answer is the same before closing and after opening. */
export function hasPart(value: unknown, take: number | string): boolean {
  if (typeof value === 'string') return isPosition(take, value.length);
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (types.isMap(value)) return value.has(take);
  if (Array.isArray(value) || types.isTypedArray(value))
    if (typeof take === 'number') return isPosition(take, value.length);
  return Object.prototype.propertyIsEnumerable.call(value, take);
}

function isPosition(take: number | string, length: number): boolean {
  return typeof take === 'number' && Number.isInteger(take) && take >= 0 && take < length;
}

/** True for what has the shape of a closed value; what others hand over may be anything. */
export function isValue(value: unknown): value is Value {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol';
  const { bytes, buffers, list } = value as Partial<Record<string, unknown>>;
  if (Array.isArray(list)) return list.every(isValue);
  return bytes instanceof Uint8Array && Array.isArray(buffers);
}

/** Opens values for one reader, each of which is decoded once however many of its parts are asked for. */
export function openerOfParts(): (value: Value, take: Take) => unknown {
  let opened: Map<Value, unknown> | null = null;
  return (value, take) => {
    // A whole is decoded anew each time, so that two arguments never are one object.
    if (take === null || typeof value !== 'object' || value === null) return open(value, take);
    opened ??= new Map();
    if (!opened.has(value)) opened.set(value, open(value));
    return partOf(opened.get(value), take);
  };
}
