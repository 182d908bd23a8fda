/**
 * What one engine knows of its flow: the flow's state, its atoms by name, and the values that it was given. An engine with a
 * backend begins with what is kept there, and writes down in a journal what changes.
 */
import type { AtomDetail, FlowDetail } from '../persistence/records.ts';
import type { Failure } from '../failure.ts';
import type { FlowState } from '../states.ts';
import { fromBytes } from '../protocol/stored.ts';
import type { AtomRecord } from './atom-record.ts';
import { openRestOfFlow, recordOf, restOfFlow } from './details.ts';
import { ItemRecords } from './item-records.ts';
import type { Journal } from './journal.ts';
import { StoreValues } from './store-values.ts';

export class KeptFlow {
  /** Null: nothing is written. */
  readonly journal: Journal | null;
  /** How often it began anew: then all that was known of atoms before is over. */
  beginnings = 0;
  #state: FlowState = 'PENDING';
  /** What was kept when the flow was taken up, by name; of atoms that the flow has no more, too. */
  readonly atoms: Map<string, AtomRecord> = new Map();
  /** Of maps, by the map's name. */
  readonly items: Map<string, ItemRecords> = new Map();
  readonly store: StoreValues;
  #metadata: Record<string, unknown> = Object.create(null);
  #aborted: Failure | null = null;

  constructor(journal: Journal | null) {
    this.journal = journal;
    this.store = new StoreValues(journal);
  }

  get state(): FlowState {
    return this.#state;
  }

  set state(state: FlowState) {
    this.#state = state;
    this.journal?.noteFlow({ state });
  }

  get metadata(): Readonly<Record<string, unknown>> {
    return this.#metadata;
  }

  annotate(notes: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#metadata, notes);
    this.#noteRest();
  }

  /** The values of these symbols are not kept; that they were given is. */
  addSecrets(symbols: readonly string[]): void {
    const { secrets } = this.store;
    if (symbols.every((symbol) => secrets.has(symbol))) return;
    for (const symbol of symbols) secrets.add(symbol);
    this.#noteRest();
  }

  /** Why the run was aborted by its signal; null when it was not. */
  get aborted(): Failure | null {
    return this.#aborted;
  }

  set aborted(reason: Failure | null) {
    if (this.#aborted === reason) return;
    this.#aborted = reason;
    this.#noteRest();
  }

  /** Begins anew with what is kept of the flow. What is live in the store stays, since nobody keeps that. */
  begin({ state, rest }: Pick<FlowDetail, 'state' | 'rest'>): void {
    const { metadata, aborted, secrets } = openRestOfFlow({ rest });
    this.beginnings++;
    this.#state = state;
    this.#metadata = Object.assign(Object.create(null), metadata);
    this.#aborted = aborted;
    this.atoms.clear();
    for (const items of this.items.values()) items.close();
    this.items.clear();
    this.store.clearKept();
    for (const symbol of secrets) this.store.secrets.add(symbol);
    this.journal?.clear();
  }

  /** Takes in details of atoms, in any order. Throws what `open` throws. */
  takeIn(details: readonly AtomDetail[]): void {
    for (const detail of details) {
      const { record, place, isOfItems } = recordOf(detail);
      if (isOfItems) record.result = { list: this.#itemsOf(record.name, record.version).results };
      if (place === null) this.atoms.set(record.name, record);
      else this.#itemsOf(place.map, detail.version).restore(record, place.input);
    }
  }

  takeInValues(values: ReadonlyMap<string, Uint8Array>): void {
    for (const [symbol, bytes] of values) this.store.restore(symbol, fromBytes(bytes));
  }

  #itemsOf(map: string, version: string): ItemRecords {
    let items = this.items.get(map);
    if (items === undefined) {
      items = new ItemRecords(map, version);
      this.items.set(map, items);
    }
    return items;
  }

  #noteRest(): void {
    this.journal?.noteFlow({ rest: restOfFlow(this.#metadata, this.#aborted, [...this.store.secrets]) });
  }
}
