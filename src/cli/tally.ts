/** Counts what a run did, from its events alone, and what an earlier run has left. */
import type { Engine } from '../engine/engine.ts';
import type { AtomEvent } from '../engine/events.ts';
import type { AtomState } from '../states.ts';

/** States of atoms by name, and of the items of all maps. */
export interface Found {
  readonly atoms: Iterable<readonly [name: string, state: AtomState]>;
  readonly items: Iterable<AtomState>;
}

const NOTHING: Found = { atoms: [], items: [] };

/** Of an engine that is prepared. */
export function tallyOf({ compilation, storage }: Engine): Tally {
  const atoms = [...storage.atomStates()].map(([name, { state }]) => [name, state] as const);
  return new Tally(compilation.atoms.size, { atoms, items: itemStates(compilation, storage) });
}

function* itemStates({ atoms }: Engine['compilation'], storage: Engine['storage']): Generator<AtomState> {
  for (const [name, { kind }] of atoms) if (kind === 'map') yield* storage.itemStates(name);
}

export class Tally {
  /** All atoms of the flow. */
  readonly total: number;
  /** Atoms that an earlier run has done. */
  readonly before: number;
  readonly #states = new Map<string, AtomState>();
  readonly #counts = new Map<AtomState, number>();
  readonly #items = new Map<AtomState, number>();
  readonly #failed = new Set<string>();
  #inTasks = 0;

  /** @param found - What an earlier run has left */
  constructor(total: number, found: Found = NOTHING) {
    this.total = total;
    for (const [name, state] of found.atoms) if (state !== 'PENDING') this.#takeAtom(name, state);
    for (const state of found.items) if (state !== 'PENDING') this.#items.set(state, this.items(state) + 1);
    this.before = this.count('SUCCESS') + this.count('IGNORE');
  }

  take(event: AtomEvent): void {
    const { name, kind, index, state, elapsed } = event;
    // A map's time is that of its items, once more, and a retry's that of the main thread.
    if (kind === 'task' || kind === 'item') this.#inTasks += elapsed ?? 0;
    if (state === 'FAILURE' && !(kind === 'map' && this.#hasFailedItem(name))) this.#failed.add(name);
    if (index === null) this.#takeAtom(name, state);
    else if (kind === 'item') this.#takeItem(event);
  }

  #hasFailedItem(map: string): boolean {
    for (const name of this.#failed) if (name.startsWith(`${map}[`)) return true;
    return false;
  }

  #takeAtom(name: string, state: AtomState): void {
    const before = this.#states.get(name);
    if (before !== undefined) this.#counts.set(before, this.count(before) - 1);
    this.#states.set(name, state);
    this.#counts.set(state, this.count(state) + 1);
  }

  /** Of items, which can be a million, no more is kept than how many are where. */
  #takeItem({ state, oldState }: AtomEvent): void {
    if (oldState !== 'PENDING') this.#items.set(oldState, this.items(oldState) - 1);
    this.#items.set(state, this.items(state) + 1);
  }

  /** How many items of maps are in this state now. */
  items(state: AtomState): number {
    return this.#items.get(state) ?? 0;
  }

  /** ms in tasks' own code, all threads together. */
  get inTasks(): number {
    return this.#inTasks;
  }

  /** How many atoms are in this state now. */
  count(state: AtomState): number {
    return this.#counts.get(state) ?? 0;
  }

  /** Names of the atoms that are in one of these states now. */
  in(...states: readonly AtomState[]): readonly string[] {
    return [...this.#states].filter(([, state]) => states.includes(state)).map(([name]) => name);
  }

  /** Names of the tasks and items whose execute failed, whatever became of them. */
  get failed(): readonly string[] {
    return [...this.#failed];
  }

  /** Time in tasks per time on the clock; null when nothing took time. */
  speedUp(wall: number): number | null {
    return wall > 0 && this.#inTasks > 0 ? this.#inTasks / wall : null;
  }
}
