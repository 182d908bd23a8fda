/** The durable backend beyond the contract: groups of commits, what is in the file, upkeep, and its thread. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { sqlite } from 'taskloom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqliteDatabase } from '../../src/persistence/sqlite-database.ts';
import { backendContract } from './contract.ts';
import { atomOf, bytesOf, changesOf, claimOf, codeOf, namesOf } from './details.ts';
import { SqlitePlace } from './places.ts';

backendContract('sqlite', () => new SqlitePlace());

let place: SqlitePlace;
beforeEach(() => {
  place = new SqlitePlace();
});
afterEach(() => place.remove());

describe('the options', () => {
  test.each([
    ['', {}],
    ['a\0b', {}],
    ['x', { durability: 'half' }],
    ['x', { busyTimeout: 0.5 }],
    ['x', { timeout: 1 }],
  ])('%j, %j are refused', (path, options) => {
    expect(() => sqlite(path, options as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
  test.each([
    ['full', 2],
    ['normal', 1],
  ] as const)('durability %s is synchronous = %d, on a write-ahead log', (durability, level) => {
    const { file } = place;
    const database = new SqliteDatabase({ file, path: file, durability, busyTimeout: 123 });
    const ask = (name: string) => database.rows(`pragma ${name}`)[0]?.[0];
    expect(ask('synchronous')).toBe(level);
    expect(ask('journal_mode')).toBe('wal');
    expect(ask('foreign_keys')).toBe(1);
    database.close();
  });
});

describe('commits that wait together', () => {
  const IDS = Array.from({ length: 100 }, (_, at) => `f${at}`);

  test('share one transaction', async () => {
    await using backend = place.open();
    await Promise.all(IDS.map((id) => backend.claim(claimOf(id))));
    const before = transactionsIn(`${place.file}-wal`);
    await Promise.all(IDS.map((id) => backend.commit(changesOf(id, { atoms: [atomOf('a')] }))));
    const taken = transactionsIn(`${place.file}-wal`) - before;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(IDS.length / 2);
  });
  test('do not suffer when one of them cannot be written, and nothing of that one is', async () => {
    await using backend = place.open();
    await Promise.all(IDS.map((id) => backend.claim(claimOf(id))));
    // No whole number: the database refuses it when the atom before it is written already.
    const bad = [atomOf('good'), atomOf('bad', { attempt: 1.5 })];
    const results = await Promise.all(
      IDS.map((id, at) =>
        codeOf(
          backend.commit(
            changesOf(id, { flow: { state: 'RUNNING' }, atoms: at === 50 ? bad : [atomOf('a')] }),
          ),
        ),
      ),
    );
    expect(results).toEqual(IDS.map((_, at) => (at === 50 ? 'STORAGE_UNAVAILABLE' : 'none')));
    expect(await namesOf(backend, 'f50')).toEqual([]);
    expect(await backend.flow('f50')).toMatchObject({ state: 'PENDING' });
    for (const id of ['f0', 'f49', 'f51', 'f99']) expect(await namesOf(backend, id)).toEqual(['a']);
  });
  test('are not held up by a value that is too large, which is refused', async () => {
    await using backend = place.open();
    await backend.claim(claimOf('f'));
    const huge = new Uint8Array(new SharedArrayBuffer(1_000_000_001));
    const refused = codeOf(backend.commit(changesOf('f', { values: new Map([['huge', huge]]) })));
    const kept = codeOf(backend.commit(changesOf('f', { atoms: [atomOf('a')] })));
    expect(await Promise.all([refused, kept])).toEqual(['VALUE_TOO_LARGE', 'none']);
  });
});

describe('the file', () => {
  test('can be read by people', async () => {
    const backend = place.open();
    await backend.claim(claimOf("it's"));
    const failed = atomOf('b', { state: 'FAILURE', error: 'Error: no', result: null, elapsed: 3.25 });
    const large = atomOf('large', { result: new Uint8Array(50_000) });
    await backend.commit(
      changesOf("it's", { atoms: [atomOf('a', { result: bytesOf(1, 2) }), failed, large] }),
    );
    await backend.close();
    const rows = (sql: string) => read(place.file, sql);
    const TIME = /^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/;
    expect(rows('select * from runs')).toMatchObject([
      {
        id: "it's",
        name: 'flow',
        logbook: 'default',
        state: 'PENDING',
        created: expect.stringMatching(TIME),
        updated: expect.stringMatching(TIME),
        pid: process.pid,
        leased_until: expect.stringMatching(TIME),
        claims: 1,
      },
    ]);
    expect(rows('select run, name, kind, state, result_bytes, updated from atoms')).toEqual([
      {
        run: "it's",
        name: 'a',
        kind: 'task',
        state: 'SUCCESS',
        result_bytes: 2,
        updated: '2026-09-21 14:13:20.000',
      },
      {
        run: "it's",
        name: 'b',
        kind: 'task',
        state: 'FAILURE',
        result_bytes: null,
        updated: '2026-09-21 14:13:20.000',
      },
      {
        run: "it's",
        name: 'large',
        kind: 'task',
        state: 'SUCCESS',
        result_bytes: 50_000,
        updated: '2026-09-21 14:13:20.000',
      },
    ]);
    expect(rows('select name, elapsed_ms, error from failures')).toEqual([
      { name: 'b', elapsed_ms: 3.25, error: 'Error: no' },
    ]);
  });
  test('has less than 150 bytes for a task without a result', async () => {
    const backend = place.open();
    await backend.claim(claimOf('f'));
    for (let at = 0; at < 10_000; at += 100)
      await backend.commit(
        changesOf('f', { atoms: Array.from({ length: 100 }, (_, nth) => atomOf(`task-${at + nth}`)) }),
      );
    await backend.close();
    expect(statSync(place.file).size / 10_000).toBeLessThan(150);
  });
  test('keeps large results no longer than their atoms', async () => {
    const backend = place.open();
    const large = new Uint8Array(50_000);
    await backend.claim(claimOf('f', { lease: 0 }));
    const count = () => read(place.file, 'select count(*) as n from large')[0]!['n'];
    const item = atomOf('m[0]', { kind: 'item', map: 'm', result: large });
    const write = (changes: object) => backend.commit(changesOf('f', { lease: 0, ...changes }));
    await write({ atoms: [atomOf('a', { result: large }), item, { ...item, name: 'm[1]' }] });
    expect(count()).toBe(3);
    await write({
      atoms: [atomOf('a', { result: bytesOf(1) }), { ...item, result: new Uint8Array(60_000) }],
    });
    expect(count()).toBe(2);
    await write({ mapsDropped: ['m'] });
    expect(count()).toBe(0);
    await write({ atoms: [atomOf('a', { result: large }), item] });
    await write({ mapsForgotten: ['m'] });
    expect(count()).toBe(1);
    await backend.removeFlow('f');
    expect(count()).toBe(0);
    expect(await backend.check()).toEqual([]);
    await backend.close();
  });
});

describe('upkeep', () => {
  test('prunes what ended, is nobody’s, and is old', async () => {
    await using backend = place.open();
    const make = async (
      flowId: string,
      state: 'SUCCESS' | 'FAILURE' | 'REVERTED' | 'SUSPENDED' | 'RUNNING',
    ) => {
      await backend.claim(claimOf(flowId));
      await backend.commit(changesOf(flowId, { flow: { state }, atoms: [atomOf('a')] }));
    };
    for (const state of ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED', 'RUNNING'] as const) {
      await make(state, state);
      await backend.release(state, 1);
    }
    await make('owned', 'SUCCESS');
    expect(await backend.prune({ olderThan: 0 })).toBe(0);
    expect(await backend.prune({ olderThan: Date.now() + 1 })).toBe(3);
    expect((await backend.flows()).map(({ flowId }) => flowId)).toEqual(['owned', 'RUNNING', 'SUSPENDED']);
  });
  test('prunes more flows than go at a time', async () => {
    await using backend = place.open();
    const ids = Array.from({ length: 130 }, (_, at) => `f${at}`);
    await Promise.all(ids.map((id) => backend.claim(claimOf(id, { lease: 0 }))));
    await Promise.all(
      ids.map((id) => backend.commit(changesOf(id, { flow: { state: 'SUCCESS' }, lease: 0 }))),
    );
    expect(await backend.prune({ olderThan: Date.now() + 1 })).toBe(130);
    expect(await backend.flows()).toEqual([]);
  });
  test('gives back to the disk what is not needed', async () => {
    const backend = place.open();
    await backend.claim(claimOf('f', { lease: 0 }));
    await backend.commit(changesOf('f', { values: new Map([['x', new Uint8Array(1_000_000)]]), lease: 0 }));
    await backend.removeFlow('f');
    await backend.vacuum();
    expect(await backend.check()).toEqual([]);
    await backend.close();
    expect(statSync(place.file).size).toBeLessThan(200_000);
  });
});

describe('the thread', () => {
  test('is not started before the first call', async () => {
    await using backend = place.open();
    expect(() => statSync(place.file)).toThrow(/ENOENT/);
    await backend.upgrade();
    expect(statSync(place.file).size).toBeGreaterThan(0);
  });
  test('that dies fails what is outstanding, and the next call starts another', async () => {
    await using backend = place.open({ busyTimeout: 500 });
    let worker: Worker | null = null;
    const noteWorker = (started: Worker): void => {
      worker = started;
    };
    process.on('worker', noteWorker);
    await backend.claim(claimOf('f'));
    process.off('worker', noteWorker);
    const outstanding = backend.commit(changesOf('f', { atoms: [atomOf('lost')] }));
    // Nobody sends this; it ends the thread before it looks at what came with it.
    (worker as Worker | null)?.postMessage(null);
    const error = await outstanding.catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('lost its thread'),
    });
    await backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
    expect(await namesOf(backend, 'f')).toEqual(['a']);
  });
  test('does not keep the process alive', () => {
    const opener = fileURLToPath(new URL('../fixtures/persistence/opener.mjs', import.meta.url));
    const { stdout, status } = spawnSync(process.execPath, [opener, place.file], { timeout: 20_000 });
    expect([status, JSON.parse(String(stdout))]).toEqual([0, { flows: 0 }]);
  });
  test.each(['is at work', 'waits for a lock'])('lets the process exit while it %s', async (how) => {
    await using backend = place.open();
    await backend.upgrade();
    const other = new DatabaseSync(place.file);
    if (how === 'waits for a lock') other.exec('begin immediate');
    const leaver = fileURLToPath(new URL('../fixtures/persistence/leaver.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [leaver, place.file], { timeout: 20_000 });
    other.close();
    expect([status, String(stderr)]).toEqual([7, '']);
    expect(await backend.check()).toEqual([]);
  });
  test('starts whatever options Node was given', () => {
    const url = new URL('../../dist/src/persistence/sqlite.js', import.meta.url).href;
    const code = `import { sqlite } from '${url}'; console.log((await sqlite('${place.file}').flows()).length);`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 20_000 });
    expect(String(stdout)).toBe('0\n');
  });
  test('may be one of several that make the file at once', async () => {
    const backends = Array.from({ length: 5 }, () => place.open());
    await Promise.all(backends.map((each, at) => each.claim(claimOf(`f${at}`))));
    expect(await backends[0]!.flows()).toHaveLength(5);
    await Promise.all(backends.map((each) => each.close()));
  });
});

function read(file: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return (database.prepare(sql).all() as object[]).map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** Commits in a write-ahead log: https://www.sqlite.org/fileformat.html#the_write_ahead_log */
function transactionsIn(file: string): number {
  const log = readFileSync(file);
  const [header, frameHeader] = [32, 24];
  const frame = frameHeader + log.readUInt32BE(8);
  let count = 0;
  for (let at = header; at + frame <= log.length; at += frame) if (log.readUInt32BE(at + 4) !== 0) count++;
  return count;
}
