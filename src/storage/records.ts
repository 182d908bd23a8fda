/** The records of all atoms of one run, by node and by name, those of a map's items among them. */
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type MapNode, nodesOfItem, readItemName } from '../compile/node.ts';
import type { Failure } from '../failure.ts';
import { versionOf } from './adopt.ts';
import { type AtomRecord, newRecord } from './atom-record.ts';
import { ItemRecords } from './item-records.ts';
import type { Journal } from './journal.ts';
import type { KeptFlow } from './kept-flow.ts';

const NONE: readonly [string, Failure][] = [];

export class Records {
  readonly #compilation: Compilation;
  readonly #kept: KeptFlow;
  /** By the index of the node; nothing where a flow begins or ends. Null: not taken yet. */
  #atoms: readonly (AtomRecord | undefined)[] | null = null;
  /** Of what is kept, when the atoms were taken from there. */
  #beginnings = -1;
  /** Nothing has happened to any atom: all are as they begin. */
  isNew = true;

  constructor(compilation: Compilation, kept: KeptFlow) {
    this.#compilation = compilation;
    this.#kept = kept;
    // Of a flow that is kept somewhere what is kept is known later, and no beginning is made twice.
    if (kept.journal === null) this.take();
  }

  /** Takes what is kept of the atoms, by their names, and a beginning of those of which nothing is; once each time that it begins anew. */
  take(): readonly (AtomRecord | undefined)[] {
    const { atoms, beginnings } = this.#kept;
    if (this.#atoms !== null && beginnings === this.#beginnings) return this.#atoms;
    this.#beginnings = beginnings;
    this.isNew = atoms.size === 0;
    this.#atoms = this.#compilation.nodes.map((node) => {
      if (!isAtom(node)) return undefined;
      const kept = atoms.get(node.name);
      return kept?.kind === node.kind ? kept : newRecord(node.name, node.kind, versionOf(node));
    });
    return this.#atoms;
  }

  /** Writes down what is known of an atom now, or of an item of a map or its retry. */
  note(node: AtomNode, journal: Journal): void {
    if (node.item === null) {
      journal.noteAtom(this.at(node));
      return;
    }
    const { map, index } = node.item;
    const items = this.itemsOf(map);
    const record = node.kind === 'retry' ? items.readRetry(index) : items.read(index);
    if (record === null) return;
    const input = node.kind === 'retry' ? null : items.inputOf(index);
    journal.noteItem(record, { map: map.name, input });
  }

  /** The record of an atom, or of an item in hand and its retry, to be changed. */
  at(node: AtomNode): AtomRecord {
    if (node.item === null) return (this.#atoms ?? this.take())[node.index] as AtomRecord;
    const items = this.itemsOf(node.item.map);
    const { index } = node.item;
    return node.kind === 'retry' ? items.retry(index, node.name) : items.write(index);
  }

  /** By name; null when there is no such atom or item. What is found of an item is changed only where that was asked for. */
  find(name: string, to: 'read' | 'change' = 'read'): AtomRecord | null {
    const node = this.#compilation.atoms.get(name);
    if (node !== undefined) return this.at(node);
    const found = this.#itemNamed(name);
    if (found === null) return null;
    const { items, index, isRetry } = found;
    if (isRetry) return items.readRetry(index);
    const record = items.read(index);
    return record !== null && to === 'change' ? items.write(index) : record;
  }

  /** The node of an atom, of an item or of its retry; null when there is none of this name. */
  nodeNamed(name: string): AtomNode | null {
    const node = this.#compilation.atoms.get(name);
    if (node !== undefined || this.find(name) === null) return node ?? null;
    const found = this.#itemNamed(name);
    if (found === null) return null;
    const { task, retry } = nodesOfItem(found.map, found.index);
    return found.isRetry ? retry : task;
  }

  #itemNamed(name: string): { map: MapNode; items: ItemRecords; index: number; isRetry: boolean } | null {
    const read = readItemName(name);
    const map = read === null ? undefined : this.#compilation.atoms.get(read.map);
    const items = map?.kind === 'map' ? this.#kept.items.get(map.name) : undefined;
    return read === null || map?.kind !== 'map' || items === undefined ? null : { ...read, map, items };
  }

  /** What is known of a map's items. */
  itemsOf(map: MapNode): ItemRecords {
    let items = this.#kept.items.get(map.name);
    if (items === undefined) {
      items = new ItemRecords(map.name, versionOf(map));
      this.#kept.items.set(map.name, items);
    }
    return items;
  }

  /** Forgets the items of a map, and ends what gives them. */
  dropItems(map: MapNode): void {
    const items = this.#kept.items.get(map.name);
    if (items === undefined) return;
    items.close();
    this.#kept.items.delete(map.name);
    this.#kept.journal?.forgetItems(map.name);
  }

  /** Lets the result of an atom that is SUCCESS go, and with a map's what is kept of its items. */
  drop(node: AtomNode): void {
    const record = this.at(node);
    if (record.state !== 'SUCCESS' || record.dropped) return;
    record.result = undefined;
    record.dropped = true;
    const { journal } = this.#kept;
    if (journal !== null) this.note(node, journal);
    if (node.kind !== 'map') return;
    this.itemsOf(node).dropAll();
    journal?.dropItems(node.name);
  }

  /** Ends what gives the items of maps. */
  close(): void {
    for (const items of this.#kept.items.values()) items.close();
  }

  /** What failed, by atom; of a map in which items failed those, and not the map. */
  failures(of: (record: AtomRecord) => Failure | null): Map<string, Failure> {
    const found = new Map<string, Failure>();
    this.take();
    if (this.isNew) return found;
    for (const node of this.#compilation.atoms.values()) {
      const items = node.kind === 'map' ? this.#kept.items.get(node.name)?.failures(of) : undefined;
      for (const [item, failure] of items ?? NONE) found.set(item, failure);
      const own = items === undefined || items.size === 0 ? of(this.at(node)) : null;
      if (own !== null) found.set(node.name, own);
    }
    return found;
  }
}
