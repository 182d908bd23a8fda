/** Reads ranges of files that may change or vanish meanwhile, and says so. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileName, pathIn } from './file-name.ts';
import { reasonOf } from './listing.ts';

/** A range of a file, and what the file was when it was listed. */
export interface Source {
  readonly path: FileName;
  readonly offset: number;
  readonly length: number;
  /** Of the whole file. */
  readonly size: number;
  readonly mtime: number;
}

/** What was read: fewer bytes than asked for when the file has become shorter. */
export type Read =
  | { readonly kind: 'read'; readonly bytes: Buffer; readonly changed: boolean }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Neither a link nor a pipe that took the file's place may lead elsewhere or hold us up. Windows has neither flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** @param into - Where to read to; else memory of its own. A caller that reuses it must be done with what it had read */
export function readSource(root: string, source: Source, into?: Buffer): Read {
  let file: number | undefined;
  try {
    file = openSync(pathIn(root, source.path), OPEN_FLAGS);
    const before = fstatSync(file);
    if (!before.isFile()) return { kind: 'unreadable', why: 'it is no file any more' };
    const bytes = readRange(
      file,
      source.offset,
      into?.subarray(0, source.length) ?? Buffer.allocUnsafe(source.length),
    );
    const after = fstatSync(file);
    const same = [before, after].every((at) => at.size === source.size && at.mtimeMs === source.mtime);
    return { kind: 'read', bytes, changed: !same || bytes.length < source.length };
  } catch (error) {
    return { kind: 'unreadable', why: reasonOf(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readRange(file: number, offset: number, bytes: Buffer): Buffer {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(file, bytes, done, bytes.length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
