/** What SQLite and the file system throw, as errors of ours: by code, with a sentence that says which file and what is the matter. */
import { type ErrorCode, TaskloomError } from '../errors.ts';

/** Primary result codes of SQLite. */
const [PERM, BUSY, LOCKED, NO_MEMORY, READONLY] = [3, 5, 6, 7, 8] as const;
const [IO, CORRUPT, FULL, CANNOT_OPEN, TOO_BIG, NOT_A_DATABASE] = [10, 11, 13, 14, 18, 26] as const;
/** An extended result code has the primary one in its lowest byte. */
const PRIMARY = 0xff;

const MEANINGS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  [FULL]: ['STORAGE_FULL', 'cannot be written: the disk is full'],
  [BUSY]: ['STORAGE_BUSY', 'is locked by another process'],
  [LOCKED]: ['STORAGE_BUSY', 'is locked by another connection'],
  [CORRUPT]: ['STORAGE_CORRUPT', 'is damaged'],
  [NOT_A_DATABASE]: ['STORAGE_CORRUPT', 'is damaged'],
  [CANNOT_OPEN]: ['STORAGE_UNAVAILABLE', 'cannot be opened'],
  [READONLY]: ['STORAGE_UNAVAILABLE', 'cannot be written: it is read-only'],
  [PERM]: ['STORAGE_UNAVAILABLE', 'cannot be opened: access is denied'],
  [IO]: ['STORAGE_UNAVAILABLE', 'cannot be read or written'],
  [NO_MEMORY]: ['STORAGE_UNAVAILABLE', 'cannot be used: there is no memory left'],
  [TOO_BIG]: ['VALUE_TOO_LARGE', 'cannot hold a value this large: SQLite takes up to 1 GB'],
};

/** Result codes by what SQLite itself says of them. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ['access permission denied', PERM],
  ['database is locked', BUSY],
  ['database table is locked', LOCKED],
  ['out of memory', NO_MEMORY],
  ['attempt to write a readonly database', READONLY],
  ['disk I/O error', IO],
  ['database disk image is malformed', CORRUPT],
  ['database or disk is full', FULL],
  ['unable to open database file', CANNOT_OPEN],
  ['string or blob too big', TOO_BIG],
  ['file is not a database', NOT_A_DATABASE],
]);
/** SQLITE_ERROR */
const UNKNOWN = 1;

/** Takes what was thrown; errors of ours stay as they are. */
export function storageError(error: unknown, file: string): unknown {
  const errcode = resultCodeOf(error);
  if (isOfSystem(error)) return unavailable(file, `cannot be opened (${error.message})`, error);
  if (errcode === null) return error;
  const [code, words] = MEANINGS[errcode & PRIMARY] ?? ['STORAGE_UNAVAILABLE', 'cannot be used'];
  const { message } = error as Error;
  return new TaskloomError(code, `The database ${file} ${words} (${message}).`, {
    details: { file, sqlite: errcode },
    cause: error,
  });
}

export function isBusy(error: unknown): boolean {
  const errcode = resultCodeOf(error);
  return errcode !== null && (errcode & PRIMARY) === BUSY;
}

/** What SQLite says of a file that has a log beside it, where that is damage; else null. */
export function damageWithLog(error: unknown, file: string): TaskloomError | null {
  const errcode = resultCodeOf(error);
  if (errcode === null || MEANINGS[errcode & PRIMARY]?.[0] !== 'STORAGE_CORRUPT') return null;
  const { message } = error as Error;
  return new TaskloomError(
    'STORAGE_CORRUPT',
    `The database ${file} is damaged, or its -wal file is that of another one (${message}). They were not changed.`,
    { details: { file, sqlite: errcode }, cause: error },
  );
}

/** @param words - What is the matter, behind the name of the file */
export function unavailable(file: string, words: string, cause?: unknown): TaskloomError {
  return new TaskloomError('STORAGE_UNAVAILABLE', `The database ${file} ${words}.`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function foreign(file: string, words: string): TaskloomError {
  return new TaskloomError(
    'STORAGE_FOREIGN',
    `${file} ${words}, and no database of taskloom. It was not changed.`,
    { details: { file } },
  );
}

/** The extended result code, where there is one; null when it wasn't SQLite that threw. */
function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode;
  if (!('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return null;
  // The binding leaves the code out of what a query throws in its midst (1.2.1).
  return WORDS.get(error.message) ?? UNKNOWN;
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
