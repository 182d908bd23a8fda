/**
 * Atom details as one flat list of cells, for the way between the main thread and the database's: structured clone of so many
 * objects would cost several times as much. One row has the cells below, in this order.
 */
import type { AtomState, Intention } from '../states.ts';
import type { BlobCell, BlobPacker, BlobReader } from './blobs.ts';
import type { AtomDetail } from './records.ts';

export type Cell = string | BlobCell;
/** name, map, version, stance, attempt, flags, updatedAt, elapsed, error, result, rest */
export type AtomCells = readonly Cell[];
export const ATOM_WIDTH = 11;

const KINDS = keysOf<AtomDetail['kind']>({ task: 0, retry: 0, map: 0, item: 0 });
const STATES = keysOf<AtomState>({
  PENDING: 0,
  RUNNING: 0,
  SUCCESS: 0,
  FAILURE: 0,
  REVERTING: 0,
  REVERTED: 0,
  REVERT_FAILURE: 0,
  RETRYING: 0,
  PARTIAL: 0,
  IGNORE: 0,
});
const INTENTIONS = keysOf<Intention>({ EXECUTE: 0, REVERT: 0, RETRY: 0, IGNORE: 0 });

/** Of these three there are few: one number stands for them, the place in this list. */
export interface Stance {
  readonly kind: AtomDetail['kind'];
  readonly state: AtomState;
  readonly intention: Intention;
}

export const STANCES: readonly Stance[] = KINDS.flatMap((kind) =>
  STATES.flatMap((state) => INTENTIONS.map((intention) => ({ kind, state, intention }))),
);

export const SENT = 1;
export const BEGAN = 2;
export const DROPPED = 4;

export function atomCells(atoms: readonly AtomDetail[], blobs: BlobPacker): AtomCells {
  const cells: Cell[] = [];
  for (const atom of atoms) {
    const flags = (atom.sent ? SENT : 0) | (atom.began ? BEGAN : 0) | (atom.dropped ? DROPPED : 0);
    cells.push(
      atom.name,
      atom.map,
      atom.version,
      stanceOf(atom),
      atom.attempt,
      flags,
      atom.updatedAt,
      atom.elapsed,
      atom.error,
      blobs.add(atom.result),
      blobs.add(atom.rest),
    );
  }
  return cells;
}

export function atomsFrom(cells: AtomCells, blobs: BlobReader): AtomDetail[] {
  const atoms: AtomDetail[] = [];
  let map: string | null = null;
  let version = '';
  for (let at = 0; at < cells.length; at += ATOM_WIDTH) {
    // Mostly those of the atom before: one string serves for all.
    if (cells[at + 1] !== map) map = cells[at + 1] as string | null;
    if (cells[at + 2] !== version) version = cells[at + 2] as string;
    const { kind, state, intention } = STANCES[cells[at + 3] as number] as Stance;
    const flags = cells[at + 5] as number;
    atoms.push({
      name: cells[at] as string,
      kind,
      map,
      version,
      state,
      intention,
      attempt: cells[at + 4] as number,
      sent: (flags & SENT) !== 0,
      began: (flags & BEGAN) !== 0,
      dropped: (flags & DROPPED) !== 0,
      updatedAt: cells[at + 6] as number,
      elapsed: cells[at + 7] as number | null,
      error: cells[at + 8] as string | null,
      result: blobs.next(cells[at + 9] as BlobCell),
      rest: blobs.next(cells[at + 10] as BlobCell),
    });
  }
  return atoms;
}

function stanceOf({ kind, state, intention }: AtomDetail): number {
  const row = KINDS.indexOf(kind) * STATES.length + STATES.indexOf(state);
  return row * INTENTIONS.length + INTENTIONS.indexOf(intention);
}

/** Of a table that names every member of the union, so that a new one breaks the build here. */
function keysOf<K extends string>(table: Readonly<Record<K, 0>>): readonly K[] {
  return Object.keys(table) as K[];
}
