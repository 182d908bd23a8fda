/**
 * The database as a file: what it is before SQLite touches it, so that another program's stays as it is, and whether it is
 * still the same one while it is open.
 */
import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';
import type { DatabaseSettings } from './database-messages.ts';
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts';
import { foreign, unavailable } from './sqlite-errors.ts';

/** Of a file of SQLite: https://www.sqlite.org/fileformat.html#the_database_header */
const MAGIC = 'SQLite format 3\0';
const VERSION_AT = 60;
const APPLICATION_AT = 68;
const HEADER_SIZE = 100;

/**
 * Call before SQLite opens the file.
 *
 * @throws TaskloomError STORAGE_UNAVAILABLE, STORAGE_FOREIGN, STORAGE_VERSION
 */
export function checkFile({ file, path }: DatabaseSettings): void {
  const stats = statOf(path);
  if (stats === null) {
    const folder = statOf(dirname(path));
    if (folder === null) throw unavailable(file, 'cannot be made: its folder does not exist');
    if (!folder.isDirectory()) throw unavailable(file, 'cannot be made: its folder is a file');
  } else if (stats.isDirectory()) {
    throw unavailable(file, 'cannot be opened: it is a folder');
  } else if (!stats.isFile()) {
    throw unavailable(file, 'cannot be opened: it is no regular file');
  } else {
    need(path, constants.R_OK | constants.W_OK, file, 'cannot be written: it is read-only');
  }
  // SQLite makes files of its own beside the database.
  need(dirname(path), constants.W_OK | constants.X_OK, file, 'cannot be written: its folder is read-only');
  if (stats !== null && stats.size > 0) checkHeader(headerOf(path), file);
}

/** @throws TaskloomError STORAGE_FOREIGN, STORAGE_VERSION */
export function checkIdentity(application: number, version: number, file: string): void {
  if (application !== APPLICATION_ID) throw foreign(file, 'is a database of another program');
  if (version > MIGRATIONS.length) {
    throw new TaskloomError(
      'STORAGE_VERSION',
      `The database ${file} was written by a newer taskloom: it has version ${version}, and this one knows ${MIGRATIONS.length}. It was not changed.`,
      { details: { file, version, known: MIGRATIONS.length } },
    );
  }
}

/** Which files they are that lie at the path now: those that SQLite has open, as long as nobody removes or replaces them. */
export function filesAt(path: string): string {
  return [path, `${path}-wal`].map((each) => identityOf(statOf(each))).join(' ');
}

/** Something lies beside the file that SQLite would take for its log. */
export function hasLog(path: string): boolean {
  return (statOf(`${path}-wal`)?.size ?? 0) > 0;
}

function identityOf(stats: Stats | null): string {
  return stats === null ? 'none' : `${stats.dev}:${stats.ino}`;
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    // A file stands where one of its folders would be.
    if (codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

function need(path: string, mode: number, file: string, words: string): void {
  try {
    accessSync(path, mode);
  } catch (cause) {
    throw unavailable(file, words, cause);
  }
}

function headerOf(path: string): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, header, 0, HEADER_SIZE, 0);
  } finally {
    closeSync(descriptor);
  }
  return header;
}

function checkHeader(header: Buffer, file: string): void {
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw foreign(file, 'is no database of SQLite');
  checkIdentity(header.readInt32BE(APPLICATION_AT), header.readInt32BE(VERSION_AT), file);
}
