/** What is known of one atom in one run. Only storage/ and the engine's one door (engine/moves.ts) write it. */
import type { Failure } from '../failure.ts';
import type { Take } from '../flow/symbols.ts';
import type { Value } from '../protocol/codec.ts';
import type { AtomState, Intention } from '../states.ts';

/** One attempt of a retry: the value that it gave, and what failed then. */
interface AttemptRecord {
  readonly provided: Value;
  /** By atom, the first failure of each. */
  readonly failures: ReadonlyMap<string, Failure>;
}

export type AtomKind = 'task' | 'retry' | 'map' | 'item';

export interface AtomRecord {
  readonly name: string;
  /** An item is what a map runs its task for. */
  readonly kind: AtomKind;
  /** The version of the task that it was begun with. */
  version: string;
  state: AtomState;
  intention: Intention;
  /** How often execute has begun. */
  attempt: number;
  /** It was handed to the task executor, and did not come back without having begun. Kept by backends only. */
  sent: boolean;
  /** ms in its own code, the last time that it ended; null when it did not. */
  elapsed: number | null;
  /** The closed result of execute; kept after a revert, but then hidden from fetch. */
  result: Value;
  /** The result was let go, as the engine's option `keep` says: nobody in the flow needed it any more. */
  dropped: boolean;
  /** The parts that symbols stand for and that the result lacks. */
  absent: readonly Take[];
  /** What execute threw. */
  failure: Failure | null;
  /** False when execute failed before the task's code ran, so that there is nothing to undo. */
  began: boolean;
  revertResult: Value;
  revertFailure: Failure | null;
  /** From 0 to 1. */
  progress: number;
  progressDetails: unknown;
  metadata: Record<string, unknown> | null;
  /** The values of its definition, by argument, where the engine is told to keep them. */
  injected: ReadonlyMap<string, Value> | null;
  /** Of a retry: its attempts since the last revert. */
  history: readonly AttemptRecord[];
  /** Of a retry that is RETRYING: when it goes on, in ms since 1970. */
  retryAt: number;
}

const NONE: readonly Take[] = [];
const NO_HISTORY: readonly AttemptRecord[] = [];

/** What few atoms have. */
type Rare = Pick<
  AtomRecord,
  'revertResult' | 'revertFailure' | 'progressDetails' | 'metadata' | 'injected' | 'history' | 'retryAt'
>;

const RARE: Rare = {
  revertResult: undefined,
  revertFailure: null,
  progressDetails: undefined,
  metadata: null,
  injected: null,
  history: NO_HISTORY,
  retryAt: 0,
};

/** What every atom has. The rest is read from the prototype until it is written: there may be a million of these. */
class Common implements Omit<AtomRecord, keyof Rare> {
  readonly name: string;
  readonly kind: AtomKind;
  version: string;
  state: AtomState = 'PENDING';
  intention: Intention = 'EXECUTE';
  attempt = 0;
  sent = false;
  elapsed: number | null = null;
  result: Value = undefined;
  dropped = false;
  absent = NONE;
  failure: Failure | null = null;
  began = false;
  progress = 0;

  constructor(name: string, kind: AtomKind, version: string) {
    this.name = name;
    this.kind = kind;
    this.version = version;
  }
}
Object.assign(Common.prototype, RARE);

export function newRecord(name: string, kind: AtomKind, version = '1.0'): AtomRecord {
  return new Common(name, kind, version) as Common & Rare;
}

/** An object of its own, with all fields. */
export function copyOf(record: AtomRecord): AtomRecord {
  return { ...RARE, ...record };
}

/** Puts an atom back to where it has not run; it will run with this version of its task. */
export function clearRecord(record: AtomRecord, version: string): void {
  const { name, kind, attempt, metadata, injected } = record;
  Object.assign(record, RARE, newRecord(name, kind, version), { attempt, metadata, injected });
}
