/**
 * Which bytes go where, decided from names, sizes and digests alone.
 *
 *   files ─▶ chunks (at most 2 MB of one file) ─▶ equal ones once ─▶ parts (about 2 MB, many small files or one chunk)
 *
 * So a file of any size is read in pieces by all threads, and 50,000 small files make some hundred parts.
 */
import type { Listing, Note } from './listing.ts';
import type { Source } from './reading.ts';

/** Bytes of a chunk and, about, of a part. Smaller ones balance better over threads, larger ones compress better. */
const PART_BYTES = 2 * 1024 * 1024;
const HASH_BATCH_BYTES = 4 * PART_BYTES;
/** What it costs to open a file, in bytes that are compressed in the same time: about 0.1 ms. */
const OPEN_COST = 4096;

/** The `at`-th chunk of the file at `entry` in the listing. */
export interface Chunk {
  readonly entry: number;
  readonly at: number;
  readonly source: Source;
}

/** What hashing a chunk found. */
export type Hashed =
  | { readonly kind: 'hashed'; readonly digest: string; readonly length: number; readonly changed: boolean }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Bytes to be stored once, and every place where they were seen. */
export interface UniqueChunk {
  readonly digest: string;
  readonly length: number;
  readonly places: readonly Chunk[];
}

export interface PartPlan {
  readonly name: string;
  /** Before compression. */
  readonly bytes: number;
  readonly chunks: readonly UniqueChunk[];
}

export interface Plan {
  readonly parts: readonly PartPlan[];
  /** Digests of the chunks of each file that is archived, by its place in the listing. */
  readonly files: ReadonlyMap<number, readonly string[]>;
  readonly notes: readonly Note[];
  readonly duplicates: { readonly chunks: number; readonly bytes: number };
}

export function chunksOf({ entries }: Listing): Chunk[] {
  const chunks: Chunk[] = [];
  for (const [entry, file] of entries.entries()) {
    if (file.kind !== 'file') continue;
    const { path, size, mtime } = file;
    for (let offset = 0; offset < size; offset += PART_BYTES) {
      const length = Math.min(PART_BYTES, size - offset);
      chunks.push({ entry, at: offset / PART_BYTES, source: { path, offset, length, size, mtime } });
    }
  }
  return chunks;
}

export function hashBatches(chunks: readonly Chunk[]): Chunk[][] {
  return bundle(chunks, HASH_BATCH_BYTES, ({ source }) => source.length);
}

/** @param hashed - What was found for each of `chunks`, in their order */
export function planParts(listing: Listing, chunks: readonly Chunk[], hashed: readonly Hashed[]): Plan {
  const { left, notes } = findTroubled(chunks, hashed);
  const files = new Map<number, string[]>();
  for (const [at, { kind }] of listing.entries.entries())
    if (kind === 'file' && !left.has(at)) files.set(at, []);
  const unique = new Map<string, UniqueChunk & { readonly places: Chunk[] }>();
  const duplicates = { chunks: 0, bytes: 0 };
  for (const [at, chunk] of chunks.entries()) {
    const found = hashed[at];
    if (found?.kind !== 'hashed' || found.length === 0 || left.has(chunk.entry)) continue;
    const { digest, length } = found;
    files.get(chunk.entry)?.push(digest);
    const known = unique.get(digest);
    if (known === undefined) {
      unique.set(digest, { digest, length, places: [chunk] });
    } else {
      known.places.push(chunk);
      duplicates.chunks += 1;
      duplicates.bytes += length;
    }
  }
  return { parts: partsOf([...unique.values()]), files, notes, duplicates };
}

/** The name of a part's file, which depends on its number alone, so that a revert finds it. */
export function partName(number: number): string {
  return `${String(number).padStart(6, '0')}.br`;
}

function partsOf(chunks: readonly UniqueChunk[]): PartPlan[] {
  return bundle(chunks, PART_BYTES, ({ length }) => length).map((inside, number) => ({
    name: partName(number),
    bytes: inside.reduce((sum, { length }) => sum + length, 0),
    chunks: inside,
  }));
}

/** The files that can't be read, which are left out, and those that changed, which are archived as they were read. */
function findTroubled(
  chunks: readonly Chunk[],
  hashed: readonly Hashed[],
): { readonly left: ReadonlySet<number>; readonly notes: readonly Note[] } {
  const left = new Set<number>();
  const notes = new Map<number, Note>();
  for (const [at, { entry, source }] of chunks.entries()) {
    const found = hashed[at];
    if (found === undefined) continue;
    if (found.kind === 'unreadable') {
      left.add(entry);
      notes.set(entry, { path: source.path, why: found.why });
    } else if (found.changed && !left.has(entry)) {
      notes.set(entry, { path: source.path, why: CHANGED });
    }
  }
  return { left, notes: [...notes.values()] };
}

export const CHANGED = 'it changed while it was read; archived as it was read';

/** Neighbours together, up to `limit`: files that lie together are often alike, and compress well together. */
function bundle<T>(items: readonly T[], limit: number, bytesOf: (item: T) => number): T[][] {
  const bundles: T[][] = [];
  let current: T[] = [];
  let cost = 0;
  for (const item of items) {
    const more = bytesOf(item) + OPEN_COST;
    if (current.length > 0 && cost + more > limit + OPEN_COST) {
      bundles.push(current);
      current = [];
      cost = 0;
    }
    current.push(item);
    cost += more;
  }
  if (current.length > 0) bundles.push(current);
  return bundles;
}
