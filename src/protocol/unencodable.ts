/** Says why a value can't be closed, and where in it: looked for only when the serializer has given up. */
import { types } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';
import { encode, Refused } from './serializer.ts';
import { type Part, pathOf, walk } from './walk.ts';

/** Parts that are looked at before the search for the path is given up. */
const SEARCH_LIMIT = 2_000_000;
const REASON_LIMIT = 300;

/**
 * The error for a value that `encode` threw `thrown` at.
 * @param where - The word that paths begin with, such as `result` or `store.pixels`.
 * @returns VALUE_NOT_ENCODABLE with the path to the first part that can't be encoded, or VALUE_TOO_LARGE.
 */
export function whyNot(value: unknown, where: string, thrown: unknown): TaskloomError {
  const refused = thrown instanceof Refused ? thrown : undefined;
  for (const part of walk(value, { getters: true, limit: SEARCH_LIMIT })) {
    const reason =
      refused?.part !== undefined && refused.part === part.value ? refused.message : reasonFor(part);
    if (reason !== null) return notEncodable(where, pathOf(part, where), reason, part.threw && part.value);
  }
  const message = shown(thrown);
  if (
    thrown instanceof RangeError ||
    message.includes('out of memory') ||
    codeOf(thrown) === 'ERR_BUFFER_TOO_LARGE'
  )
    return new TaskloomError(
      'VALUE_TOO_LARGE',
      `${where} is too large or too deeply nested to be encoded: ${message}.`,
      { details: { where, reason: message }, cause: thrown },
    );
  return notEncodable(where, where, `holds a part that cannot: ${message.replace(/\.$/, '')}`, thrown);
}

function notEncodable(where: string, path: string, reason: string, cause: unknown): TaskloomError {
  const message = `A value cannot cross threads: ${path} ${reason}.`;
  const details = { path, where, reason };
  return new TaskloomError('VALUE_NOT_ENCODABLE', message, cause ? { details, cause } : { details });
}

/** Null when this part by itself can be encoded. */
function reasonFor({ value, threw }: Part): string | null {
  if (threw === true) return `is a getter that threw: ${shown(value)}`;
  if (typeof value === 'function') return 'is a function';
  if (typeof value === 'symbol') return 'is a symbol';
  if (typeof value !== 'object' || value === null) return null;
  if (types.isProxy(value)) return 'is a Proxy';
  if (types.isPromise(value)) return 'is a Promise; await it first';
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return isBareObject(value) ? null : refusal(value);
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value) || types.isNativeError(value))
    return null;
  // Of what is left, the platform's own objects have no own properties, so that this asks about the object alone.
  return Object.keys(value).length === 0 || ArrayBuffer.isView(value) ? refusal(value) : null;
}

/** False for `arguments`, namespaces of modules and the like, which look like plain objects. */
function isBareObject(value: object): boolean {
  return !(types.isArgumentsObject(value) || types.isModuleNamespaceObject(value) || types.isExternal(value));
}

function refusal(value: object): string | null {
  try {
    encode(value, [], false);
    return null;
  } catch (thrown) {
    if (thrown instanceof RangeError) return null;
    if (thrown instanceof Refused && thrown.part !== undefined) return thrown.message;
    return types.isAnyArrayBuffer(value) ? 'is a detached ArrayBuffer' : `is of class ${classOf(value)}`;
  }
}

function classOf(value: object): string {
  try {
    const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
    return tag === 'Object' ? (value.constructor?.name ?? tag) : tag;
  } catch {
    return 'object of an unknown class';
  }
}

function shown(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return text.length <= REASON_LIMIT ? text : `${text.slice(0, REASON_LIMIT)}…`;
  } catch {
    return 'something that cannot be shown';
  }
}
