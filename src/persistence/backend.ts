/**
 * The contract of backends: where details are kept. Small on purpose; every implementation passes
 * `test/persistence/contract.ts`.
 *
 * 1. One call is one transaction: all of it is kept, or nothing. What `commit` has resolved is there for whoever reads next,
 *    whatever happens to this process then.
 * 2. A flow is written by its owner only: who claimed it last and whose epoch the flow still has. `commit` by another is
 *    LEASE_LOST, and changes nothing.
 * 3. Whatever is handed in or out is a copy: no caller can change what is kept.
 * 4. Calls are carried out in their order.
 */
import type {
  AtomDetail,
  AtomWithoutResult,
  DurationDetail,
  Factory,
  FlowDetail,
  FlowWithoutOutline,
  LogbookDetail,
  Owner,
} from './records.ts';

/** Asks for a flow, to run it. */
export interface ClaimRequest {
  readonly flowId: string;
  readonly owner: Owner;
  /** ms for which the flow is this owner's, and again after each commit. */
  readonly lease: number;
  /** The flow as it begins, when there is none under the id yet; null: there must be one. */
  readonly fresh: Pick<FlowDetail, 'name' | 'logbook' | 'atoms' | 'outline' | 'factory'> | null;
}

/** All that changed in one turn of an engine. */
export interface FlowChanges {
  readonly flowId: string;
  readonly epoch: number;
  /** ms for which the flow is its owner's from now on; null: these changes are his last, and others may claim it. */
  readonly lease: number | null;
  /** New values of these fields. */
  readonly flow: Partial<Pick<FlowDetail, 'state' | 'name' | 'atoms' | 'outline' | 'asked' | 'rest'>>;
  /** Maps of which all items, and their retries, are forgotten, before `atoms` are written. */
  readonly mapsForgotten: readonly string[];
  /** Maps of which the results of all items are let go, before `atoms` are written. */
  readonly mapsDropped: readonly string[];
  /** Whole, in the place of what is there under the same names. */
  readonly atoms: readonly AtomDetail[];
  /** Values of the store, by symbol; closed. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** In the place of what is known under the same names, for all flows. */
  readonly durations: readonly DurationDetail[];
}

export interface FlowQuery {
  readonly logbook?: string;
  /** At most so many, the newest first. Default: all. */
  readonly limit?: number;
  /** Those that come behind the flow with this id. */
  readonly after?: string;
}

export interface AtomQuery {
  /** At most so many, in the order of their names. Default: all. */
  readonly limit?: number;
  /** Those whose names come behind this one. */
  readonly after?: string;
  /** Of those, without the first so many: so a page can be asked for before the one in front of it is here. Default: 0. */
  readonly skip?: number;
}

export interface Backend extends AsyncDisposable {
  /**
   * Makes the owner the one who runs the flow; one that does not exist begins.
   *
   * @returns the flow as it is now, its owner's new epoch among it
   * @throws TaskloomError FLOW_OWNED, when another one has it whose lease has not run out and whose process may still live;
   * FLOW_NOT_FOUND
   */
  claim(request: ClaimRequest): Promise<FlowDetail>;

  /**
   * Writes what changed, and renews the lease, or gives the flow back.
   *
   * @returns what somebody asks the owner for; null when there is no owner any more
   * @throws TaskloomError LEASE_LOST; FLOW_NOT_FOUND when the flow was removed
   */
  commit(changes: FlowChanges): Promise<FlowDetail['asked']>;

  /** Lets others claim the flow. Nothing happens when it is not the owner's any more. */
  release(flowId: string, epoch: number): Promise<void>;

  /** Without its atoms; null when there is none. */
  flow(flowId: string): Promise<FlowDetail | null>;
  flows(query?: FlowQuery): Promise<readonly FlowWithoutOutline[]>;
  /** Also those that the flow has no more, and the items of maps. None, when there is no such flow. */
  atoms(flowId: string, query?: AtomQuery): Promise<readonly AtomDetail[]>;
  /** The same atoms in the same pages, for who only looks: results, which may be large, are not read. */
  atomsWithoutResults(flowId: string, query?: AtomQuery): Promise<readonly AtomWithoutResult[]>;
  /** The values of the store, by symbol. */
  values(flowId: string): Promise<ReadonlyMap<string, Uint8Array>>;
  durations(): Promise<readonly DurationDetail[]>;

  /** Keeps where a flow comes from. @throws TaskloomError FLOW_NOT_FOUND */
  saveFactory(flowId: string, factory: Factory): Promise<void>;
  /** Asks whoever runs the flow to suspend it. False when nobody does. @throws TaskloomError FLOW_NOT_FOUND */
  askToSuspend(flowId: string): Promise<boolean>;
  /** Forgets a flow and all its atoms. @returns false when there was none. @throws TaskloomError FLOW_OWNED */
  removeFlow(flowId: string): Promise<boolean>;

  logbooks(): Promise<readonly LogbookDetail[]>;
  logbook(name: string): Promise<LogbookDetail | null>;
  /** Adds to what is there under the name: its metadata wins over what is noted under the same keys. */
  saveLogbook(logbook: Pick<LogbookDetail, 'name' | 'metadata'>): Promise<LogbookDetail>;
  /** Forgets a logbook and all its flows. @returns false when there was none. @throws TaskloomError FLOW_OWNED */
  removeLogbook(name: string): Promise<boolean>;

  /** Ends what it holds; any number of times. What is called afterwards is STORAGE_CLOSED. */
  close(): Promise<void>;
}

/** The logbook of flows that name none. */
export const DEFAULT_LOGBOOK = 'default';
