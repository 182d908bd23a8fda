/**
 * Atoms of one transaction that differ by name, elapsed and result alone, as most of a wide flow do: what they share stands
 * once, what differs in one text, and one statement writes them all, for less than half of what one for each would take.
 */
import { type AtomCells, atomCells } from './atom-cells.ts';
import { BlobPacker, SMALL } from './blobs.ts';
import type { AtomDetail } from './records.ts';
import { toText } from './sqlite-text.ts';

export interface AlikeAtoms {
  /** The cells of the first. */
  readonly first: AtomCells;
  /**
   * For SQLite to read, as JSON: names, where there is no result and no time; else [name, elapsed, place, length] of each, the
   * last two of its result among those of all.
   */
  readonly each: string;
  /** Bytes of all results; null where `each` is names. */
  readonly bytes: number | null;
}

/** Takes those that have something of their own out into `others`. */
export function groupAlike(
  atoms: readonly AtomDetail[],
  blobs: BlobPacker,
  others: AtomDetail[],
): readonly AlikeAtoms[] {
  const groups: AlikeAtoms[] = [];
  let group: Group | null = null;
  for (const atom of atoms) {
    if (!isPlain(atom)) {
      others.push(atom);
      continue;
    }
    if (group === null || !group.has(atom)) {
      if (group !== null) groups.push(group.finish());
      group = new Group(atom);
    }
    group.add(atom, blobs);
  }
  if (group !== null) groups.push(group.finish());
  return groups;
}

class Group {
  readonly #first: AtomDetail;
  readonly #isBare: boolean;
  readonly #each: unknown[] = [];
  #bytes = 0;

  constructor(first: AtomDetail) {
    this.#first = first;
    this.#isBare = isBare(first);
  }

  has(atom: AtomDetail): boolean {
    const first = this.#first;
    return (
      atom.state === first.state &&
      atom.sent === first.sent &&
      atom.version === first.version &&
      atom.attempt === first.attempt &&
      atom.kind === first.kind &&
      atom.map === first.map &&
      atom.intention === first.intention &&
      atom.began === first.began &&
      atom.dropped === first.dropped &&
      atom.updatedAt === first.updatedAt &&
      isBare(atom) === this.#isBare
    );
  }

  add({ name, elapsed, result }: AtomDetail, blobs: BlobPacker): void {
    if (this.#isBare) {
      this.#each.push(toText(name));
      return;
    }
    blobs.add(result);
    // SQLite counts from 1.
    if (result === null) this.#each.push([toText(name), elapsed]);
    else this.#each.push([toText(name), elapsed, this.#bytes + 1, result.length]);
    this.#bytes += result?.length ?? 0;
  }

  finish(): AlikeAtoms {
    const first = atomCells([{ ...this.#first, result: null }], new BlobPacker());
    return { first, each: JSON.stringify(this.#each), bytes: this.#isBare ? null : this.#bytes };
  }
}

/** Infinity is no number of JSON; and of no bytes at all SQLite makes null, where it takes them out of others. */
function isPlain({ error, rest, result, elapsed }: AtomDetail): boolean {
  if (error !== null || rest !== null) return false;
  if (elapsed !== null && !Number.isFinite(elapsed)) return false;
  return result === null || (result.length > 0 && result.length <= SMALL);
}

function isBare({ elapsed, result }: AtomDetail): boolean {
  return elapsed === null && result === null;
}
