/** The backend that keeps all in this process's memory, and nothing beyond it: the default, and the plainest reading of the contract. */
import { TaskloomError } from '../errors.ts';
import type { AtomQuery, Backend, ClaimRequest, FlowChanges, FlowQuery } from './backend.ts';
import { begunFlow } from './fresh-flow.ts';
import { mergedText, metadataFrom, metadataText } from './metadata.ts';
import { flowNotFound, isHeld, leaseLost, refuseHeld } from './ownership.ts';
import {
  type AtomDetail,
  type AtomWithoutResult,
  type DurationDetail,
  type Factory,
  type FlowDetail,
  type FlowWithoutOutline,
  type LogbookDetail,
  withoutOutline,
  withoutResult,
} from './records.ts';

interface KeptFlow {
  detail: FlowDetail;
  readonly atoms: Map<string, AtomDetail>;
  readonly values: Map<string, Uint8Array>;
  /** The atoms' names in order; null: to be found anew, since there are more or fewer now. */
  order: readonly string[] | null;
}

/** Of a flow: nobody has it, and nobody is asked for anything. */
const GIVEN_BACK: Pick<FlowDetail, 'owner' | 'expiresAt' | 'asked'> = {
  owner: null,
  expiresAt: 0,
  asked: null,
};

/** Keeps details until the process ends. */
export function memory(): Backend {
  return new MemoryBackend();
}

class MemoryBackend implements Backend {
  readonly #logbooks = new Map<string, { readonly createdAt: number; metadata: string }>();
  /** In the order in which they began. */
  readonly #flows = new Map<string, KeptFlow>();
  readonly #durations = new Map<string, DurationDetail>();
  #isClosed = false;

  async claim(request: ClaimRequest): Promise<FlowDetail> {
    this.#refuseClosed();
    const { flowId, owner, lease } = request;
    const now = Date.now();
    const flow = this.#flows.get(flowId);
    if (flow === undefined) {
      const detail = flowCopy(begunFlow(request, now));
      this.#flows.set(flowId, { detail, atoms: new Map(), values: new Map(), order: null });
      this.#noteLogbook(detail.logbook, '{}', now);
      return flowCopy(detail);
    }
    refuseHeld(flow.detail, owner.id, now);
    const epoch = flow.detail.epoch + 1;
    flow.detail = { ...flow.detail, owner: { ...owner }, expiresAt: now + lease, epoch };
    return flowCopy(flow.detail);
  }

  async commit(changes: FlowChanges): Promise<FlowDetail['asked']> {
    this.#refuseClosed();
    const { flowId, epoch, lease } = changes;
    const flow = this.#need(flowId);
    if (flow.detail.epoch !== epoch || flow.detail.owner === null) throw leaseLost(flowId, epoch);
    const now = Date.now();
    const tenure = lease === null ? GIVEN_BACK : { expiresAt: now + lease };
    flow.detail = flowCopy({ ...flow.detail, ...changes.flow, ...tenure, updatedAt: now });
    for (const map of changes.mapsForgotten) forgetMap(flow, map);
    for (const map of changes.mapsDropped) dropMap(flow, map);
    for (const atom of changes.atoms) flow.atoms.set(atom.name, atomCopy(atom));
    if (changes.mapsForgotten.length > 0 || flow.order?.length !== flow.atoms.size) flow.order = null;
    for (const [symbol, value] of changes.values) flow.values.set(symbol, bytesCopy(value));
    for (const duration of changes.durations) this.#durations.set(duration.task, { ...duration });
    return flow.detail.asked;
  }

  async release(flowId: string, epoch: number): Promise<void> {
    this.#refuseClosed();
    const flow = this.#flows.get(flowId);
    if (flow?.detail.epoch === epoch) flow.detail = { ...flow.detail, owner: null, expiresAt: 0 };
  }

  async flow(flowId: string): Promise<FlowDetail | null> {
    this.#refuseClosed();
    const flow = this.#flows.get(flowId);
    return flow === undefined ? null : flowCopy(flow.detail);
  }

  async flows({ logbook, limit, after }: FlowQuery = {}): Promise<readonly FlowWithoutOutline[]> {
    this.#refuseClosed();
    const newestFirst = [...this.#flows.values()].reverse().map((flow) => flow.detail);
    const behind = after === undefined ? newestFirst : behindFlow(newestFirst, after);
    return behind
      .filter((detail) => logbook === undefined || detail.logbook === logbook)
      .slice(0, limit)
      .map((detail) => withoutOutline(flowCopy(detail)));
  }

  async atoms(flowId: string, query: AtomQuery = {}): Promise<readonly AtomDetail[]> {
    this.#refuseClosed();
    return this.#page(flowId, query).map(atomCopy);
  }

  async atomsWithoutResults(flowId: string, query: AtomQuery = {}): Promise<readonly AtomWithoutResult[]> {
    this.#refuseClosed();
    return this.#page(flowId, query).map((atom) => withoutResult(atomCopy({ ...atom, result: null })));
  }

  async values(flowId: string): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#refuseClosed();
    const values = this.#flows.get(flowId)?.values ?? [];
    return new Map([...values].map(([symbol, value]) => [symbol, bytesCopy(value)]));
  }

  async durations(): Promise<readonly DurationDetail[]> {
    this.#refuseClosed();
    return [...this.#durations.values()].map((duration) => ({ ...duration }));
  }

  async saveFactory(flowId: string, factory: Factory): Promise<void> {
    this.#refuseClosed();
    const flow = this.#need(flowId);
    flow.detail = { ...flow.detail, factory: { ...factory } };
  }

  async askToSuspend(flowId: string): Promise<boolean> {
    this.#refuseClosed();
    const flow = this.#need(flowId);
    if (!isHeld(flow.detail, Date.now())) return false;
    flow.detail = { ...flow.detail, asked: 'suspend' };
    return true;
  }

  async removeFlow(flowId: string): Promise<boolean> {
    this.#refuseClosed();
    const flow = this.#flows.get(flowId);
    if (flow !== undefined) refuseHeld(flow.detail, null, Date.now());
    return this.#flows.delete(flowId);
  }

  async logbooks(): Promise<readonly LogbookDetail[]> {
    this.#refuseClosed();
    return [...this.#logbooks.keys()].sort().map((name) => this.#logbookDetail(name) as LogbookDetail);
  }

  async logbook(name: string): Promise<LogbookDetail | null> {
    this.#refuseClosed();
    return this.#logbookDetail(name);
  }

  async saveLogbook({ name, metadata }: Pick<LogbookDetail, 'name' | 'metadata'>): Promise<LogbookDetail> {
    this.#refuseClosed();
    this.#noteLogbook(name, metadataText(name, metadata), Date.now());
    return this.#logbookDetail(name) as LogbookDetail;
  }

  async removeLogbook(name: string): Promise<boolean> {
    this.#refuseClosed();
    const flows = [...this.#flows.values()].filter(({ detail }) => detail.logbook === name);
    for (const { detail } of flows) refuseHeld(detail, null, Date.now());
    for (const { detail } of flows) this.#flows.delete(detail.flowId);
    return this.#logbooks.delete(name);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new TaskloomError('STORAGE_CLOSED', 'The backend is closed.');
  }

  #need(flowId: string): KeptFlow {
    const flow = this.#flows.get(flowId);
    if (flow === undefined) throw flowNotFound(flowId);
    return flow;
  }

  #page(flowId: string, { limit, after, skip = 0 }: AtomQuery): readonly AtomDetail[] {
    const flow = this.#flows.get(flowId);
    if (flow === undefined) return [];
    flow.order ??= [...flow.atoms.keys()].sort();
    const behind = after === undefined ? 0 : flow.order.findIndex((name) => name > after);
    if (behind < 0) return [];
    const first = behind + skip;
    const end = limit === undefined ? undefined : first + limit;
    return flow.order.slice(first, end).map((name) => flow.atoms.get(name) as AtomDetail);
  }

  #noteLogbook(name: string, metadata: string, now: number): void {
    const known = this.#logbooks.get(name);
    if (known === undefined) this.#logbooks.set(name, { createdAt: now, metadata });
    else known.metadata = mergedText(known.metadata, metadata);
  }

  #logbookDetail(name: string): LogbookDetail | null {
    const known = this.#logbooks.get(name);
    if (known === undefined) return null;
    return { name, createdAt: known.createdAt, metadata: metadataFrom(known.metadata) };
  }
}

function forgetMap({ atoms }: KeptFlow, map: string): void {
  for (const atom of atoms.values()) if (atom.map === map) atoms.delete(atom.name);
}

function dropMap({ atoms }: KeptFlow, map: string): void {
  for (const atom of atoms.values()) {
    if (atom.map === map && atom.kind === 'item')
      atoms.set(atom.name, { ...atom, result: null, dropped: true });
  }
}

function behindFlow(details: readonly FlowDetail[], after: string): readonly FlowDetail[] {
  const at = details.findIndex((detail) => detail.flowId === after);
  return at < 0 ? [] : details.slice(at + 1);
}

function flowCopy(detail: FlowDetail): FlowDetail {
  const { factory, owner, rest } = detail;
  return {
    ...detail,
    factory: factory === null ? null : { ...factory },
    owner: owner === null ? null : { ...owner },
    rest: rest === null ? null : bytesCopy(rest),
  };
}

function atomCopy(atom: AtomDetail): AtomDetail {
  const { result, rest } = atom;
  return {
    ...atom,
    result: result === null ? null : bytesCopy(result),
    rest: rest === null ? null : bytesCopy(rest),
  };
}

function bytesCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
