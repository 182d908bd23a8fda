/**
 * The index of an archive: what is in it, and in which part each chunk lies. It comes from a file that anybody may have
 * written, so reading it checks everything that a path or a length is made of.
 *
 *   archive/  index.json.br   parts/000000.br  parts/000001.br  …
 */
import { readFileSync } from 'node:fs';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { bytesOf, type FileName } from './file-name.ts';
import type { FolderEntry, LinkEntry, Listing, Note } from './listing.ts';
import { type Moved, type PackedPart, type StoredPart, writeWhole } from './part.ts';
import { type Plan, partName } from './plan.ts';

export const INDEX_FILE = 'index.json.br';
export const PARTS_FOLDER = 'parts';
const FORMAT = 'taskloom-archive-1';
/** Bytes that an index may unpack to; one of a million files has about 200 MB. */
const INDEX_LIMIT = 500 * 1024 * 1024;
const QUALITY = 5;

interface StoredFile {
  readonly kind: 'file';
  readonly path: FileName;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
  /** Numbers of its chunks, counted through all parts. */
  readonly chunks: readonly number[];
}

export type StoredEntry = StoredFile | FolderEntry | LinkEntry;

export interface Index {
  readonly format: typeof FORMAT;
  readonly parts: readonly StoredPart[];
  readonly entries: readonly StoredEntry[];
  /** What is not in the archive, or not as it was listed. */
  readonly notes: readonly Note[];
}

/** Puts together what the listing found, what the plan wanted and what the parts really hold. */
export function assembleIndex(listing: Listing, plan: Plan, packed: readonly PackedPart[]): Index {
  const numbers = new Map<string, number>();
  const lengths: number[] = [];
  for (const { digest, length } of packed.flatMap(({ chunks }) => chunks)) {
    if (!numbers.has(digest)) numbers.set(digest, lengths.length);
    lengths.push(length);
  }
  const moved = groupByEntry(packed);
  const notes = new Map<string, Note>();
  const entries: StoredEntry[] = [];
  for (const [at, entry] of listing.entries.entries()) {
    if (entry.kind !== 'file') {
      entries.push(entry);
      continue;
    }
    const digests = [...(plan.files.get(at) ?? [])];
    let lost = !plan.files.has(at);
    for (const move of moved.get(at) ?? []) {
      notes.set(JSON.stringify(entry.path), { path: entry.path, why: move.why });
      if (move.digest === null) lost = true;
      else digests[move.at] = move.digest;
    }
    if (lost) continue;
    const chunks = digests.map((digest) => numbers.get(digest) ?? -1);
    const size = chunks.reduce((sum, number) => sum + (lengths[number] ?? 0), 0);
    entries.push({ kind: 'file', path: entry.path, mode: entry.mode, mtime: entry.mtime, size, chunks });
  }
  const parts = packed.map(({ name, bytes, chunks }) => ({ name, bytes, chunks }));
  return { format: FORMAT, parts, entries, notes: [...listing.notes, ...plan.notes, ...notes.values()] };
}

export function writeIndex(folder: string, index: Index): number {
  const packed = brotliCompressSync(JSON.stringify(index), {
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_LGWIN]: 22 },
  });
  writeWhole(`${folder}/${INDEX_FILE}`, packed);
  return packed.length;
}

/**
 * Reads and checks the index of an archive.
 *
 * @throws Error with one sentence that says what is wrong with it
 */
export function readIndex(folder: string): Index {
  const text = brotliDecompressSync(readFileSync(`${folder}/${INDEX_FILE}`), {
    maxOutputLength: INDEX_LIMIT,
  });
  const index = JSON.parse(text.toString()) as Index;
  if (index?.format !== FORMAT) throw invalid(`its format is not ${FORMAT}`);
  const lists = [index.parts, index.entries, index.notes];
  if (!lists.every((list) => Array.isArray(list))) throw invalid('a list is missing');
  let chunks = 0;
  for (const [number, part] of index.parts.entries()) {
    if (part.name !== partName(number)) throw invalid(`part ${number} has a strange name`);
    if (!part.chunks.every(({ length }) => isCount(length)))
      throw invalid(`part ${number} has a strange length`);
    chunks += part.chunks.length;
  }
  const seen = new Set<string>();
  for (const [at, entry] of index.entries.entries()) checkEntry(entry, at, chunks, seen);
  return index;
}

/** A path must stay inside the folder that is restored to, on every system, and be there once. */
function checkEntry(entry: StoredEntry, at: number, chunks: number, seen: Set<string>): void {
  const path = bytesOf(entry.path).toString('latin1');
  const segments = path.split('/');
  if (segments.some((each) => each === '' || each === '.' || each === '..' || each.includes('\0'))) {
    throw invalid(`entry ${at} has a path that leads out of the folder or nowhere`);
  }
  if (process.platform === 'win32' && /[\\:]/.test(path))
    throw invalid(`entry ${at} has a name that Windows forbids`);
  if (seen.has(path)) throw invalid(`entry ${at} has the path of another`);
  seen.add(path);
  if (!Number.isFinite(entry.mtime)) throw invalid(`entry ${at} has no time`);
  if (entry.kind === 'link') return void bytesOf(entry.target);
  if (!isCount(entry.mode) || entry.mode > 0o7777) throw invalid(`entry ${at} has a strange mode`);
  if (entry.kind === 'folder') return;
  if (entry.kind !== 'file') throw invalid(`entry ${at} is of an unknown kind`);
  if (!entry.chunks.every((number) => isCount(number) && number < chunks)) {
    throw invalid(`entry ${at} names a chunk that is not there`);
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function groupByEntry(packed: readonly PackedPart[]): ReadonlyMap<number, readonly Moved[]> {
  const groups = new Map<number, Moved[]>();
  for (const move of packed.flatMap(({ moved }) => moved)) {
    groups.set(move.entry, [...(groups.get(move.entry) ?? []), move]);
  }
  return groups;
}

function invalid(why: string): Error {
  return new Error(`The index of the archive cannot be used: ${why}.`);
}
