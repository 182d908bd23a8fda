/**
 * What is known of the items of one map, by position. An item has a whole record only while something happens to it or there
 * is much to say of it, as of one that failed; of one that is done and of one that is reverted a state and a result are
 * kept. So a million items cost little more than their results.
 */
import { nameOfItem } from '../compile/node.ts';
import type { Failure } from '../failure.ts';
import type { Value } from '../protocol/codec.ts';
import type { AtomState } from '../states.ts';
import { type AtomRecord, newRecord } from './atom-record.ts';

/** Where the items come from, while it is open. */
export interface OpenSource {
  /** How many there are, where that is known from the start; else null. */
  readonly size: number | null;
  /** What comes next, the same until it is taken; where it is not here yet, a promise of when to ask again. Throws as the source does. */
  peek(): IteratorResult<unknown, unknown> | Promise<void>;
  take(): void;
  close(): void;
}

/** How far the folding of results is. */
export interface Fold {
  accumulated: unknown;
  /** The position whose result is next, where they are folded in order. */
  next: number;
  /** Results that came before their turn. */
  readonly early: Map<number, Value>;
}

/** What is kept of an item that ended, beside its state. */
export interface Kept {
  readonly result: boolean;
  readonly input: boolean;
  /** Its retry has something to undo. */
  readonly retry: boolean;
}

export class ItemRecords {
  readonly #map: string;
  readonly #version: string;
  readonly #records = new Map<number, AtomRecord>();
  /** Of each item's retry, while the item has a record. */
  readonly #retries = new Map<number, AtomRecord>();
  /** Of items without a record; undefined: it has not run. */
  readonly #states: (AtomState | undefined)[] = [];
  readonly #attempts: number[] = [];
  #results: Value[] = [];
  #inputs: Value[] = [];
  /** What was kept of items for their reverts, and perhaps their results too, was let go. */
  #isDropped: 'no' | 'inputs' | 'all' = 'no';
  /** How many items were taken in. */
  #length = 0;
  /** How many of them the source that is open has given. */
  #skipped = 0;
  /** Kept open while the map is stopped: not every source can be gone through twice. */
  source: OpenSource | null = null;
  /** All items were taken. */
  exhausted = false;
  fold: Fold | null = null;

  constructor(map: string, version: string) {
    this.#map = map;
    this.#version = version;
  }

  get length(): number {
    return this.#length;
  }

  /** The results of the items, in their order. */
  get results(): readonly Value[] {
    return this.#results;
  }

  /** Takes in one more item; returns its position, or null where that was taken in by an earlier process. */
  take(input: Value): number | null {
    const index = this.#skipped++;
    if (this.#records.has(index) || this.#states[index] !== undefined) return null;
    this.#length = Math.max(this.#length, index + 1);
    this.#inputs[index] = input;
    return index;
  }

  /** Takes in what a backend has kept of an item, or of an item's retry, by its name. */
  restore(record: AtomRecord, input: { readonly value: Value } | null): void {
    const place = /\[(\d+)\](_retry)?$/.exec(record.name);
    const index = Number(place?.[1]);
    if (place?.[2] !== undefined) {
      this.#retries.set(index, record);
      return;
    }
    this.#length = Math.max(this.#length, index + 1);
    this.#records.set(index, record);
    if (record.dropped) this.#isDropped = 'all';
    if (input !== null) this.#inputs[index] = input.value;
    this.settle(index, { result: true, input: input !== null, retry: false });
  }

  /** What the map took the item from; null when that was let go. */
  inputOf(index: number): { readonly value: Value } | null {
    return index in this.#inputs ? { value: this.#inputs[index] } : null;
  }

  /** Positions of the items that are not settled: taken and not done, failed, or with more to say of them. */
  open(): readonly number[] {
    return [...this.#records.keys()].sort((a, b) => a - b);
  }

  input(index: number): Value {
    return this.#inputs[index];
  }

  stateOf(index: number): AtomState {
    return this.#records.get(index)?.state ?? this.#states[index] ?? 'PENDING';
  }

  /** The record of an item, to be read; null when there is no such item. */
  read(index: number): AtomRecord | null {
    if (!Number.isInteger(index) || index < 0 || index >= this.#length) return null;
    return this.#records.get(index) ?? this.#made(index);
  }

  /** The record of an item, to be changed; it is kept as long as `settle` is not called. Of an item that is forgotten nothing is. */
  write(index: number): AtomRecord {
    let record = this.#records.get(index);
    if (record === undefined) {
      record = this.#made(index);
      if (index < this.#length) this.#records.set(index, record);
    }
    return record;
  }

  /** The record of an item's retry. */
  retry(index: number, name: string): AtomRecord {
    const record = this.#retries.get(index) ?? newRecord(name, 'retry');
    this.#retries.set(index, record);
    return record;
  }

  /** The record of an item's retry, to be read; null when it has none now. */
  readRetry(index: number): AtomRecord | null {
    return this.#retries.get(index) ?? null;
  }

  /** Keeps of an item that is done or reverted only what may be asked for. */
  settle(index: number, { result, input, retry: keepRetry }: Kept): void {
    const record = this.#records.get(index);
    if (record === undefined) return;
    if (record.state !== 'SUCCESS' && record.state !== 'REVERTED') return;
    if (result) this.#results[index] = record.result;
    if (!input) delete this.#inputs[index];
    const attempts = this.#retries.get(index)?.history.length ?? 0;
    if (isMoreToSay(record) || keepRetry || attempts > 1) return;
    this.#retries.delete(index);
    this.#states[index] = record.state;
    this.#attempts[index] = record.attempt;
    this.#records.delete(index);
  }

  /** By name, what failed: of items whose execute or whose revert did, and of their retries. */
  failures(of: (record: AtomRecord) => Failure | null): ReadonlyMap<string, Failure> {
    const found = new Map<string, Failure>();
    for (const index of this.open()) {
      for (const record of [this.#records.get(index), this.#retries.get(index)]) {
        const failure = record === undefined ? null : of(record);
        if (record !== undefined && failure !== null) found.set(record.name, failure);
      }
    }
    return found;
  }

  /** The items can't be reverted any more: what their reverts would be given is not here. */
  get isDropped(): boolean {
    return this.#isDropped !== 'no';
  }

  /** Lets go what only reverts would be given beside the results. */
  dropInputs(): void {
    this.#inputs = [];
    if (this.#isDropped === 'no') this.#isDropped = 'inputs';
  }

  /** Lets the results go too. Who has the list of them still has it. */
  dropAll(): void {
    this.#inputs = [];
    this.#results = [];
    this.#isDropped = 'all';
    this.fold = null;
    for (const record of this.#records.values()) {
      record.result = undefined;
      record.dropped = true;
    }
  }

  /** Ends what gives the items; another source begins at the first one. */
  close(): void {
    this.source?.close();
    this.source = null;
    this.#skipped = 0;
  }

  #made(index: number): AtomRecord {
    const record = newRecord(nameOfItem(this.#map, index), 'item', this.#version);
    const state = this.#states[index];
    if (state === undefined) return record;
    const result = this.#results[index];
    const attempt = this.#attempts[index] ?? 1;
    const intention = state === 'REVERTED' ? 'REVERT' : 'EXECUTE';
    const dropped = this.#isDropped === 'all';
    return Object.assign(record, { state, intention, attempt, result, dropped, began: true, progress: 1 });
  }
}

function isMoreToSay({ failure, revertResult, metadata }: AtomRecord): boolean {
  return failure !== null || revertResult !== undefined || metadata !== null;
}
