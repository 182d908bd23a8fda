/**
 * The one door through which states change: checks the move against the tables, writes it, keeps the selector's
 * counters and tells the listeners.
 */
import type { Compilation } from '../compile/compilation.ts';
import type { AtomNode, MapNode, RetryNode } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { open, type Value } from '../protocol/codec.ts';
import { errorFrom } from '../revival.ts';
import {
  type AtomState,
  FLOW_MOVES,
  type FlowState,
  type Intention,
  MAP_MOVES,
  RETRY_MOVES,
  TASK_MOVES,
} from '../states.ts';
import { versionOf } from '../storage/adopt.ts';
import { type AtomRecord, clearRecord } from '../storage/atom-record.ts';
import type { Storage } from '../storage/storage.ts';
import type { AtomEvent, Teller } from './events.ts';
import { type Keep, type Keeping, keepingOf } from './keeping.ts';
import type { Selector } from './selector.ts';

/** What is written together with a new state. */
export type Found = Partial<
  Pick<
    AtomRecord,
    | 'result'
    | 'absent'
    | 'dropped'
    | 'failure'
    | 'began'
    | 'revertResult'
    | 'revertFailure'
    | 'attempt'
    | 'retryAt'
  >
>;

export class Moves {
  readonly #storage: Storage;
  readonly #selector: Selector;
  readonly #notifier: Teller;
  /** How often an execute failed. */
  failures = 0;
  /** Drops results that nobody needs; null where all are kept. */
  #keeping: Keeping | null = null;
  /** What failed, until that changes. */
  #known: ReadonlyMap<string, Failure> | null = null;

  constructor(storage: Storage, selector: Selector, notifier: Teller) {
    this.#storage = storage;
    this.#selector = selector;
    this.#notifier = notifier;
  }

  /** A run begins that keeps results so. False: all of its flow is done, and was not to be reverted any more. */
  keepResults(compilation: Compilation, keep: Keep | undefined): boolean {
    this.#keeping = keepingOf(compilation, this.#storage, this.#selector, keep);
    return this.#keeping?.isOver !== true;
  }

  moveFlow(to: FlowState): void {
    const { flowState: from, flowName: name, flowId } = this.#storage;
    if (from === to) return;
    if (!FLOW_MOVES[from].includes(to)) throw illegal('flow', name, from, to);
    this.#storage.setFlowState(to);
    if (to === 'SUCCESS') this.#keeping?.finish();
    this.#notifier.tell('flow', { name, flowId, state: to, oldState: from, at: Date.now() });
  }

  /** Back to PENDING, from whatever state a flow that isn't running has. */
  resetFlow(): void {
    const { flowState: from, flowName: name, flowId } = this.#storage;
    if (from === 'PENDING') return;
    this.#storage.setFlowState('PENDING');
    this.#notifier.tell('flow', { name, flowId, state: 'PENDING', oldState: from, at: Date.now() });
  }

  /** @param elapsed - ms in the atom's own code, where that led to the state */
  moveAtom(node: AtomNode, to: AtomState, found: Found | null = null, elapsed: number | null = null): void {
    const record = this.#storage.recordAt(node);
    const { state, intention } = record;
    if (!isLegal(node, state, to)) throw illegal(node.kind, node.name, state, to);
    if (found !== null) {
      if (found.failure !== undefined && found.failure !== record.failure) this.#known = null;
      Object.assign(record, found);
    }
    record.state = to;
    if (elapsed !== null) record.elapsed = elapsed;
    // Of a map those of its items count, or its own.
    if (to === 'FAILURE' && node.kind !== 'map') this.failures++;
    if (to === 'RUNNING' || to === 'REVERTING') {
      record.progress = 0;
      if (record.progressDetails !== undefined) record.progressDetails = undefined;
    } else if (to === 'SUCCESS' || to === 'REVERTED') record.progress = 1;
    this.#storage.note(node);
    if (node.item === null) this.#selector.changed(node, state, intention);
    this.#tell(node, record, state, elapsed);
    // After the listeners, so that they can still read what nobody else does.
    if (node.item === null) this.#keeping?.changed(node);
  }

  /** Puts an atom that a worker took and did not begin back to where it stood before. */
  takeBack(node: AtomNode, { state, ...before }: Pick<AtomRecord, 'state' | 'began' | 'attempt'>): void {
    const record = this.#storage.recordAt(node);
    if (record.state !== state) this.moveAtom(node, state, before);
    else {
      Object.assign(record, before);
      this.#storage.note(node);
    }
  }

  setIntention(node: AtomNode, intention: Intention): void {
    const record = this.#storage.recordAt(node);
    const { state, intention: before } = record;
    if (before === intention) return;
    record.intention = intention;
    this.#storage.note(node);
    if (node.item === null) this.#selector.changed(node, state, before);
  }

  /** A retry begins an attempt with the value that it gave. */
  noteAttempt(retry: RetryNode, provided: Value): void {
    const record = this.#storage.recordAt(retry);
    record.history = [...record.history, { provided, failures: new Map() }];
    this.#storage.note(retry);
  }

  /** An atom failed in the current attempt; the first failure of each counts. */
  noteFailure(retry: RetryNode, atom: string, failure: Failure): void {
    const record = this.#storage.recordAt(retry);
    const attempt = record.history.at(-1);
    if (attempt === undefined || attempt.failures.has(atom)) return;
    const failures = new Map([...attempt.failures, [atom, failure]]);
    record.history = [...record.history.slice(0, -1), { ...attempt, failures }];
    this.#storage.note(retry);
  }

  /**
   * A retry could not say what a failure means, or a map will fail when what runs of it has ended: that is its own failure,
   * though its state stays.
   */
  noteOwnFailure(node: RetryNode | MapNode, failure: Failure): void {
    this.#storage.recordAt(node).failure = failure;
    this.#storage.note(node);
    this.#known = null;
  }

  /** The failures of the atoms whose execute failed: what reverts are told. */
  get executeFailures(): ReadonlyMap<string, Failure> {
    this.#known ??= this.#storage.executeFailures();
    return this.#known;
  }

  forgetAttempts(retry: RetryNode): void {
    this.#storage.recordAt(retry).history = [];
    this.#storage.note(retry);
  }

  /** Back to PENDING from whatever state, what it gave forgotten. The selector is to be rebuilt afterwards. */
  resetAtom(node: AtomNode): void {
    const record = this.#storage.recordAt(node);
    const oldState = record.state;
    if (record.failure !== null) this.#known = null;
    clearRecord(record, versionOf(node));
    this.#storage.note(node);
    if (node.kind === 'map') this.#storage.dropItems(node);
    if (oldState !== 'PENDING') this.#tell(node, record, oldState, null);
    if (node.item === null) this.#keeping?.changed(node);
  }

  #tell({ item }: AtomNode, record: AtomRecord, oldState: AtomState, elapsed: number | null): void {
    const { name } = record;
    if (!this.#notifier.has('atom', name)) return;
    const event = atomEvent(record, item?.index ?? null, oldState, elapsed, this.#storage.flowId);
    this.#notifier.tell('atom', event, name);
  }
}

const MOVES = { task: TASK_MOVES, retry: RETRY_MOVES, map: MAP_MOVES };

function isLegal({ kind }: AtomNode, from: AtomState, to: AtomState): boolean {
  const moves: Partial<Record<AtomState, readonly AtomState[]>> = MOVES[kind];
  return moves[from]?.includes(to) ?? false;
}

function illegal(what: string, name: string, from: string, to: string): TaskloomError {
  return new TaskloomError('ENGINE_STATE_INVALID', `The ${what} '${name}' cannot go from ${from} to ${to}.`, {
    details: { name, from, to },
  });
}

/** An event that opens values only when a listener reads them, with the values of this moment. */
function atomEvent(
  { name, kind, state, result, failure, revertResult, revertFailure }: AtomRecord,
  index: number | null,
  oldState: AtomState,
  elapsed: number | null,
  flowId: string,
): AtomEvent {
  const value = state === 'SUCCESS' ? result : state === 'REVERTED' ? revertResult : undefined;
  const error = state === 'FAILURE' ? failure : state === 'REVERT_FAILURE' ? revertFailure : null;
  return {
    name,
    kind,
    index,
    flowId,
    state,
    oldState,
    at: Date.now(),
    elapsed,
    get result() {
      return open(value);
    },
    get failure() {
      return error === null ? null : errorFrom(error);
    },
  };
}
