/** The tasks that restore an archive. What they make they also remove again, when one of them fails. */
import {
  chmodSync,
  closeSync,
  constants,
  lutimesSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { taskModule } from 'taskloom';
import { bytesOf, type FileName, pathIn } from './file-name.ts';
import { PARTS_FOLDER, type StoredEntry } from './index-file.ts';
import type { FolderEntry, LinkEntry } from './listing.ts';
import { type StoredPart, unpackPart } from './part.ts';

const task = taskModule(import.meta.url);

/** Writable by us while files are put into it; its own mode comes last. */
const OPEN_FOLDER = 0o700;
const NEW_FILE = 0o600;

/** Where a chunk of a part goes. */
export interface Placement {
  readonly path: FileName;
  readonly offset: number;
  /** Which chunk of the part. */
  readonly chunk: number;
}

export const makeTree = task('make tree', {
  requires: ['to', 'folders'],
  execute({ to, folders }: { to: string; folders: readonly FolderEntry[] }): void {
    mkdirSync(to, { recursive: true });
    for (const { path } of folders) mkdirSync(pathIn(to, path), { mode: OPEN_FOLDER });
  },
  revert({ to, folders }) {
    for (const { path } of [...folders].reverse()) removeFolder(pathIn(to, path));
    removeFolder(to);
  },
});

/** Verifies every chunk of a part and writes it to each file that has it. */
export const unpack = task('unpack', {
  requires: ['from', 'to', 'part', 'placements'],
  execute({ from, to, part, placements }: UnpackArguments): void {
    const chunks = unpackPart(`${from}/${PARTS_FOLDER}`, part);
    for (const { path, offset, chunk } of placements) {
      const bytes = chunks[chunk];
      if (bytes !== undefined) writeAt(pathIn(to, path), bytes, offset);
    }
  },
  // Other tasks may write to the same file: they are taken back too, and the second removal finds nothing.
  revert({ to, placements }) {
    for (const { path } of placements) rmSync(pathIn(to, path), { force: true });
  },
});

interface UnpackArguments {
  readonly from: string;
  readonly to: string;
  readonly part: StoredPart;
  readonly placements: readonly Placement[];
}

/** Last: empty files, links (no path may lead through one before), then modes and times, inner folders first. */
export const finishTree = task('finish tree', {
  requires: ['to', 'entries'],
  execute({ to, entries }: { to: string; entries: readonly StoredEntry[] }): void {
    for (const entry of entries) {
      if (entry.kind === 'link') makeLink(to, entry);
      if (entry.kind === 'file' && entry.size === 0)
        closeSync(openSync(pathIn(to, entry.path), 'a', NEW_FILE));
    }
    for (const entry of [...entries].reverse()) setModeAndTime(to, entry);
  },
  revert({ to, entries }) {
    for (const entry of entries) {
      if (entry.kind === 'folder') reopen(pathIn(to, entry.path));
      else if (entry.kind === 'link' || entry.size === 0) rmSync(pathIn(to, entry.path), { force: true });
    }
  },
});

function writeAt(path: string | Buffer, bytes: Buffer, offset: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, NEW_FILE);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, offset + done);
    }
  } finally {
    closeSync(file);
  }
}

function makeLink(to: string, { path, target, mtime }: LinkEntry): void {
  const at = pathIn(to, path);
  symlinkSync(bytesOf(target), at);
  lutimesSync(at, mtime / 1000, mtime / 1000);
}

function setModeAndTime(to: string, entry: StoredEntry): void {
  if (entry.kind === 'link') return;
  const at = pathIn(to, entry.path);
  chmodSync(at, entry.mode);
  utimesSync(at, entry.mtime / 1000, entry.mtime / 1000);
}

function reopen(folder: string | Buffer): void {
  try {
    chmodSync(folder, OPEN_FOLDER);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Only when it is empty: what is in it is not ours. */
function removeFolder(folder: string | Buffer): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
