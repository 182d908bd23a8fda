/**
 * What changed in a run since it was last written: collects it, each thing once however often it changes, until somebody takes
 * it to the backend. Of an atom its record is remembered and read when taken; of an item of a map, whose record may be gone by
 * then, its detail.
 */
import type { FlowChanges } from '../persistence/backend.ts';
import type { AtomDetail } from '../persistence/records.ts';
import type { Value } from '../protocol/codec.ts';
import { bytesOf } from '../protocol/stored.ts';
import type { AtomRecord } from './atom-record.ts';
import { detailOf, type Place } from './details.ts';

/** What is to be written, as far as the run knows. */
export type Changes = Pick<FlowChanges, 'flow' | 'mapsForgotten' | 'mapsDropped' | 'atoms' | 'values'>;

export class Journal {
  readonly #onUrgent: () => void;
  #flow: Changes['flow'] = {};
  #records = new Set<AtomRecord>();
  #items = new Map<string, AtomDetail>();
  #mapsForgotten = new Set<string>();
  #mapsDropped = new Set<string>();
  #values = new Map<string, Uint8Array>();

  /** @param onUrgent - Called at each change that is to be written soon. */
  constructor(onUrgent: () => void) {
    this.#onUrgent = onUrgent;
  }

  noteFlow(fields: Changes['flow']): void {
    this.#flow = { ...this.#flow, ...fields };
    this.#onUrgent();
  }

  /** @param isUrgent - False: it is enough when it is written with what comes next. */
  noteAtom(record: AtomRecord, isUrgent = true): void {
    this.#records.add(record);
    if (isUrgent) this.#onUrgent();
  }

  noteItem(record: AtomRecord, place: Place): void {
    this.#items.set(record.name, detailOf(record, place, Date.now()));
    this.#onUrgent();
  }

  noteValue(symbol: string, value: Value): void {
    this.#values.set(symbol, bytesOf(value));
    this.#onUrgent();
  }

  forgetItems(map: string): void {
    for (const [name, detail] of this.#items) if (detail.map === map) this.#items.delete(name);
    this.#mapsDropped.delete(map);
    this.#mapsForgotten.add(map);
    this.#onUrgent();
  }

  dropItems(map: string): void {
    for (const [name, detail] of this.#items) {
      if (detail.map === map) this.#items.set(name, { ...detail, result: null, dropped: true });
    }
    this.#mapsDropped.add(map);
    this.#onUrgent();
  }

  get isEmpty(): boolean {
    const size = this.#records.size + this.#items.size + this.#values.size;
    return size + this.#mapsForgotten.size + this.#mapsDropped.size + Object.keys(this.#flow).length === 0;
  }

  /** Hands over all that is to be written; null when there is nothing. */
  take(): Changes | null {
    if (this.isEmpty) return null;
    const [flow, records, items, values] = [this.#flow, this.#records, this.#items, this.#values];
    const [mapsForgotten, mapsDropped] = [[...this.#mapsForgotten], [...this.#mapsDropped]];
    const now = Date.now();
    const atoms = Array.from(records, (record) => detailOf(record, null, now));
    for (const item of items.values()) atoms.push(item);
    this.clear();
    return { flow, mapsForgotten, mapsDropped, atoms, values };
  }

  /** Forgets what was to be written. */
  clear(): void {
    this.#flow = {};
    if (this.#records.size > 0) this.#records = new Set();
    if (this.#items.size > 0) this.#items = new Map();
    if (this.#values.size > 0) this.#values = new Map();
    this.#mapsForgotten.clear();
    this.#mapsDropped.clear();
  }
}

/** No change. */
export const NOTHING: Changes = {
  flow: {},
  mapsForgotten: [],
  mapsDropped: [],
  atoms: [],
  values: new Map(),
};

/** Two transactions in one: what the later one says of an atom stands for both. */
export function mergedChanges(earlier: Changes, later: Changes): Changes {
  const gone = new Set(later.mapsForgotten);
  const dropped = new Set(later.mapsDropped);
  const atoms = new Map(
    earlier.atoms
      .filter(({ map }) => map === null || !gone.has(map))
      .map((atom) => {
        const isDropped = atom.map !== null && dropped.has(atom.map);
        return [atom.name, isDropped ? { ...atom, result: null, dropped: true } : atom];
      }),
  );
  for (const atom of later.atoms) atoms.set(atom.name, atom);
  return {
    flow: { ...earlier.flow, ...later.flow },
    mapsForgotten: [...earlier.mapsForgotten, ...later.mapsForgotten],
    mapsDropped: [...earlier.mapsDropped, ...later.mapsDropped],
    atoms: [...atoms.values()],
    values: new Map([...earlier.values, ...later.values]),
  };
}
