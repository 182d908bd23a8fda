/**
 * Goes through a value part by part, in the order in which structured clone reads it, without recursion: for what the
 * serializer can't tell by itself (where the bad part is, which buffers are inside). Never changes the value.
 */
import { types } from 'node:util';

/** A part of a value and how it is reached. */
export interface Part {
  readonly value: unknown;
  /** Null for the whole value. */
  readonly from: Part | null;
  readonly by: 'whole' | 'property' | 'index' | 'entry' | 'key' | 'member';
  readonly key: unknown;
  /** Set when it is a getter that threw; `value` is then what it threw. */
  readonly threw?: true;
}

export interface WalkOptions {
  /** Call getters, as a clone does; without it they are passed over. */
  readonly getters: boolean;
  /** Stop after so many parts. */
  readonly limit: number;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const PATH_LIMIT = 300;
/** Parts; a Set holds no more than 2^24. */
const SEEN_LIMIT = 10_000_000;
/** Deeper than v8 can write, whatever the stack. */
const DEPTH_LIMIT = 200_000;
const LONG_LIST = 100_000;
/** Longer lists have holes: their indexes can't all be tried. */
const SPARSE_LIST = 2 ** 25;

/** Yields the value and all parts in it that a clone would read, each object once. */
export function* walk(value: unknown, { getters, limit }: WalkOptions): Generator<Part, void> {
  const seen = new Set<unknown>();
  const open: Iterator<Part, void>[] = [];
  let left = Math.min(limit, SEEN_LIMIT);
  for (let part: Part | undefined = { value, from: null, by: 'whole', key: null }; left > 0; left -= 1) {
    if (part === undefined) return;
    if (!seen.has(part.value)) {
      yield part;
      if (typeof part.value === 'object' && part.value !== null && part.threw !== true) {
        seen.add(part.value);
        if (open.length < DEPTH_LIMIT) open.push(partsOf(part, part.value, getters));
      }
    }
    part = nextOf(open);
  }
}

function nextOf(open: Iterator<Part, void>[]): Part | undefined {
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    const { value } = last.next();
    if (value !== undefined) return value;
    open.pop();
  }
  return undefined;
}

/** The path to a part, such as `result.items[3].onClick` or `result.get("k")["a.b"]`; cut in the middle when long. */
export function pathOf(part: Part, where: string): string {
  const steps: string[] = [];
  for (let at = part; at.from !== null; at = at.from) steps.push(stepOf(at));
  const path = where + steps.reverse().join('');
  return path.length <= PATH_LIMIT ? path : `${path.slice(0, PATH_LIMIT / 2)}…${path.slice(-PATH_LIMIT / 2)}`;
}

function stepOf({ by, key }: Part): string {
  switch (by) {
    case 'index':
      return `[${key}]`;
    case 'property':
      return IDENTIFIER.test(String(key)) ? `.${key}` : `[${JSON.stringify(key)}]`;
    case 'entry':
      return `.get(${shownKey(key)})`;
    case 'key':
      return `.keys()[${key}]`;
    case 'member':
      return `.values()[${key}]`;
    case 'whole':
      return '';
  }
}

function shownKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  if (typeof key === 'object' && key !== null) return types.isProxy(key) ? 'Proxy' : '{…}';
  return typeof key === 'function' ? 'function' : String(key);
}

/** What a clone reads of an object; of a Date, a buffer or a boxed value, nothing further. */
function* partsOf(from: Part, value: object, getters: boolean): Generator<Part, void> {
  if (types.isProxy(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return;
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return;
  if (types.isMap(value)) {
    let at = 0;
    for (const [key, entry] of Map.prototype.entries.call(value)) {
      yield { value: key, from, by: 'key', key: at++ };
      yield { value: entry, from, by: 'entry', key };
    }
  } else if (types.isSet(value)) {
    let at = 0;
    for (const member of Set.prototype.values.call(value))
      yield { value: member, from, by: 'member', key: at++ };
  } else
    for (const key of keysOf(value)) {
      const part = property(from, value, key, getters);
      if (part !== undefined) yield part;
    }
}

/** Of a long list, the indexes only: its keys as strings would take more memory than the list. */
function keysOf(value: object): Iterable<string | number> {
  if (types.isNativeError(value)) return ['cause'];
  const isLong = Array.isArray(value) && value.length > LONG_LIST && value.length < SPARSE_LIST;
  return isLong ? value.keys() : Object.keys(value);
}

function property(from: Part, object: object, key: string | number, getters: boolean): Part | undefined {
  const found = Object.getOwnPropertyDescriptor(object, key);
  if (found === undefined) return undefined;
  const by = typeof key === 'number' || (Array.isArray(object) && /^\d+$/.test(key)) ? 'index' : 'property';
  if ('value' in found) return { value: found.value, from, by, key };
  if (!getters) return undefined;
  try {
    return { value: found.get?.call(object), from, by, key };
  } catch (thrown) {
    return { value: thrown, from, by, key, threw: true };
  }
}
