/** What crosses between the main thread and the database's: a closed union, on one page. Each request gets one answer, after any parts. */
import type { Failure } from '../failure.ts';
import type { AlikeAtoms } from './alike-atoms.ts';
import type { AtomCells } from './atom-cells.ts';
import type { AtomQuery, ClaimRequest, FlowChanges, FlowQuery } from './backend.ts';
import type { BlobCell } from './blobs.ts';
import type { DurationDetail, Factory, FlowDetail, FlowWithoutOutline, LogbookDetail } from './records.ts';

/** How the database is opened. */
export interface DatabaseSettings {
  /** As the user gave it, for messages. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly durability: 'full' | 'normal';
  /** ms */
  readonly busyTimeout: number;
}

/** What the thread is started with. */
export interface DatabaseStart {
  readonly settings: DatabaseSettings;
  /** See way-out.ts. */
  readonly wayOut: SharedArrayBuffer;
}

/** Changes of a flow, flat. */
export interface PackedChanges extends Omit<FlowChanges, 'atoms' | 'values'> {
  /** Its `rest`, undefined: as it is. */
  readonly rest: BlobCell | undefined;
  readonly alike: readonly AlikeAtoms[];
  /** The others. */
  readonly atoms: AtomCells;
  /** symbol, value, symbol, value … */
  readonly values: readonly (string | BlobCell)[];
  /** The small ones among rest, alike, atoms and values, in this order. */
  readonly packed: Uint8Array;
}

/** A page of atoms; atom-rows.ts reads it. */
export interface PackedAtoms {
  /** JSON: a list of rows. */
  readonly text: string;
  /** The results and rests that there are, in the order of the rows. */
  readonly blobs: readonly BlobCell[];
  /** The small ones among them. */
  readonly packed: Uint8Array;
}

export interface AtomsAsked {
  readonly flowId: string;
  readonly query: AtomQuery;
  /** False: null stands for all results. */
  readonly withResults: boolean;
}

/** A flow that was claimed. Its outline, which may be large, does not come back where it is the one of the request. */
export type ClaimedFlow = FlowWithoutOutline & { readonly outline: string | null };

/** What may be asked, by kind, and what it is answered with. */
interface Calls {
  // These write: all that wait share one transaction.
  claim: [{ readonly request: ClaimRequest }, ClaimedFlow];
  commit: [{ readonly changes: PackedChanges }, FlowDetail['asked']];
  release: [{ readonly flowId: string; readonly epoch: number }, null];
  saveFactory: [{ readonly flowId: string; readonly factory: Factory }, null];
  askToSuspend: [{ readonly flowId: string }, boolean];
  removeFlow: [{ readonly flowId: string }, boolean];
  saveLogbook: [{ readonly name: string; readonly metadata: string }, LogbookDetail];
  removeLogbook: [{ readonly name: string }, boolean];
  /** At most `limit`; answers how many went. */
  prune: [{ readonly olderThan: number; readonly limit: number }, number];
  // These read.
  flow: [{ readonly flowId: string }, FlowDetail | null];
  flows: [{ readonly query: FlowQuery }, readonly FlowWithoutOutline[]];
  /** Of many pages all but the last come as parts. */
  atoms: [AtomsAsked, PackedAtoms | null];
  values: [{ readonly flowId: string }, ReadonlyMap<string, Uint8Array>];
  durations: [unknown, readonly DurationDetail[]];
  logbooks: [unknown, readonly LogbookDetail[]];
  logbook: [{ readonly name: string }, LogbookDetail | null];
  // These are alone.
  check: [unknown, readonly string[]];
  vacuum: [unknown, null];
  upgrade: [unknown, null];
  close: [unknown, null];
}

export type RequestKind = keyof Calls;
export type Request<K extends RequestKind = RequestKind> = {
  [Each in K]: { readonly kind: Each } & Calls[Each][0];
}[K];
export type Answer<K extends RequestKind = RequestKind> = Calls[K][1];

export interface ToDatabase {
  readonly number: number;
  readonly request: Request;
}

export type FromDatabase =
  | { readonly kind: 'part'; readonly number: number; readonly part: PackedAtoms }
  | { readonly kind: 'done'; readonly number: number; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly number: number; readonly failure: Failure };
