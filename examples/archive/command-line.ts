/** The demo's command line: what is to be done, or one sentence about what is wrong with it. Touches files to look only. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { shown } from './file-name.ts';
import { INDEX_FILE } from './index-file.ts';
import type { Mishap } from './tasks.ts';

export const HELP = `npm run demo -- [FOLDER] [options]    archive FOLDER (default: this project's node_modules)
  --out DIR        where the archive goes; missing or empty (default: a temporary folder)
  --db FILE        keep what is done in this database: after a kill or Ctrl-C the same command goes on (needs --out)
  --keep           keep the archive in the temporary folder
  --threads N      worker threads (default: the cores of this machine)
  --quality Q      of brotli, 0 to 11 (default: by the size of the folder)
  --no-measure     don't measure the speed-up over one thread
  --break HOW      see a task fail in the midst: exit (its thread ends), memory (its thread runs out of it), throw

npm run demo -- --restore ARCHIVE --to DIR    restore an archive into DIR, which is missing or empty
`;

/** Wrong use: shown as its message alone. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export interface ArchiveCommand {
  readonly kind: 'archive';
  readonly folder: string;
  /** null: a temporary folder. */
  readonly out: string | null;
  /** null: nothing is kept. */
  readonly db: string | null;
  readonly keep: boolean;
  readonly threads: number;
  /** null: by the size of the folder. */
  readonly quality: number | null;
  readonly measure: boolean;
  readonly broken: Mishap | null;
}

export interface RestoreCommand {
  readonly kind: 'restore';
  readonly archive: string;
  readonly to: string;
  readonly threads: number;
}

export type Command = ArchiveCommand | RestoreCommand | { readonly kind: 'help' };

const OPTIONS = {
  out: { type: 'string' },
  db: { type: 'string' },
  keep: { type: 'boolean' },
  threads: { type: 'string' },
  quality: { type: 'string' },
  'no-measure': { type: 'boolean' },
  break: { type: 'string' },
  restore: { type: 'string' },
  to: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
const MISHAPS: readonly string[] = ['exit', 'throw', 'memory'] satisfies Mishap[];

/** @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help === true) return { kind: 'help' };
  const threads = wholeNumber('threads', values.threads, 1, 1024) ?? availableParallelism();
  if (values.restore !== undefined) {
    if (values.to === undefined) throw new UsageError('--restore ARCHIVE needs --to DIR.');
    if (positionals.length > 0)
      throw new UsageError(`--restore takes no further folder: ${shown(positionals[0] ?? '')}`);
    const archive = existingFolder(values.restore);
    if (!readdirSync(archive).includes(INDEX_FILE)) {
      throw new UsageError(`${shown(values.restore)} is no archive: it has no ${INDEX_FILE}.`);
    }
    return { kind: 'restore', archive, to: emptyFolder(values.to), threads };
  }
  if (values.to !== undefined) throw new UsageError('--to DIR goes with --restore ARCHIVE.');
  if (positionals.length > 1) throw new UsageError('One folder at a time, please.');
  if (values.break !== undefined && !MISHAPS.includes(values.break)) {
    throw new UsageError(`--break takes one of ${MISHAPS.join(', ')}.`);
  }
  if (values.db !== undefined && values.out === undefined)
    throw new UsageError('--db FILE needs --out DIR: a temporary folder would not outlive the run.');
  return {
    kind: 'archive',
    folder: existingFolder(positionals[0] ?? OWN_FOLDER),
    out: values.out === undefined ? null : outFolder(values.out, values.db),
    db: values.db ?? null,
    keep: values.keep ?? false,
    threads,
    quality: wholeNumber('quality', values.quality, 0, 11),
    measure: values['no-measure'] !== true,
    broken: (values.break as Mishap | undefined) ?? null,
  };
}

const OWN_FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules');

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`--${option} takes a whole number from ${least} to ${most}, not ${shown(text)}.`);
}

function existingFolder(folder: string): string {
  try {
    if (statSync(folder).isDirectory()) return realpathSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `The folder ${shown(folder)} ${code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`}.`,
    );
  }
  throw new UsageError(`${shown(folder)} is no folder.`);
}

/** An archive that was begun is gone on with: then what is in its folder is its own. */
function outFolder(folder: string, db: string | undefined): string {
  return db !== undefined && existsSync(db) ? resolve(folder) : emptyFolder(folder);
}

/** Absolute, and nothing in it. */
function emptyFolder(folder: string): string {
  const path = resolve(folder);
  try {
    if (readdirSync(path).length > 0) {
      throw new UsageError(`The folder ${shown(folder)} is not empty: nothing is written into it.`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new UsageError(`${shown(folder)} can't be used as a folder (${code}).`);
  }
  return path;
}
