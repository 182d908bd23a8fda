/** Shows results: in a few short lines for people, and as JSON for programs whatever the value is. */
import { inspect, types } from 'node:util';
import { oneLine } from './text.ts';

const LINES = 10;
const COLUMNS = 120;
/** Values inside values that are written to JSON; deeper ones are named only. */
const DEPTH = 200;

/** At most ten lines of at most 120 characters. */
export function showValue(value: unknown): string[] {
  const bytes = bytesOf(value);
  if (bytes !== null) return [`${bytes.$type}(${bytes.length})`];
  const text = inspect(value, {
    depth: 3,
    breakLength: COLUMNS,
    compact: 3,
    maxArrayLength: 10,
    maxStringLength: 400,
    customInspect: false,
  });
  const lines = text.split('\n').map((line) => cut(oneLine(line, 10_000)));
  return lines.length > LINES ? [...lines.slice(0, LINES - 1), '…'] : lines;
}

/**
 * The value as JSON can hold it. What JSON has no form for becomes an object with `$type`:
 *
 *   12n                  {"$type":"bigint","value":"12"}
 *   NaN, Infinity        {"$type":"number","value":"NaN"}
 *   undefined            {"$type":"undefined"}
 *   Map, Set             {"$type":"Map","entries":[[k,v],…]}, {"$type":"Set","values":[…]}
 *   Uint8Array, buffers  {"$type":"Uint8Array","length":1024}, without their bytes
 *   Error                {"$type":"Error","name":…,"message":…}
 *   RegExp               {"$type":"RegExp","value":"/a/g"}
 *   a value in itself    {"$type":"circular"}
 *
 * Dates become ISO strings.
 */
export function toJson(value: unknown): unknown {
  return convert(value, []);
}

function convert(value: unknown, above: readonly object[]): unknown {
  if (typeof value === 'bigint') return { $type: 'bigint', value: String(value) };
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : { $type: 'number', value: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') return { $type: typeof value };
  if (above.includes(value)) return { $type: 'circular' };
  if (above.length >= DEPTH) return { $type: 'too deep' };
  const inside = [...above, value];
  const each = (inner: unknown): unknown => convert(inner, inside);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? { $type: 'Date' } : value.toISOString();
  if (types.isRegExp(value)) return { $type: 'RegExp', value: String(value) };
  if (types.isMap(value)) return { $type: 'Map', entries: Array.from(value, ([k, v]) => [each(k), each(v)]) };
  if (types.isSet(value)) return { $type: 'Set', values: Array.from(value, each) };
  if (value instanceof Error) return { $type: 'Error', name: value.name, message: value.message };
  if (Array.isArray(value)) return Array.from(value, each);
  // fromEntries defines properties, so that __proto__ is a key like any other.
  return (
    bytesOf(value) ?? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, each(inner)]))
  );
}

function bytesOf(value: unknown): { readonly $type: string; readonly length: number } | null {
  if (ArrayBuffer.isView(value)) {
    const $type = Object.prototype.toString.call(value).slice('[object '.length, -1);
    return { $type, length: types.isTypedArray(value) ? value.length : value.byteLength };
  }
  if (!types.isAnyArrayBuffer(value)) return null;
  return {
    $type: types.isSharedArrayBuffer(value) ? 'SharedArrayBuffer' : 'ArrayBuffer',
    length: value.byteLength,
  };
}

function cut(line: string): string {
  return line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line;
}
