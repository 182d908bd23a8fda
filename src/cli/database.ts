/**
 * Finds and opens the database that a command works on: `--db`, else TASKLOOM_DB, else `taskloom.db` in this folder. Only a run
 * may begin a new one.
 */
import { existsSync, type Stats, statSync } from 'node:fs';
import { TaskloomError } from '../errors.ts';
import type { Backend } from '../persistence/backend.ts';
import { openBackend } from '../persistence/open.ts';
import { sqlite } from '../persistence/sqlite.ts';
import { oneLine } from './text.ts';

const USUAL = 'taskloom.db';
const VARIABLE = 'TASKLOOM_DB';
/** Two letters at least: `C:\runs.db` is a path. */
const URL_LIKE = /^[a-z][a-z0-9+.-]+:/i;
const SQLITE_URL = /^sqlite:([^?]*)/i;

type Durability = 'full' | 'normal';

export interface DatabaseOptions {
  readonly db?: string;
  readonly durability?: Durability;
}

export interface Database {
  readonly backend: Backend;
  /** As it was named, made safe for a line. */
  readonly name: string;
  /** Path of the file; null when it is none. */
  readonly file: string | null;
  /** What a command line needs to name it once more. */
  readonly words: readonly string[];
}

/**
 * Nothing is read yet.
 *
 * @throws TaskloomError USAGE, OPTION_INVALID; STORAGE_UNAVAILABLE and STORAGE_FOREIGN, unless it may be new
 */
export function openDatabase({ db, durability }: DatabaseOptions, mayBeNew: boolean): Database {
  const named = db ?? usualDatabase();
  if (named === '') throw usage('--db needs the path of a file.');
  const words = db === undefined ? [] : ['--db', db];
  const isUrl = URL_LIKE.test(named);
  if (/^memory:/i.test(named))
    throw usage("A database 'memory:' ends with this process: nothing could go on with what it keeps.");
  if (isUrl && durability !== undefined)
    throw usage(`With a URL, durability stands in it: sqlite:runs.db?durability=${durability}`);
  const file = isUrl ? SQLITE_URL.exec(named)?.[1] || null : named;
  if (file !== null && !mayBeNew) needFile(file);
  const backend = isUrl ? openBackend(named) : sqlite(named, durability === undefined ? {} : { durability });
  return { backend, name: oneLine(named), file, words };
}

function usualDatabase(): string {
  const named = process.env[VARIABLE];
  if (named !== undefined && named !== '') return named;
  if (existsSync(USUAL)) return USUAL;
  throw usage(
    `Which database? Name it with --db FILE or in ${VARIABLE}; there is no ${USUAL} in this folder. taskloom run FLOW --db FILE makes one.`,
  );
}

/** SQLite would make a database of what is not there, and of an empty file. */
function needFile(file: string): void {
  const stats = statsOf(file);
  if (stats === null) return;
  const details = { file };
  const name = oneLine(file);
  if (stats === undefined)
    throw new TaskloomError('STORAGE_UNAVAILABLE', `There is no database '${name}'.`, { details });
  if (stats.isFile() && stats.size === 0)
    throw new TaskloomError('STORAGE_FOREIGN', `'${name}' is empty, and no database of taskloom.`, {
      details,
    });
}

/** True when nothing is kept yet, and opening the backend would make the file. */
export function isNew({ file }: Database): boolean {
  return file !== null && statsOf(file) === undefined;
}

/** Undefined: it is not there. Null: it can't be looked at; what is the matter, the backend says. */
function statsOf(file: string): Stats | undefined | null {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return null;
  }
}

function usage(message: string): TaskloomError {
  return new TaskloomError('USAGE', message);
}
