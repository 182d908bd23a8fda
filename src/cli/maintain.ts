/**
 * `taskloom db check | upgrade | vacuum | prune`: the care of a database as a file.
 *
 * --json: check {"findings":[…]}; upgrade {"from","to"}: versions; vacuum {"before","after"}: bytes;
 *   prune {"removed","olderThan"}: how many, and ms since 1970
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { TaskloomError } from '../errors.ts';
import { MIGRATIONS } from '../persistence/migrations.ts';
import type { SqliteBackend } from '../persistence/sqlite.ts';
import type { Database } from './database.ts';
import { type CommandOptions, inDatabase, writeJson } from './database-command.ts';
import { EXIT } from './exit-codes.ts';
import { timeOf } from './flow-header.ts';
import type { Surroundings } from './surroundings.ts';
import { oneLine } from './text.ts';

export interface PruneOptions extends CommandOptions {
  /** ms. */
  readonly olderThan: number;
}

/** Where a file of SQLite has the version that its user gives it. */
const VERSION_AT = 60;
const FINDINGS = 100;

/** Resolves to the exit code: 1 when something is broken. */
export function checkCommand(options: CommandOptions, around: Surroundings): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const { name } = database;
    const findings = await sqliteOf(database).check().catch(asFinding);
    if (options.json === true) writeJson(terminal, { findings });
    else if (findings.length === 0) terminal.line(`${name} is sound`);
    else {
      for (const finding of findings.slice(0, FINDINGS)) terminal.line(oneLine(finding));
      if (findings.length > FINDINGS)
        terminal.line(`… and ${findings.length - FINDINGS} more; --json has all`);
      terminal.complain(
        `${name} is damaged: restore a copy; where only results of runs are gone, remove those runs`,
      );
    }
    return findings.length === 0 ? EXIT.done : EXIT.failed;
  });
}

export function upgradeCommand(options: CommandOptions, around: Surroundings): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const backend = sqliteOf(database);
    const from = versionOf(database.file);
    await backend.upgrade();
    const to = MIGRATIONS.length;
    if (options.json === true) writeJson(terminal, { from, to });
    else if (from === to) terminal.line(`${database.name} has the newest version already (${to})`);
    else terminal.line(`${database.name} was of version ${from}, and is of version ${to} now`);
    return EXIT.done;
  });
}

export function vacuumCommand(options: CommandOptions, around: Surroundings): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const backend = sqliteOf(database);
    const before = sizeOf(database.file);
    await backend.vacuum();
    // What it wrote may lie beside the file until nobody has it open.
    await backend.close();
    const after = sizeOf(database.file);
    if (options.json === true) writeJson(terminal, { before, after });
    else terminal.line(`${database.name}: ${sizeWords(before)} before, ${sizeWords(after)} now`);
    return EXIT.done;
  });
}

export function pruneCommand(options: PruneOptions, around: Surroundings): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const olderThan = Date.now() - options.olderThan;
    const removed = await sqliteOf(database).prune({ olderThan });
    if (options.json === true) writeJson(terminal, { removed, olderThan });
    else {
      const runs = `${removed} run${removed === 1 ? '' : 's'}`;
      terminal.line(`removed ${runs} of ${database.name} that ended before ${timeOf(olderThan)}`);
    }
    return EXIT.done;
  });
}

/** @throws TaskloomError USAGE */
function sqliteOf({ backend, name, file }: Database): SqliteBackend {
  if (file !== null && 'vacuum' in backend) return backend as SqliteBackend;
  throw new TaskloomError('USAGE', `${name} is no file of SQLite: there is nothing to care for.`);
}

/** One that is too damaged to be opened is a finding as well. */
function asFinding(error: unknown): readonly string[] {
  if (error instanceof TaskloomError && error.code === 'STORAGE_CORRUPT') return [error.message];
  throw error;
}

/** Null where the file can't be read, or is none of SQLite; the backend says what is the matter. */
function versionOf(file: string | null): number | null {
  try {
    const descriptor = openSync(file ?? '', 'r');
    try {
      const bytes = Buffer.alloc(4);
      return readSync(descriptor, bytes, 0, 4, VERSION_AT) === 4 ? bytes.readInt32BE() : null;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}

/** Bytes, with those of the log beside it. */
function sizeOf(file: string | null): number {
  const sizes = [file, `${file}-wal`].map(
    (each) => statSync(each ?? '', { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function sizeWords(bytes: number): string {
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(0)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
