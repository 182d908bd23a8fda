/**
 * Opens the database, and keeps the connection: only on the database's thread. A file that is refused is left as it was; a new
 * one, or one of an older version, becomes one of this version in one transaction.
 */
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import type { DatabaseSettings } from './database-messages.ts';
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts';
import { damageWithLog, isBusy, storageError, unavailable } from './sqlite-errors.ts';
import { checkFile, checkIdentity, filesAt, hasLog } from './sqlite-file.ts';
import type { WayOut } from './way-out.ts';

/** KB of pages held in memory. */
const CACHE = 16_384;
/** Bytes of the write-ahead log that are kept for the next writes once it is empty. */
const LOG_KEPT = 64 * 2 ** 20;
/**
 * ms between attempts while another process holds a lock; the last for all that follow. SQLite could wait by itself, but an exit
 * of the process would have to wait for that (way-out.ts).
 */
const PAUSES = [1, 2, 5, 10] as const;

/** One row, its columns in the order of the statement. */
export type Row = readonly (string | number | bigint | Uint8Array | null)[];

export class SqliteDatabase {
  readonly #connection: DatabaseSyncInstance;
  readonly #settings: DatabaseSettings;
  readonly #wayOut: Pick<WayOut, 'isWanted'>;
  /** The files that the connection has open. */
  readonly #files: string;

  /** @throws TaskloomError STORAGE_… */
  constructor(
    settings: DatabaseSettings,
    wayOut: Pick<WayOut, 'isWanted'> = { isWanted: false },
    migrations: readonly string[] = MIGRATIONS,
  ) {
    const { file, path } = settings;
    this.#settings = settings;
    this.#wayOut = wayOut;
    try {
      checkFile(settings);
      checkLog(settings);
      this.#connection = new DatabaseSync(path, { timeout: 0 });
    } catch (error) {
      throw storageError(error, file);
    }
    try {
      this.patiently(() => this.#setUp(migrations));
      this.#files = filesAt(path);
    } catch (error) {
      this.#connection.close();
      throw storageError(error, file);
    }
  }

  /** Its rows come as arrays. */
  prepare(sql: string): StatementSyncInstance {
    const statement = this.#connection.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  run(sql: string): void {
    this.#connection.exec(sql);
  }

  rows(sql: string): readonly Row[] {
    return this.prepare(sql).all() as Row[];
  }

  /** Does it again for as long as another process holds a lock that it needs, up to the time that is set for that. */
  patiently<T>(step: () => T): T {
    const deadline = Date.now() + this.#settings.busyTimeout;
    for (let tries = 0; ; tries++) {
      try {
        return step();
      } catch (error) {
        if (!isBusy(error) || Date.now() >= deadline || this.#wayOut.isWanted) throw error;
        const pause = PAUSES[tries] ?? PAUSES.at(-1);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      }
    }
  }

  /** Ends what was begun and could not be brought to its end; SQLite may have done so itself. */
  rollBack(): void {
    if (this.isInTransaction) this.run('rollback');
  }

  get isInTransaction(): boolean {
    return this.#connection.isTransaction;
  }

  /**
   * What SQLite would write into a file that was removed, it would write into nowhere, without a word.
   *
   * @throws TaskloomError STORAGE_UNAVAILABLE
   */
  checkPlace(): void {
    const { file, path } = this.#settings;
    if (filesAt(path) === this.#files) return;
    throw unavailable(file, 'was removed or replaced, or its -wal file was, while it was open');
  }

  /** Empties the write-ahead log into the file, unless another process has it open. */
  close(): void {
    this.#connection.close();
  }

  #setUp(migrations: readonly string[]): void {
    const { file, durability } = this.#settings;
    this.run(`pragma synchronous = ${durability}`);
    this.run('pragma foreign_keys = on');
    this.run(`pragma cache_size = -${CACHE}`);
    this.run(`pragma journal_size_limit = ${LOG_KEPT}`);
    if (this.#version() < migrations.length) this.#migrate(migrations);
    // Only now: so the file itself says from its first byte on whose it is, not the log beside it.
    const [mode] = this.rows('pragma journal_mode = wal')[0] ?? [];
    if (mode !== 'wal') throw unavailable(file, `is on a file system without shared memory (${mode})`);
    // The first to read opens the log, which from then on stays the same file.
    this.rows('select count(*) from sqlite_schema');
  }

  #migrate(migrations: readonly string[]): void {
    this.run('begin immediate');
    try {
      // Another process may have been faster.
      const version = this.#version();
      for (const step of migrations.slice(version)) this.run(step);
      this.run(`pragma application_id = ${APPLICATION_ID}`);
      this.run(`pragma user_version = ${migrations.length}`);
      this.run('commit');
    } finally {
      this.rollBack();
    }
  }

  /** @throws TaskloomError STORAGE_FOREIGN, STORAGE_VERSION */
  #version(): number {
    const number = (sql: string): number => Number(this.rows(sql)[0]?.[0]);
    const version = number('pragma user_version');
    const application = number('pragma application_id');
    const isNew = application === 0 && number('select count(*) from sqlite_schema') === 0;
    if (!isNew) checkIdentity(application, version, this.#settings.file);
    return version;
  }
}

/**
 * A connection that may write puts the log into the file when it is closed, also where the log was another one's and the file was
 * refused because of it. One that only reads leaves both as they are; so that one looks first.
 *
 * @throws TaskloomError STORAGE_CORRUPT
 */
function checkLog({ file, path }: DatabaseSettings): void {
  if (!hasLog(path)) return;
  const reader = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  try {
    reader.prepare('select count(*) from sqlite_schema').all();
  } catch (error) {
    const damage = damageWithLog(error, file);
    // Of all else whoever may write knows more: it waits for a lock, and takes back what was half done.
    if (damage !== null) throw damage;
  } finally {
    reader.close();
  }
}
