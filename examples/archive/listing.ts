/** What is in a folder: its files, folders and links, in an order that depends on their names alone. Follows no link. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { bytesOf, type FileName, nameFrom, pathIn, shown } from './file-name.ts';

interface FileEntry {
  readonly kind: 'file';
  readonly path: FileName;
  /** Permission bits. */
  readonly mode: number;
  /** ms since 1970, as listed. */
  readonly mtime: number;
  readonly size: number;
}

export interface FolderEntry {
  readonly kind: 'folder';
  readonly path: FileName;
  readonly mode: number;
  readonly mtime: number;
}

export interface LinkEntry {
  readonly kind: 'link';
  readonly path: FileName;
  readonly target: FileName;
  readonly mtime: number;
}

type Entry = FileEntry | FolderEntry | LinkEntry;

/** Something that is not, or not quite, in the archive, and why. */
export interface Note {
  readonly path: FileName;
  readonly why: string;
}

export interface Listing {
  /** A folder comes before what is in it. */
  readonly entries: readonly Entry[];
  readonly notes: readonly Note[];
}

/** Lists what is under `root`, however deep. What can't be read or is no file, folder or link becomes a note. */
export function listFolder(root: string, onEntry: (count: number) => void): Listing {
  const entries: Entry[] = [];
  const notes: Note[] = [];
  // A stack of our own: folders may be nested deeper than calls can be.
  const waiting = childrenOf(root, null);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    try {
      const entry = entryAt(root, path);
      if (entry.kind === 'folder') for (const child of childrenOf(root, path)) waiting.push(child);
      entries.push(entry);
    } catch (error) {
      notes.push({ path, why: reasonOf(error) });
    }
    if (entries.length % 1000 === 0) onEntry(entries.length);
  }
  return { entries, notes };
}

/** Why a file could not be read, in words where the code is a common one. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'it vanished before it was read';
  if (code === 'EACCES' || code === 'EPERM') return `it may not be read (${code})`;
  if (code === 'ELOOP') return 'it became a link';
  if (code === 'ENAMETOOLONG') return 'its path is too long for this system (ENAMETOOLONG)';
  return code ?? message;
}

function entryAt(root: string, path: FileName): Entry {
  const stats = lstatSync(pathIn(root, path));
  const mtime = stats.mtimeMs;
  const mode = stats.mode & 0o7777;
  if (stats.isFile()) return { kind: 'file', path, mode, mtime, size: stats.size };
  if (stats.isDirectory()) return { kind: 'folder', path, mode, mtime };
  if (!stats.isSymbolicLink()) throw new Error(`it is ${kindOf(stats)}, not a file, folder or link`);
  const target = nameFrom(readlinkSync(pathIn(root, path), { encoding: 'buffer' }));
  return { kind: 'link', path, target, mtime };
}

/** Last name first, since they are popped off a stack. */
function childrenOf(root: string, folder: FileName | null): FileName[] {
  const names = readdirSync(folder === null ? root : pathIn(root, folder), { encoding: 'buffer' });
  names.sort((a, b) => Buffer.compare(b, a));
  const start = folder === null ? null : Buffer.concat([bytesOf(folder), Buffer.from('/')]);
  return names.map((name) => nameFrom(start === null ? name : Buffer.concat([start, name])));
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/** For messages: a path and why it is noted. */
export function noteLine({ path, why }: Note): string {
  return `${shown(path)}: ${why}`;
}
