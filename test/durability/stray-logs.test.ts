/**
 * What lies beside a database under the names of its log and of its shared memory, and is something else: what is recorded is
 * still there, or the database is refused by a code; a run never goes on with half of it.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyUnit, createEngine, type Engine, linear, type SqliteBackend, sqlite, task } from 'taskloom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';

let folder = '';
let story: string[] = [];
const opened: SqliteBackend[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskloom-stray-'));
  story = [];
});
afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);

function open(name: string): SqliteBackend {
  const backend = sqlite(at(name), { durability: 'normal', busyTimeout: 50 });
  opened.push(backend);
  return backend;
}

function engineOf(backend: SqliteBackend, flowId: string): Engine {
  const make = (name: string): AnyUnit =>
    task(name, {
      provides: name,
      execute: () => {
        story.push(name);
        return name;
      },
    }) as AnyUnit;
  const flow = linear('chain').add(['a', 'b', 'c', 'd'].map(make)) as AnyUnit;
  return createEngine(flow, { backend, flowId, executor: 'serial' } as never) as Engine;
}

/** Flows that are suspended after their second task; the database stays open. */
async function half(name: string, flowIds: readonly string[]): Promise<SqliteBackend> {
  const backend = open(name);
  for (const flowId of flowIds) {
    const engine = engineOf(backend, flowId);
    engine.on('atom', ({ name: atom, state }) => {
      if (atom === 'b' && state === 'SUCCESS') engine.suspend();
    });
    await engine.run();
    await engine.close();
  }
  story = [];
  return backend;
}

const many = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

const random = randomFrom(7);
const JUNK = Buffer.from(Array.from({ length: 40_000 }, () => Math.floor(random() * 256)));

/** Goes on with the flow, and says what ran. */
async function goOn(name: string, flowId = 'one'): Promise<string> {
  const backend = open(name);
  const engine = engineOf(backend, flowId);
  const refused = await engine.run().then(
    () => null,
    (error: { code: string }) => error.code,
  );
  await engine.close();
  if (refused !== null) return refused;
  expect(await backend.check()).toEqual([]);
  return story.join(' ');
}

describe('beside a database whose process died', () => {
  /** The database and its log as they lie there then, and another one's shared memory. */
  async function broken(): Promise<void> {
    await half('runs', ['one']);
    await half('other', many('two', 20));
    copyFileSync(at('runs'), at('copy'));
    copyFileSync(at('runs-wal'), at('copy-wal'));
  }

  it.each([
    ['of another database', () => copyFileSync(at('other-shm'), at('copy-shm'))],
    ['of junk', () => writeFileSync(at('copy-shm'), JUNK)],
    ['that is cut short', () => writeFileSync(at('copy-shm'), JUNK.subarray(0, 100))],
    ['that is empty', () => writeFileSync(at('copy-shm'), '')],
  ])('a shared memory %s is made anew from the log', async (_, lay) => {
    await broken();
    lay();
    expect(await goOn('copy')).toBe('c d');
  });

  it('a log of junk is none: what was not in the file is not there, and the flow begins', async () => {
    await broken();
    writeFileSync(at('copy-wal'), JUNK);
    expect(await goOn('copy')).toBe('a b c d');
  });
});

it.each([
  ['junk', JUNK],
  ['a few bytes', JUNK.subarray(0, 20)],
  ['nothing', ''],
])('beside a database that was closed, a log and a shared memory of %s change nothing', async (_, bytes) => {
  await (await half('runs', ['one'])).close();
  writeFileSync(at('runs-wal'), bytes);
  writeFileSync(at('runs-shm'), bytes);
  expect(await goOn('runs')).toBe('c d');
});

/**
 * SQLite can't know whose log it is (https://www.sqlite.org/howtocorrupt.html, 1.4), and takes pages of it for those of the
 * file. So all that can hold is that nobody runs on half of each.
 */
describe('beside a database that was closed, the log of another one', () => {
  /** So many flows in each file, beside the one, and one more that is only in the log of the other. */
  async function mixed(mine: number, others: number): Promise<void> {
    await (await half('runs', ['one', ...many('mine', mine)])).close();
    await (await half('other', many('two', others))).close();
    await half('other', ['three']);
    copyFileSync(at('other-wal'), at('runs-wal'));
  }

  it('that knows fewer pages than the file has is refused, and both are left: without it, all is there', async () => {
    await mixed(30, 0);
    const bytes = readFileSync(at('runs'));
    expect(await goOn('runs')).toBe('STORAGE_CORRUPT');
    await opened.pop()?.close();
    expect(readFileSync(at('runs')).equals(bytes)).toBe(true);
    rmSync(at('runs-wal'));
    expect(await goOn('runs')).toBe('c d');
  });

  it.each([
    [0, 0],
    [4, 4],
    [0, 30],
  ])('is refused, or is what is there, whole: %i and %i', async (mine, others) => {
    await mixed(mine, others);
    expect(['STORAGE_CORRUPT', 'a b c d', 'c d']).toContain(await goOn('runs'));
  });
});
