/**
 * What is kept of a flow under its id, for as long as the process lives: its state, its atoms by name, and the values that it
 * was given. An engine that is made for the same id later goes on from here, also with a changed flow.
 */
import { TaskloomError } from '../errors.ts';
import type { FlowState } from '../states.ts';
import type { AtomRecord } from './atom-record.ts';
import type { ItemRecords } from './item-records.ts';
import { StoreValues } from './store-values.ts';

export interface KeptFlow {
  /** False: of one engine alone, for as long as that lives; then its atoms are not looked up by name. */
  readonly isShared: boolean;
  state: FlowState;
  /** By name; of atoms that the flow has no more, too. */
  readonly atoms: Map<string, AtomRecord>;
  /** Of maps, by the map's name. */
  readonly items: Map<string, ItemRecords>;
  readonly store: StoreValues;
  readonly metadata: Record<string, unknown>;
  /** Who runs it; null when nobody does. */
  owner: object | null;
}

export function newKeptFlow(isShared = false): KeptFlow {
  return {
    isShared,
    state: 'PENDING',
    atoms: new Map(),
    items: new Map(),
    store: new StoreValues(),
    metadata: Object.create(null),
    owner: null,
  };
}

/**
 * Lets one engine run a flow, until its owner is null again.
 *
 * @throws TaskloomError FLOW_OWNED when another one does
 */
export function claimFlow(kept: KeptFlow, owner: object, flowId: string): void {
  if (kept.owner !== null && kept.owner !== owner) {
    throw new TaskloomError(
      'FLOW_OWNED',
      `The flow with the id '${flowId}' is being run by another engine. Wait for its end, or use another flowId.`,
      { details: { flowId } },
    );
  }
  kept.owner = owner;
}

/** Where flows are kept. Made by `memory()`. */
export interface Backend {
  /** What is kept under this id; where nothing is, a beginning. */
  open(flowId: string): KeptFlow;
  /** The ids under which something is kept, the first one first. */
  flowIds(): readonly string[];
  /** Forgets what is kept under an id. Returns false when nothing was. */
  remove(flowId: string): boolean;
}

/**
 * Makes a backend that keeps flows in memory: an engine goes on where another one with the same `flowId` and this backend
 * stopped, as long as the process lives.
 */
export function memory(): Backend {
  const flows = new Map<string, KeptFlow>();
  return Object.freeze({
    open(flowId: string): KeptFlow {
      const kept = flows.get(flowId) ?? newKeptFlow(true);
      flows.set(flowId, kept);
      return kept;
    },
    flowIds: () => [...flows.keys()],
    remove: (flowId: string) => flows.delete(flowId),
  });
}
