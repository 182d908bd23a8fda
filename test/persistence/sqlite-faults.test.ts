/** The durable backend in trouble: files that are not ours, not whole or not there, disks that are full, processes that die. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { sqlite } from 'taskloom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/persistence/backend.ts';
import type { DatabaseSettings } from '../../src/persistence/database-messages.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../src/persistence/migrations.ts';
import { SqliteDatabase } from '../../src/persistence/sqlite-database.ts';
import { atomOf, changesOf, claimOf, codeOf, namesOf } from './details.ts';
import { SqlitePlace } from './places.ts';

/** Where a process may have file systems of its own. */
const mayMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
const LEAST_PAGE = 4096;
/** ms for what starts twenty processes, on a machine that has other work too. */
const PATIENCE = 120_000;

let place: SqlitePlace;
beforeEach(() => {
  place = new SqlitePlace();
});
afterEach(() => place.remove());

describe('a file that is refused stays as it is', () => {
  const FILES: Record<string, readonly [(file: string) => void, string, RegExp]> = {
    'a text': [
      (file) => writeFileSync(file, 'no database\n'.repeat(1000)),
      'STORAGE_FOREIGN',
      /no database of SQLite/,
    ],
    'a short text': [(file) => writeFileSync(file, 'x'), 'STORAGE_FOREIGN', /no database of SQLite/],
    'of another program': [
      (file) => write(file, 'create table t (a)'),
      'STORAGE_FOREIGN',
      /of another program/,
    ],
    'of another program that says so': [
      (file) => write(file, 'create table t (a); pragma application_id = 77'),
      'STORAGE_FOREIGN',
      /of another program/,
    ],
    'of another program, with tables of our names': [
      (file) => write(file, 'create table flow (a); pragma user_version = 1'),
      'STORAGE_FOREIGN',
      /of another program/,
    ],
    'of a newer version': [
      (file) =>
        write(
          file,
          `create table t (a); pragma application_id = ${APPLICATION_ID}; pragma user_version = 999`,
        ),
      'STORAGE_VERSION',
      /newer taskloom: it has version 999, and this one knows \d+/,
    ],
  };
  test.each(Object.entries(FILES))('%s', async (_, [make, code, words]) => {
    make(place.file);
    const before = contentOf(place.folder);
    for (let time = 0; time < 2; time++) {
      await using backend = place.open();
      const error = await backend.claim(claimOf('f')).catch((thrown) => thrown);
      expect(error).toMatchObject({ code, details: { file: place.file } });
      expect(error.message).toMatch(words);
      expect(error.message).toContain(place.file);
    }
    expect(contentOf(place.folder)).toEqual(before);
  });
  test('a newer one, also when only its log says so', async () => {
    await using backend = place.open();
    await backend.upgrade();
    const other = new DatabaseSync(place.file);
    other.exec('pragma user_version = 999');
    await using late = place.open();
    expect(await codeOf(late.flows())).toBe('STORAGE_VERSION');
    other.close();
  });
});

describe('a place that cannot be used is refused, with what is the matter', () => {
  const refusal = (file: string) =>
    sqlite(file)
      .flows()
      .catch((error) => error);

  test('a folder', async () => {
    mkdirSync(place.file);
    expect(await refusal(place.file)).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: /it is a folder/,
    });
  });
  test('a folder that does not exist', async () => {
    const file = join(place.folder, 'none', 'runs.db');
    expect(await refusal(file)).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: /its folder does not exist/,
    });
    expect(readdirSync(place.folder)).toEqual([]);
  });
  test('a file in the place of the folder', async () => {
    writeFileSync(place.file, '');
    const error = await refusal(join(place.file, 'runs.db'));
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: /ENOTDIR/ });
  });
  test.runIf(process.platform === 'linux')('a device', async () => {
    expect(await refusal('/dev/zero')).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: /no regular file/,
    });
  });
  test.runIf(mayMount)('a file system that is read-only', async () => {
    const { folder, file } = place;
    for (const [words, make] of [
      ['its folder is read-only', () => {}],
      ['it is read-only', () => write(file, `pragma application_id = ${APPLICATION_ID}; create table t (a)`)],
    ] as const) {
      make();
      const before = contentOf(folder);
      const mount = `mount --bind "${folder}" "${folder}" && mount -o remount,ro,bind "${folder}"`;
      expect(inOwnMounts(mount, 'opener.mjs', file)).toEqual({
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringContaining(words),
      });
      expect(contentOf(folder)).toEqual(before);
    }
  });
});

describe('an older file', () => {
  const settings = (): DatabaseSettings => ({
    file: place.file,
    path: place.file,
    durability: 'full',
    busyTimeout: 1000,
  });
  const versionOf = (file: string) => {
    const database = new DatabaseSync(file);
    const row = database.prepare('pragma user_version').get() as { user_version: number };
    database.close();
    return row.user_version;
  };

  test('of version 0 is given the schema', async () => {
    write(place.file, `pragma application_id = ${APPLICATION_ID}`);
    await using backend = place.open();
    expect(await backend.flows()).toEqual([]);
    expect(versionOf(place.file)).toBe(MIGRATIONS.length);
  });
  test('goes through the steps that it lacks, and keeps what is in it', async () => {
    const backend = place.open();
    await backend.claim(claimOf('f'));
    await backend.close();
    const steps = [...MIGRATIONS, 'alter table flow add column more text; update flow set more = id'];
    const newer = new SqliteDatabase(settings(), undefined, steps);
    expect(newer.rows('select id, more from flow')).toEqual([['f', 'f']]);
    newer.close();
    expect(versionOf(place.file)).toBe(steps.length);
    await using older = place.open();
    expect(await codeOf(older.flows())).toBe('STORAGE_VERSION');
  });
  test('stays as it is when a step fails', async () => {
    const backend = place.open();
    await backend.claim(claimOf('f'));
    await backend.close();
    const steps = [...MIGRATIONS, 'alter table flow add column more text; insert into nowhere values (1)'];
    expect(() => new SqliteDatabase(settings(), undefined, steps)).toThrow(/no such table: nowhere/);
    expect(versionOf(place.file)).toBe(MIGRATIONS.length);
    await using again = place.open();
    expect(await again.flow('f')).toMatchObject({ flowId: 'f' });
  });
});

describe('a file that is locked by another process', () => {
  test('is STORAGE_BUSY after busyTimeout, can be read, and nothing is lost', async () => {
    await using backend = place.open({ busyTimeout: 30 });
    await backend.claim(claimOf('f'));
    const other = new DatabaseSync(place.file);
    other.exec('begin immediate');
    const told = await Promise.all([
      codeOf(backend.commit(changesOf('f', { atoms: [atomOf('a')] }))),
      codeOf(backend.claim(claimOf('g'))),
      backend.flows().then((flows) => flows.length),
    ]);
    expect(told).toEqual(['STORAGE_BUSY', 'STORAGE_BUSY', 1]);
    other.exec('commit');
    other.close();
    await backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
    expect(await namesOf(backend, 'f')).toEqual(['a']);
  });
  test('is waited for', async () => {
    await using backend = place.open({ busyTimeout: 20_000 });
    await backend.claim(claimOf('f'));
    const other = new DatabaseSync(place.file);
    other.exec('begin immediate');
    const committed = backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
    await new Promise((resolve) => setImmediate(resolve));
    other.exec('commit');
    other.close();
    expect(await committed).toBeNull();
  });
});

describe('a file that is removed or replaced while it is open', () => {
  const CHANGES: Record<string, (file: string) => void> = {
    removed: (file) => rmSync(file),
    'moved away': (file) => renameSync(file, `${file}.away`),
    'replaced by a copy': (file) => {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
    'robbed of its log': (file) => rmSync(`${file}-wal`),
  };
  test.each(Object.entries(CHANGES))('%s', async (_, change) => {
    await using backend = place.open();
    await backend.claim(claimOf('f'));
    change(place.file);
    for (const call of [backend.commit(changesOf('f')), backend.flows(), backend.claim(claimOf('g'))])
      expect(await call.catch((error) => error)).toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: /was removed or replaced/,
      });
  });
  test('is written again when it is back', async () => {
    await using backend = place.open();
    await backend.claim(claimOf('f'));
    renameSync(place.file, `${place.file}.away`);
    expect(await codeOf(backend.commit(changesOf('f')))).toBe('STORAGE_UNAVAILABLE');
    renameSync(`${place.file}.away`, place.file);
    await backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
    expect(await namesOf(backend, 'f')).toEqual(['a']);
  });
});

describe('a file that is damaged', () => {
  beforeEach(async () => {
    const backend = place.open();
    await backend.claim(claimOf('f', { lease: 0 }));
    const atoms = Array.from({ length: 2000 }, (_, at) =>
      atomOf(`task ${at}`, { rest: new Uint8Array(100) }),
    );
    await backend.commit(changesOf('f', { atoms, lease: 0 }));
    await backend.close();
  });

  test('in its pages is STORAGE_CORRUPT, and check says where', async () => {
    const { size } = statSync(place.file);
    const descriptor = openSync(place.file, 'r+');
    for (let at = LEAST_PAGE * 30; at < size; at += LEAST_PAGE)
      writeSync(descriptor, Buffer.alloc(LEAST_PAGE, 0xa5), 0, LEAST_PAGE, at);
    closeSync(descriptor);
    await using backend = place.open();
    expect(await backend.flow('f')).toMatchObject({ flowId: 'f' });
    const error = await backend.atoms('f').catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'STORAGE_CORRUPT',
      details: { file: place.file, sqlite: expect.any(Number) },
    });
    const found = await backend.check();
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toMatch(/page \d\d/);
  });
  test('by being cut short is STORAGE_CORRUPT', async () => {
    truncateSync(place.file, LEAST_PAGE * 20);
    await using backend = place.open();
    expect(await codeOf(backend.atoms('f'))).toBe('STORAGE_CORRUPT');
  });
  test('by junk in its log is whole: what is no log is no log', async () => {
    writeFileSync(`${place.file}-wal`, Buffer.alloc(100_000, 0x5a));
    await using backend = place.open();
    expect(await backend.atoms('f')).toHaveLength(2000);
    expect(await backend.check()).toEqual([]);
  });
  test('by a state that there is not is STORAGE_CORRUPT, by name', async () => {
    write(place.file, "update atom set state = 'WELL' where name = 'task 7'");
    await using backend = place.open();
    const error = await backend.atoms('f').catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'STORAGE_CORRUPT', message: expect.stringContaining("'task 7'") });
  });
  test('where large results lie still shows its atoms: those are read by who asks for them', async () => {
    await using backend = place.open();
    const large = atomOf('large', { result: new Uint8Array(1_000_000).fill(0xab) });
    await backend.claim(claimOf('g', { lease: 0 }));
    await backend.commit(changesOf('g', { atoms: [large], lease: 0 }));
    await backend.close();
    const bytes = readFileSync(place.file);
    for (let at = 0; at < bytes.length; at += LEAST_PAGE)
      if (bytes.subarray(at + 4, at + LEAST_PAGE).every((byte) => byte === 0xab))
        bytes.fill(0xa5, at, at + LEAST_PAGE);
    writeFileSync(place.file, bytes);
    await using again = place.open();
    expect(await again.atomsWithoutResults('g')).toMatchObject([{ name: 'large', state: 'SUCCESS' }]);
    expect(await codeOf(again.atoms('g'))).toBe('STORAGE_CORRUPT');
  });
  test('by a missing result is found, with the run that it is of', async () => {
    write(place.file, "update atom set large = 77 where name = 'task 7'");
    await using backend = place.open();
    expect(await backend.check()).toEqual(["the result of the atom 'task 7' of the run 'f' is gone"]);
  });
  test('by missing rows is found', async () => {
    write(
      place.file,
      "update atom set large = 77 where name = 'task 7'; pragma foreign_keys = off; delete from flow",
    );
    await using backend = place.open();
    const found = (await backend.check()).join('\n');
    expect(found).toContain("the result of the atom 'task 7' is gone");
    expect(found).toContain('a row of atom belongs to none of flow');
  });
});

describe('a disk', () => {
  test.runIf(mayMount)('that is full is STORAGE_FULL; when there is room again, so are the commits', () => {
    const mount = `mount -t tmpfs -o size=3m none "${place.folder}"`;
    const { code, kept, read, values, broken } = inOwnMounts(mount, 'filler.mjs', place.folder);
    expect(code).toBe('STORAGE_FULL');
    expect(kept).toBeGreaterThan(2);
    expect(read).toBe(kept);
    expect(values).toBe(Number(kept) + 1);
    expect(broken).toEqual([]);
  });
});

describe('a process', () => {
  test(
    'that is killed in the midst leaves what it announced, and no half of a commit',
    async () => {
      // Two at a time, so that the one's end comes in the midst of the other's commits.
      for (let round = 1; round <= 10; round++) {
        const ends = [
          killedAfter(`a${round}`, round, 'full'),
          killedAfter(`b${round}`, 21 - round, 'normal'),
        ];
        const announced = await Promise.all(ends);
        await using backend = place.open();
        await expectWhole(backend, `a${round}`, announced[0]!);
        await expectWhole(backend, `b${round}`, announced[1]!);
        if (round % 5 === 0) expect(await backend.check()).toEqual([]);
      }
    },
    PATIENCE,
  );
  test('among several that make one file, and write to it at once, loses nothing', async () => {
    const children = ['a', 'b', 'c'].map((flowId) => commit(flowId, 40, 'normal'));
    const codes = await Promise.all(
      children.map(async (child) => {
        child.stdout!.resume();
        const [code] = (await once(child, 'close')) as [number];
        return code;
      }),
    );
    expect(codes).toEqual([0, 0, 0]);
    await using backend = place.open();
    for (const flowId of ['a', 'b', 'c']) {
      expect(await backend.flow(flowId)).toMatchObject({ atoms: 40 });
      expect(await backend.atoms(flowId)).toHaveLength(80);
    }
    expect(await backend.check()).toEqual([]);
  });
});

/** Kills a process when it has announced so many commits, while it makes the next ones; gives how many it had announced then. */
async function killedAfter(flowId: string, commits: number, durability: string): Promise<number> {
  const child = commit(flowId, 1_000_000, durability);
  let announced = 0;
  for await (const line of createInterface(child.stdout!)) {
    announced = Number(line);
    if (announced === commits) child.kill('SIGKILL');
  }
  expect(announced).toBeGreaterThanOrEqual(commits);
  return announced;
}

async function expectWhole(backend: Backend, flowId: string, announced: number): Promise<void> {
  // At once: its owner is dead, whatever its lease says.
  const flow = await backend.claim(claimOf(flowId));
  expect(flow.atoms).toBeGreaterThanOrEqual(announced);
  const atoms = (await backend.atoms(flowId)).map(({ name, result }) => `${name}: ${result?.length}`);
  const numbers = Array.from({ length: flow.atoms }, (_, at) => at + 1);
  const whole = numbers.flatMap((nth) => [`small ${nth}: 10`, `large ${nth}: 20000`]);
  expect(atoms.toSorted()).toEqual(whole.toSorted());
}

function write(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

/** Names and digests of all that lies in a folder. */
function contentOf(folder: string): Record<string, string> {
  const digest = (name: string) =>
    createHash('sha1')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(readdirSync(folder).map((name) => [name, digest(name)]));
}

/** What a fixture says that runs with file systems of its own. */
function inOwnMounts(mount: string, fixture: string, argument: string): Record<string, unknown> {
  const command = `${mount} && exec "$0" "$@"`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', command, process.execPath, pathOf(fixture), argument],
    { encoding: 'utf8', timeout: 25_000 },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function commit(flowId: string, count: number, durability: string): ChildProcess {
  return spawn(process.execPath, [pathOf('committer.mjs'), place.file, flowId, `${count}`, durability], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function pathOf(fixture: string): string {
  return fileURLToPath(new URL(`../fixtures/persistence/${fixture}`, import.meta.url));
}
