/**
 * One part of an archive: chunks one after another, compressed with brotli, in a file of its own.
 *
 * 1. What the caller is told was stored is what was read when the part was packed, whatever the files were before.
 * 2. The file appears whole under its name or not at all: it is written under another name first.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { CHANGED, type Chunk, type PartPlan, type UniqueChunk } from './plan.ts';
import { digestOf, readSource } from './reading.ts';

/** Bytes of a part once they are unpacked. */
interface StoredChunk {
  readonly digest: string;
  readonly length: number;
}

export interface StoredPart {
  readonly name: string;
  /** Of the file, compressed. */
  readonly bytes: number;
  readonly chunks: readonly StoredChunk[];
}

/** A place that changed after it was hashed. */
export interface Moved {
  readonly entry: number;
  readonly at: number;
  /** Of what is stored for it now; null when nothing is, since it could not be read any more. */
  readonly digest: string | null;
  readonly why: string;
}

export interface PackedPart extends StoredPart {
  readonly moved: readonly Moved[];
}

const CHANGED_LATER = 'it changed after it was hashed; archived as it was then';

/** Reads the chunks of a part, compresses them and writes the file. */
export function packPart(root: string, folder: string, part: PartPlan, quality: number): PackedPart {
  const stored: StoredChunk[] = [];
  const moved: Moved[] = [];
  const contents: Buffer[] = [];
  for (const chunk of part.chunks) {
    for (const bytes of gather(root, chunk, moved)) {
      contents.push(bytes);
      stored.push({ digest: digestOf(bytes), length: bytes.length });
    }
  }
  const content = Buffer.concat(contents);
  const packed = brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  writeWhole(`${folder}/${part.name}`, packed);
  return { name: part.name, bytes: packed.length, chunks: stored, moved };
}

/** Removes what `packPart` may have left, however far it came. */
export function removePart(folder: string, name: string): void {
  removeWhole(`${folder}/${name}`);
}

/**
 * The chunks of a part, each compared with its digest.
 *
 * @throws Error when the file is damaged
 */
export function unpackPart(folder: string, part: StoredPart): Buffer[] {
  const total = part.chunks.reduce((sum, { length }) => sum + length, 0);
  const packed = readFileSync(`${folder}/${part.name}`);
  if (packed.length !== part.bytes) throw damaged(part, `it has ${packed.length} bytes, not ${part.bytes}`);
  // The limit keeps a forged part from filling the memory; 0 isn't allowed.
  const content = brotliDecompressSync(packed, { maxOutputLength: Math.max(total, 1) });
  if (content.length !== total) throw damaged(part, `it holds ${content.length} bytes, not ${total}`);
  let offset = 0;
  return part.chunks.map(({ digest, length }, at) => {
    const bytes = content.subarray(offset, offset + length);
    offset += length;
    if (digestOf(bytes) !== digest)
      throw damaged(part, `chunk ${at} has another digest than it was stored with`);
    return bytes;
  });
}

/** Writes a file so that it is there whole or not at all; also where a process that died had begun. `removeWhole` takes it back. */
export function writeWhole(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.tmp`, bytes);
  renameSync(`${path}.tmp`, path);
}

export function removeWhole(path: string): void {
  rmSync(`${path}.tmp`, { force: true });
  rmSync(path, { force: true });
}

/**
 * The bytes to store for one chunk: those that were hashed, from the first place that still has them. When none has,
 * what each place has now, so that no file gets bytes that were never read from it.
 */
function gather(root: string, { digest, places }: UniqueChunk, moved: Moved[]): Buffer[] {
  const others: Buffer[] = [];
  const found: Moved[] = [];
  for (const place of places) {
    const read = readSource(root, place.source);
    if (read.kind === 'read') {
      const now = digestOf(read.bytes);
      if (now === digest) {
        for (const other of found) moved.push({ ...other, digest, why: CHANGED_LATER });
        return [read.bytes];
      }
      if (found.every((other) => other.digest !== now)) others.push(read.bytes);
      found.push(movedTo(place, now, CHANGED));
    } else {
      found.push(movedTo(place, null, read.why));
    }
  }
  moved.push(...found);
  return others;
}

function movedTo({ entry, at }: Chunk, digest: string | null, why: string): Moved {
  return { entry, at, digest, why };
}

function damaged({ name }: StoredPart, why: string): Error {
  return new Error(`Part ${name} of the archive is damaged: ${why}.`);
}
