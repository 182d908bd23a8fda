/** Details for tests: plain ones, and arbitrary ones with everything that their fields may hold. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Backend, ClaimRequest, FlowChanges } from '../../src/persistence/backend.ts';
import { thisProcess } from '../../src/persistence/ownership.ts';
import type { AtomDetail, FlowDetail, Owner } from '../../src/persistence/records.ts';

export const LEASE = 60_000;
export const FRESH: NonNullable<ClaimRequest['fresh']> = {
  name: 'flow',
  logbook: 'default',
  atoms: 3,
  outline: '["a","b","c"]',
  factory: null,
};

export function claimOf(flowId: string, request: Partial<ClaimRequest> = {}): ClaimRequest {
  return { flowId, owner: thisProcess('engine'), lease: LEASE, fresh: FRESH, ...request };
}

export function changesOf(flowId: string, changes: Partial<FlowChanges> = {}): FlowChanges {
  return {
    flowId,
    epoch: 1,
    lease: LEASE,
    flow: {},
    mapsForgotten: [],
    mapsDropped: [],
    atoms: [],
    values: new Map(),
    durations: [],
    ...changes,
  };
}

export function atomOf(name: string, detail: Partial<AtomDetail> = {}): AtomDetail {
  return {
    name,
    kind: 'task',
    map: null,
    version: '1.0',
    state: 'SUCCESS',
    intention: 'EXECUTE',
    attempt: 1,
    sent: true,
    began: true,
    dropped: false,
    updatedAt: 1_790_000_000_000,
    elapsed: 12.5,
    error: null,
    result: null,
    rest: null,
    ...detail,
  };
}

export function bytesOf(...numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers);
}

export function stranger(id = 'stranger'): Owner {
  return thisProcess(id);
}

/** With a digest in the place of all bytes: large ones are compared at once, whatever buffers they lie in. */
export function digested(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return `${value.length} bytes ${createHash('sha1').update(value).digest('hex')}`;
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, digested(each)]));
  if (Array.isArray(value)) return value.map(digested);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, digested(each)]));
}

/** By code, what a call is refused with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: { readonly code?: string }) => String(error.code),
  );
}

export async function namesOf(backend: Backend, flowId: string): Promise<string[]> {
  return (await backend.atoms(flowId)).map(({ name }) => name);
}

/** Strings of which some can't be text of SQLite as they are. */
const AWKWARD = [
  "O'Brien; drop table atom; --",
  'a"b`c\\d',
  'a\nb\r\tc',
  'a\0b',
  '\0',
  '😀👨‍👩‍👧',
  '\u202Eright to left',
  '\uFEFFmark',
  '\uD800',
  'half \uDC00 pair',
  '\uD83D\uD83D\uDE00\uDE00',
  '\uFFFD',
  '\uFFFDd800',
  '\uFFFDfffd0000',
  '%_*?[a]',
  '__proto__',
  '',
];

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...AWKWARD),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);
const count = fc.oneof(fc.nat(10), fc.constantFrom(2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER));
/**
 * Times: to 15 digits, in ms from less than a ns to the end of all dates. None is next to a whole number: the binding of SQLite
 * makes that number of it.
 */
export const measure: fc.Arbitrary<number> = fc
  .oneof(
    fc.double({ noNaN: true, min: -(2 ** 53), max: 2 ** 53 }),
    fc.double({ noNaN: true, min: 0, max: 1e5 }),
    fc.constantFrom(0, 1, 0.1 + 0.2, 1e-7, 2 ** 53, 1_764_000_000_123.25),
  )
  .map((value) => (Math.abs(value) < 1e-9 ? 0 : Number(value.toPrecision(15))))
  .map((value) => (value - Math.floor(value) < Number.EPSILON ? Math.floor(value) + 0 : value));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  // On both sides of where small ones end: what is packed, and what stands among the atoms.
  fc
    .constantFrom(0, 1, 4095, 4096, 4097, 16_384, 16_385, 100_000)
    .map((size) => new Uint8Array(size).fill(size)),
  // A part of a buffer that goes on before and behind.
  fc
    .constantFrom(10, 5000)
    .map((size) => new Uint8Array(size * 3).fill(7, size, size * 2).subarray(size, size * 2)),
);
const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });

export const atom: fc.Arbitrary<AtomDetail> = fc.record({
  name: text,
  kind: fc.constantFrom('task', 'retry', 'map', 'item'),
  map: nullable(text),
  version: text,
  state: fc.constantFrom(
    'PENDING',
    'RUNNING',
    'SUCCESS',
    'FAILURE',
    'REVERTING',
    'REVERTED',
    'REVERT_FAILURE',
    'RETRYING',
    'PARTIAL',
    'IGNORE',
  ),
  intention: fc.constantFrom('EXECUTE', 'REVERT', 'RETRY', 'IGNORE'),
  attempt: count,
  sent: fc.boolean(),
  began: fc.boolean(),
  dropped: fc.boolean(),
  updatedAt: measure,
  elapsed: nullable(measure),
  error: nullable(text),
  result: nullable(bytes),
  rest: nullable(bytes),
});

/** What atoms may differ in that are otherwise alike. */
export const differing: fc.Arbitrary<Pick<AtomDetail, 'name' | 'elapsed' | 'result'>> = fc.record({
  name: fc.oneof(text, fc.nat(40).map(String)),
  elapsed: nullable(measure),
  result: nullable(fc.oneof(fc.uint8Array({ maxLength: 20 }), bytes)),
});

export const owner: fc.Arbitrary<Owner> = fc.record({ id: text, host: text, pid: count, process: text });
export const factory = fc.record({ module: text, export: text, args: text });
export const flowChanges: fc.Arbitrary<Required<FlowChanges['flow']>> = fc.record({
  state: fc.constantFrom<FlowDetail['state'][]>('RUNNING', 'SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED'),
  name: text,
  atoms: count,
  outline: text,
  asked: fc.constantFrom('suspend', null),
  rest: nullable(bytes),
});
export const values: fc.Arbitrary<ReadonlyMap<string, Uint8Array>> = fc
  .array(fc.tuple(text, bytes), { maxLength: 5 })
  .map((entries) => new Map(entries));
