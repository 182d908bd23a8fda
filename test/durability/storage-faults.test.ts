/**
 * Where nothing can be written for a while: the run rejects with an error that says why, what runs comes to its end, and when the
 * trouble is over the same engine, or another, goes on and loses nothing that was recorded.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import {
  type AnyUnit,
  createEngine,
  type Engine,
  linear,
  type SqliteBackend,
  sqlite,
  task,
  unordered,
} from 'taskloom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from './child.ts';

let folder = '';
let file = '';
/** What the tasks did, of all engines. */
let story: string[] = [];
const opened: SqliteBackend[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'taskloom-fault-')), 'runs');
  mkdirSync(folder);
  file = join(folder, 'runs.db');
  story = [];
});
afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
  rmSync(join(folder, '..'), { recursive: true });
});

/** A chain of four tasks that note what they do; `at` is called while one does its work, as `+b` or `-b`. */
function chain(at: (what: string) => void, fails = false): AnyUnit {
  const does = (what: string): string => {
    story.push(what);
    at(what);
    return what;
  };
  const make = (name: string): AnyUnit =>
    task(name, {
      provides: name,
      execute: () => {
        does(`+${name}`);
        if (fails && name === 'd') throw new RangeError('d failed');
        return name;
      },
      revert: () => does(`-${name}`),
    }) as AnyUnit;
  return linear('chain').add(['a', 'b', 'c', 'd'].map(make)) as AnyUnit;
}

function open(path = file): SqliteBackend {
  const backend = sqlite(path, { durability: 'normal', busyTimeout: 50 });
  opened.push(backend);
  return backend;
}

function engineOf(unit: AnyUnit, backend = open()): Engine {
  return createEngine(unit, { backend, flowId: 'one', executor: 'serial' } as never) as Engine;
}

/** How a run ends: `SUCCESS`, or the code of the error or its message. */
async function endOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'SUCCESS',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

async function expectWhole(path = file): Promise<void> {
  const backend = sqlite(path);
  expect(await backend.check()).toEqual([]);
  await backend.close();
}

/** The flow's state, and those of its atoms, as they are in the file. */
async function recorded(): Promise<readonly string[]> {
  const backend = open();
  const flow = await backend.flow('one');
  const atoms = await backend.atoms('one');
  return [`${flow?.state}`, ...atoms.map(({ name, state }) => `${name} ${state}`)];
}

interface Trouble {
  readonly code: string;
  begin(): void;
  end(): void;
}

const troubles: Record<string, () => Trouble> = {
  'the database is locked': () => {
    let other: DatabaseSyncInstance | null = null;
    return {
      code: 'STORAGE_BUSY',
      begin: () => {
        other = new DatabaseSync(file);
        other.exec('begin immediate');
      },
      end: () => other?.close(),
    };
  },
  'its folder is moved away': () => ({
    code: 'STORAGE_UNAVAILABLE',
    begin: () => renameSync(folder, `${folder}-elsewhere`),
    end: () => renameSync(`${folder}-elsewhere`, folder),
  }),
  'the file is moved away': () => ({
    code: 'STORAGE_UNAVAILABLE',
    begin: () => renameSync(file, `${file}-elsewhere`),
    end: () => renameSync(`${file}-elsewhere`, file),
  }),
};

describe.each(Object.entries(troubles))('while %s', (what, make) => {
  const steps = ['+a', '+b', '+c', '+d'];
  const all = [...steps, '-d', '-c', '-b', '-a'];
  // At each step with one trouble, and at some with the others: the step decides, whatever the trouble is.
  const some = (each: string[]): string[] =>
    what === 'the database is locked' ? each : each.filter((step) => ['+b', '+d', '-a'].includes(step));
  it.each(some(steps))('from %s on, the flow is suspended; the same engine then goes on', async (step) => {
    const trouble = make();
    const engine = engineOf(chain((done) => done === step && trouble.begin()));
    const told: string[] = [];
    engine.on('atom', ({ name, state }) => state === 'SUCCESS' && told.push(`+${name}`));
    expect(await endOf(engine.run())).toBe(trouble.code);
    expect(story).toEqual(steps.slice(0, steps.indexOf(step) + 1));
    // What could not be written is not told.
    expect(told).toEqual(steps.slice(0, steps.indexOf(step)));
    expect(await endOf(engine.run())).toBe(trouble.code);
    trouble.end();
    expect(await endOf(engine.run())).toBe('SUCCESS');
    expect(story).toEqual(steps);
    expect(engine.storage.flowState).toBe('SUCCESS');
    expect(told).toEqual(steps);
    expect(await recorded()).toEqual(['SUCCESS', 'a SUCCESS', 'b SUCCESS', 'c SUCCESS', 'd SUCCESS']);
    await expectWhole();
  });

  it.each(some(steps))('from %s on, another engine then goes on from what was recorded', async (step) => {
    const trouble = make();
    const engine = engineOf(chain((done) => done === step && trouble.begin()));
    expect(await endOf(engine.run())).toBe(trouble.code);
    trouble.end();
    await engine.close();
    const other = engineOf(chain(() => {}));
    expect(await endOf(other.run())).toBe('SUCCESS');
    // What was not recorded is done again.
    expect(story).toEqual([...steps.slice(0, steps.indexOf(step) + 1), ...steps.slice(steps.indexOf(step))]);
    await expectWhole();
  });

  it.each(some(all))('from %s on, a flow that fails is suspended, and then taken back', async (step) => {
    const trouble = make();
    const engine = engineOf(chain((done) => done === step && trouble.begin(), true));
    expect(await endOf(engine.run())).toBe(trouble.code);
    expect(story).toEqual(all.slice(0, all.indexOf(step) + 1));
    trouble.end();
    expect(await endOf(engine.run())).toBe('d failed');
    expect(story).toEqual(all);
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(await recorded()).toEqual(['REVERTED', 'a REVERTED', 'b REVERTED', 'c REVERTED', 'd REVERTED']);
    await expectWhole();
  });
});

const { slow } = (await import(new URL('../fixtures/durability/slow-tasks.mjs', import.meta.url).href)) as {
  slow: { as(name: string, options: object): AnyUnit };
};

it('what runs on threads when nothing can be written comes to its end, and is not run again', async () => {
  const log = join(folder, '..', 'log');
  const gates = ['b', 'c'].map((name) => join(folder, '..', `gate-${name}`)) as [string, string];
  writeFileSync(log, '');
  const lines = (): string[] =>
    readFileSync(log, 'utf8').replaceAll(`${process.pid} `, '').trim().split('\n').sort();
  const flow = linear('f').add([
    unordered('both').add([
      slow.as('b', { inject: { gate: gates[0] }, provides: 'b' }),
      slow.as('c', { inject: { gate: gates[1] }, provides: 'c' }),
    ]),
    slow.as('d', { inject: { gate: null }, provides: 'd' }),
  ]) as AnyUnit;
  const settings = { backend: open(), flowId: 'one', threads: 2, store: { log } };
  await using engine = createEngine(flow, settings as never) as Engine;
  let end: string | null = null;
  const run = endOf(engine.run()).then((found) => {
    end = found;
  });
  await until(() => lines().length === 2, 'both run');
  const other = new DatabaseSync(file);
  other.exec('begin immediate');
  writeFileSync(gates[0], '');
  await until(() => engine.storage.flowState === 'SUSPENDING', 'the run knows that it can write nothing');
  expect(end).toBeNull();
  writeFileSync(gates[1], '');
  await run;
  expect(end).toBe('STORAGE_BUSY');
  expect(engine.storage.flowState).toBe('SUSPENDED');
  expect(lines()).toEqual(['+b', '+c', '.b', '.c']);
  other.close();
  expect(await endOf(engine.run())).toBe('SUCCESS');
  expect(lines()).toEqual(['+b', '+c', '+d', '.b', '.c', '.d']);
  await expectWhole();
});

/** Bytes of the head of a write-ahead log, and of a page in it with the head of that (SQLite's file format). */
const WAL_HEAD = 32;
const WAL_FRAME = 24 + 4096;

describe('a database that is damaged', () => {
  /** Leaves the flow suspended after its second task. */
  async function half(): Promise<Engine> {
    const engine = engineOf(chain(() => {}));
    engine.on('atom', ({ name, state }) => {
      if (name === 'b' && state === 'SUCCESS') engine.suspend();
    });
    await engine.run();
    expect(story).toEqual(['+a', '+b']);
    return engine;
  }

  it('is refused, and left as it is; once it is brought back the flow goes on', async () => {
    await half();
    await opened[0]?.close();
    copyFileSync(file, `${file}-kept`);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 4096));
    const engine = engineOf(chain(() => {}));
    expect(await endOf(engine.run())).toBe('STORAGE_CORRUPT');
    expect(engine.storage.flowState).toBe('PENDING');
    expect(story).toEqual(['+a', '+b']);
    await opened[1]?.close();
    expect(readFileSync(file).equals(bytes)).toBe(true);
    copyFileSync(`${file}-kept`, file);
    expect(await endOf(engineOf(chain(() => {})).run())).toBe('SUCCESS');
    expect(story).toEqual(['+a', '+b', '+c', '+d']);
  });

  it('with a part of its log cut off is as it was at an earlier moment, and the flow goes on from there', async () => {
    await half();
    const { length } = readFileSync(`${file}-wal`);
    const done = new Set<string>();
    // In the midst of each page of it, so that each transaction is cut off once.
    for (let cut = WAL_HEAD; cut < length + WAL_FRAME; cut += WAL_FRAME) {
      const path = join(folder, `cut-${cut}.db`);
      copyFileSync(file, path);
      copyFileSync(`${file}-wal`, `${path}-wal`);
      if (cut < length) truncateSync(`${path}-wal`, cut + WAL_FRAME / 2);
      story = [];
      const backend = open(path);
      // It was being run when the files were copied, as far as they know.
      const { epoch = 0 } = (await backend.flow('one')) ?? {};
      await backend.release('one', epoch);
      expect(
        await endOf(
          engineOf(
            chain(() => {}),
            backend,
          ).run(),
        ),
      ).toBe('SUCCESS');
      await expectWhole(path);
      expect(['+a +b +c +d', '+b +c +d', '+c +d']).toContain(story.join(' '));
      done.add(story.join(' '));
    }
    expect(done.size).toBe(3);
  });

  it('whose log is removed while it is open is not written any more', async () => {
    const engine = engineOf(chain((what) => what === '+b' && rmSync(`${file}-wal`)));
    expect(await endOf(engine.run())).toBe('STORAGE_UNAVAILABLE');
    expect(story).toEqual(['+a', '+b']);
    await opened.splice(0)[0]?.close();
    // As far as the database knows, it is being run; if it knows of it at all.
    await open().release('one', 1);
    expect(await endOf(engineOf(chain(() => {})).run())).toBe('SUCCESS');
    await expectWhole();
  });
});
