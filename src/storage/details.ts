/**
 * Records as details, and back: what a backend may be asked for in fields of its own, all else closed in one value, which is
 * nothing for most atoms. What a dead process left in the midst of its work comes back as PARTIAL: it was begun, and nobody
 * knows how far it came.
 */
import type { FlowDetail, AtomDetail } from '../persistence/records.ts';
import type { Failure } from '../failure.ts';
import { close, isList, open, type Value } from '../protocol/codec.ts';
import { fromBytes, isOfItems, itemsBytes, toBytes } from '../protocol/stored.ts';
import type { AtomState } from '../states.ts';
import { type AtomRecord, newRecord } from './atom-record.ts';

/** Where an item of a map, or its retry, belongs. */
export interface Place {
  readonly map: string;
  /** What the map takes the item from; null once nobody needs it, and for retries. */
  readonly input: { readonly value: Value } | null;
}

/** What a detail has no fields for; each is there only where it says something. */
interface Rest {
  readonly failure?: Failure;
  readonly revertFailure?: Failure;
  readonly revertResult?: Uint8Array;
  readonly absent?: AtomRecord['absent'];
  readonly progress?: number;
  readonly progressDetails?: unknown;
  readonly metadata?: Record<string, unknown>;
  readonly injected?: ReadonlyMap<string, Uint8Array | null>;
  readonly history?: readonly StoredAttempt[];
  readonly retryAt?: number;
  readonly input?: Uint8Array | null;
}

interface StoredAttempt {
  readonly provided: Uint8Array | null;
  readonly failures: ReadonlyMap<string, Failure>;
}

/** What a flow's detail has no fields for. */
interface FlowRest {
  readonly metadata: Record<string, unknown>;
  readonly aborted: Failure | null;
  readonly secrets: readonly string[];
}

/** Characters of an error that are kept for readers of the file. */
const ERROR_SHOWN = 500;

export function detailOf(record: AtomRecord, place: Place | null, now: number): AtomDetail {
  const { name, kind, version, state, intention, attempt, sent, began, dropped, elapsed } = record;
  const failure = record.revertFailure ?? record.failure;
  return {
    name,
    kind,
    map: place?.map ?? null,
    version,
    state,
    intention,
    attempt,
    sent,
    began,
    dropped,
    updatedAt: now,
    elapsed,
    error: failure === null ? null : `${failure.name}: ${failure.message}`.slice(0, ERROR_SHOWN),
    // A list of values is what a map's items gave.
    result: kind === 'map' && isList(record.result) ? itemsBytes() : toBytes(record.result),
    rest: restOf(record, place),
  };
}

/** What a detail was made of, as another process takes it up. */
export interface Restored {
  readonly record: AtomRecord;
  readonly place: Place | null;
  /** The result is the list of what the map's items gave, and is to be joined from them. */
  readonly isOfItems: boolean;
}

/** Throws what `open` throws. */
export function recordOf(detail: AtomDetail): Restored {
  const record = newRecord(detail.name, detail.kind, detail.version);
  const isLeft = wasLeft(detail);
  record.state = isLeft ? 'PARTIAL' : detail.state;
  record.intention = detail.intention;
  record.attempt = detail.attempt;
  record.sent = detail.sent && isLeft;
  record.elapsed = detail.elapsed;
  record.began = detail.began || isLeft;
  record.dropped = detail.dropped;
  const isJoined = isOfItems(detail.result);
  record.result = isJoined ? undefined : fromBytes(detail.result);
  record.progress = usualProgress(detail.state);
  const rest = openRest<Rest>(detail.rest);
  if (rest !== null) takeRest(record, rest);
  const input = rest !== null && 'input' in rest ? { value: fromBytes(rest.input ?? null) } : null;
  const place = detail.map === null ? null : { map: detail.map, input };
  return { record, place, isOfItems: isJoined };
}

function takeRest(record: AtomRecord, rest: Rest): void {
  record.failure = rest.failure ?? null;
  record.revertFailure = rest.revertFailure ?? null;
  record.revertResult = fromBytes(rest.revertResult ?? null);
  record.absent = rest.absent ?? [];
  record.progress = rest.progress ?? record.progress;
  record.progressDetails = rest.progressDetails;
  if (rest.metadata !== undefined) record.metadata = Object.assign(Object.create(null), rest.metadata);
  if (rest.injected !== undefined) record.injected = mapped(rest.injected, fromBytes);
  record.history = (rest.history ?? []).map(({ provided, failures }) => ({
    provided: fromBytes(provided),
    failures,
  }));
  record.retryAt = rest.retryAt ?? 0;
}

/** What an atom threw, of a detail that may lack its result. Throws what `open` throws. */
export function failuresOf({
  rest,
}: Pick<AtomDetail, 'rest'>): Pick<AtomRecord, 'failure' | 'revertFailure'> {
  const { failure = null, revertFailure = null } = openRest<Rest>(rest) ?? {};
  return { failure, revertFailure };
}

/** It was being executed or reverted, or may have been, when its process died. */
function wasLeft({ state, sent }: AtomDetail): boolean {
  return state === 'RUNNING' || state === 'REVERTING' || (state === 'PENDING' && sent);
}

export function restOfFlow(
  metadata: Record<string, unknown>,
  aborted: Failure | null,
  secrets: readonly string[],
): Uint8Array | null {
  if (aborted === null && secrets.length === 0 && Object.keys(metadata).length === 0) return null;
  const rest: FlowRest = { metadata: { ...metadata }, aborted, secrets };
  return closeRest(rest, 'metadata of the flow');
}

export function openRestOfFlow({ rest }: Pick<FlowDetail, 'rest'>): FlowRest {
  return openRest<FlowRest>(rest) ?? { metadata: {}, aborted: null, secrets: [] };
}

/** True when notes can be kept; else throws what `close` throws. */
export function checkNotes(notes: Readonly<Record<string, unknown>>, where: string): void {
  close({ ...notes }, where);
}

function restOf(record: AtomRecord, place: Place | null): Uint8Array | null {
  const { failure, revertFailure, revertResult, absent, progress, progressDetails } = record;
  const { metadata, injected, history, retryAt, state, name } = record;
  const input = place?.input ?? null;
  // One by one, for most atoms have none of them.
  const rest: { -readonly [Field in keyof Rest]: Rest[Field] } = {};
  if (failure !== null) rest.failure = failure;
  if (revertFailure !== null) rest.revertFailure = revertFailure;
  if (revertResult !== undefined) rest.revertResult = toBytes(revertResult) as Uint8Array;
  if (absent.length > 0) rest.absent = absent;
  if (progress !== usualProgress(state)) rest.progress = progress;
  if (progressDetails !== undefined) rest.progressDetails = progressDetails;
  if (metadata !== null) rest.metadata = { ...metadata };
  if (injected !== null) rest.injected = mapped(injected, toBytes);
  if (history.length > 0) rest.history = history.map(storedAttempt);
  if (retryAt > 0) rest.retryAt = retryAt;
  if (input !== null) rest.input = toBytes(input.value);
  if (Object.keys(rest).length === 0) return null;
  try {
    return closeRest(rest, `record of '${name}'`);
  } catch {
    // What a task says of its progress is the one thing in it that nobody has closed before.
    return closeRest({ ...rest, progressDetails: undefined }, `record of '${name}'`);
  }
}

function storedAttempt({ provided, failures }: AtomRecord['history'][number]): StoredAttempt {
  return { provided: toBytes(provided), failures };
}

/** What `progress` is where nobody has said anything else. */
function usualProgress(state: AtomState): number {
  return state === 'SUCCESS' || state === 'REVERTED' ? 1 : 0;
}

function closeRest(rest: object, where: string): Uint8Array | null {
  return toBytes(close(rest, where));
}

function openRest<T>(bytes: Uint8Array | null): T | null {
  return bytes === null ? null : (open(fromBytes(bytes)) as T);
}

function mapped<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
