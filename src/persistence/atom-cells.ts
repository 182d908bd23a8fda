/**
 * Atom details as one flat list of cells, on their way to the database's thread: structured clone of so many objects would cost
 * several times as much. One row has the cells below, in this order.
 */
import type { BlobCell, BlobPacker } from './blobs.ts';
import type { AtomDetail } from './records.ts';

type Cell = string | BlobCell;
/** name, kind, map, version, state, intention, attempt, flags, updatedAt, elapsed, error, result, rest */
export type AtomCells = readonly Cell[];
export const ATOM_WIDTH = 13;

export const SENT = 1;
export const BEGAN = 2;
export const DROPPED = 4;

export function atomCells(atoms: readonly AtomDetail[], blobs: BlobPacker): AtomCells {
  const cells: Cell[] = [];
  for (const atom of atoms) {
    const flags = (atom.sent ? SENT : 0) | (atom.began ? BEGAN : 0) | (atom.dropped ? DROPPED : 0);
    cells.push(
      atom.name,
      atom.kind,
      atom.map,
      atom.version,
      atom.state,
      atom.intention,
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
