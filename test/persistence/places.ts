/** Folders of databases for tests, one for each, removed afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SqliteBackend, type SqliteOptions, sqlite } from 'taskloom';

export class SqlitePlace implements Disposable {
  readonly isShared = true;
  readonly folder: string = mkdtempSync(join(tmpdir(), 'taskloom-sqlite-'));
  readonly file: string = join(this.folder, 'runs.db');

  open(options?: SqliteOptions): SqliteBackend {
    return sqlite(this.file, options);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}
