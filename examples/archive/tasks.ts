/** The tasks of the archive: what worker threads run. Each that writes takes back what it wrote, however far it came. */
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { taskModule } from 'taskloom';
import {
  INDEX_FILE,
  type Index,
  PARTS_FOLDER,
  readIndex,
  writeIndex as writeIndexFile,
} from './index-file.ts';
import { listFolder } from './listing.ts';
import { type PackedPart, packPart, removePart, removeWhole, unpackPart } from './part.ts';
import type { Chunk, Hashed, PartPlan } from './plan.ts';
import { digestOf, readSource } from './reading.ts';

const task = taskModule(import.meta.url);

export const list = task('list', {
  requires: ['root'],
  provides: 'listing',
  execute: ({ root }: { root: string }, context) =>
    listFolder(root, (count) => context.progress(0, { entries: count })),
});

export const hash = task('hash', {
  requires: ['root', 'chunks'],
  provides: 'hashed',
  execute({ root, chunks }: { root: string; chunks: readonly Chunk[] }): Hashed[] {
    // One buffer for all: of a file, only its digest is kept.
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, ...chunks.map(({ source }) => source.length)));
    return chunks.map(({ source }) => {
      const read = readSource(root, source, buffer);
      if (read.kind === 'unreadable') return read;
      const { bytes, changed } = read;
      return { kind: 'hashed', digest: digestOf(bytes), length: bytes.length, changed };
    });
  },
});

export const makeFolders = task('make folders', {
  requires: ['out'],
  execute({ out }: { out: string }): void {
    mkdirSync(`${out}/${PARTS_FOLDER}`, { recursive: true });
  },
  revert({ out }) {
    removeEmpty(`${out}/${PARTS_FOLDER}`);
    removeEmpty(out);
  },
});

export const pack = task('pack', {
  requires: ['root', 'out', 'part', 'quality'],
  provides: 'packed',
  execute: ({ root, out, part, quality }: { root: string; out: string; part: PartPlan; quality: number }) =>
    packPart(root, `${out}/${PARTS_FOLDER}`, part, quality),
  revert({ out, part }) {
    removePart(`${out}/${PARTS_FOLDER}`, part.name);
  },
});

/** Reads the part back: decompresses it and compares the digest of every chunk. */
export const verify = task('verify', {
  requires: ['out', 'packed'],
  execute({ out, packed }: { out: string; packed: PackedPart }): void {
    unpackPart(`${out}/${PARTS_FOLDER}`, packed);
  },
});

export const writeIndex = task('write index', {
  requires: ['out', 'index'],
  provides: 'indexBytes',
  execute: ({ out, index }: { out: string; index: Index }) => writeIndexFile(out, index),
  revert({ out }) {
    removeWhole(`${out}/${INDEX_FILE}`);
  },
});

/** Reads the index back, compares it, and looks whether every part that it names is there and whole. */
export const verifyIndex = task('verify index', {
  requires: ['out', 'index'],
  execute({ out, index }: { out: string; index: Index }): void {
    if (!isDeepStrictEqual(readIndex(out), index))
      throw new Error('The index differs from what was written.');
    for (const { name, bytes } of index.parts) {
      const { size } = statSync(`${out}/${PARTS_FOLDER}/${name}`);
      if (size !== bytes) throw new Error(`Part ${name} has ${size} bytes instead of ${bytes}.`);
    }
  },
});

export type Mishap = 'exit' | 'throw' | 'memory';

/** For `--break`: what happens to an archive when a task's thread dies, or the task fails, in the midst of it. */
export const mishap = task('mishap', {
  requires: ['how'],
  execute({ how }: { how: Mishap }): void {
    if (how === 'exit') process.exit(3);
    if (how === 'throw') throw new RangeError('this task was told to fail');
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 100_000 }, (_, at) => `${hoard.length} ${at}`));
  },
});

/** Removes a folder if nothing is in it: what others put there is not ours to remove. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
