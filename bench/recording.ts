/**
 * What it costs to keep a run in a SQLite file: the same flows with and without a backend. Beside `full` stands what the disk
 * alone takes for as many transactions, each flushed, and what SQLite takes to write as much with nothing of ours, measured in
 * the same round.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import {
  type AnyUnit,
  type Backend,
  createEngine,
  sqlite,
  ThreadPoolTaskExecutor,
  unordered,
} from 'taskloom';
import { calibrate } from './calibrate.ts';
import { type Figure, figure, type Samples, zip } from './figure.ts';
import { unorderedNoOps } from './no-op-flows.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { interleave, timed } from './rounds.ts';
import { inScratch } from './scratch.ts';
import { spinFor } from './tasks.ts';

const TASKS = { full: 10_000, quick: 200 };
const WORK = { full: 1000, quick: 20 };
const ENGINES = { full: 1000, quick: 20 };
const TASKS_OF_EACH = 10;
/** Rows in a transaction of SQLite alone: about as many as in one of ours. */
const ROWS = 2500;
/** Flushes that are measured together. */
const FLUSHES = 50;
/** Transactions one by one are slow: fewer of them tell as much. */
const ONE_BY_ONE = { full: 500, quick: 20 };

export const recording: Question = {
  name: 'recording',
  asks: 'What does it cost to keep a run in a file, so that it survives?',
  answer: (scale) =>
    inScratch(async (folder) => {
      await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
      const files = new Files(folder);
      return [
        ...(await noOps(scale, executor, files)),
        ...(await milliseconds(scale, executor, files)),
        ...(await manyEngines(scale, executor, files)),
      ];
    }),
};

const named = (name: string, unit: string) => ({ bench: 'recording', case: name, unit });

async function noOps(
  { quick, rounds }: Scale,
  executor: ThreadPoolTaskExecutor,
  files: Files,
): Promise<readonly Figure[]> {
  const count = quick ? TASKS.quick : TASKS.full;
  const flow = unorderedNoOps(count);
  const sizes: number[] = [];
  const commits: number[] = [];
  const times = await interleave(rounds, {
    memory: () => timedRun(flow, executor, undefined),
    normal: () => files.with('normal', (backend) => timedRun(flow, executor, backend)),
    full: () =>
      files.with(
        'full',
        async (backend) => {
          const counted = countCommits(backend);
          const ms = await timedRun(flow, executor, counted.backend);
          commits.push(counted.count());
          return ms;
        },
        (bytes) => void sizes.push(bytes / count),
      ),
    flush: () => flushTime(files.next()),
    alone: () => timed(() => writeAlone(files.next(), count)),
    singly: () => oneByOne(files.next(), quick ? ONE_BY_ONE.quick : ONE_BY_ONE.full),
  });
  // The first round, which is not measured, counts and weighs as well.
  const counts = commits.slice(-rounds);
  const memory = { case: `${count} no-ops, without a backend`, samples: times.memory };
  const least = zip(
    zip(counts, times.flush, (n, ms) => n * ms),
    times.memory,
    (disk, ms) => disk + ms,
  );
  const perSecond = (ms: Samples, tasks: number): Samples => ms.map((each) => (tasks / each) * 1000);
  const singly = { case: 'a transaction for each change', samples: perSecond(times.singly, 1) };
  return [
    figure(named(memory.case, 'ms'), memory.samples),
    figure(named(`${count} no-ops, normal`, 'ms'), times.normal, memory, { on: 'ratio', atMost: 3 }),
    figure(named(`${count} no-ops, full`, 'ms'), times.full, memory, { on: 'ratio', atMost: 6 }),
    figure(named('group commits, full', 'commits'), counts),
    figure(named('one flush of the disk', 'ms'), times.flush),
    figure(named(`${count} rows written twice, full, SQLite alone`, 'ms'), times.alone),
    figure(
      named(`${count} no-ops, full`, 'ms'),
      times.full,
      { case: 'its flushes and the run without a backend', samples: least },
      { on: 'ratio', atMost: 1.2 },
    ),
    figure(named(singly.case, 'tasks/s'), singly.samples),
    figure(named('recorded, full', 'tasks/s'), perSecond(times.full, count), singly, {
      on: 'ratio',
      atLeast: 10,
    }),
    figure(named('file', 'bytes/task'), sizes.slice(-rounds), null, { on: 'value', atMost: 300 }),
  ];
}

async function milliseconds(
  scale: Scale,
  executor: ThreadPoolTaskExecutor,
  files: Files,
): Promise<readonly Figure[]> {
  const turns = Math.round(calibrate(scale));
  const count = scale.quick ? WORK.quick : WORK.full;
  const flow = unordered('work').add(
    Array.from({ length: count }, (_, at) => spinFor.as(`task-${at}`, { inject: { turns } })),
  );
  const times = await interleave(scale.rounds, {
    memory: () => timedRun(flow, executor, undefined),
    normal: () => files.with('normal', (backend) => timedRun(flow, executor, backend)),
    full: () => files.with('full', (backend) => timedRun(flow, executor, backend)),
  });
  const memory = { case: `${count} tasks of 1 ms, without a backend`, samples: times.memory };
  const name = `${count} tasks of 1 ms`;
  return [
    figure(named(memory.case, 'ms'), memory.samples),
    figure(named(`${name}, normal`, 'ms'), times.normal, memory, { on: 'ratio', atMost: 1.05 }),
    figure(named(`${name}, full`, 'ms'), times.full, memory, { on: 'ratio', atMost: 1.15 }),
  ];
}

async function manyEngines(
  { quick, rounds }: Scale,
  executor: ThreadPoolTaskExecutor,
  files: Files,
): Promise<readonly Figure[]> {
  const engines = quick ? ENGINES.quick : ENGINES.full;
  const [one, small] = [unorderedNoOps(engines * TASKS_OF_EACH), unorderedNoOps(TASKS_OF_EACH)];
  const rate = (ms: number): number => (engines * TASKS_OF_EACH * 1000) / ms;
  const oneEngine = async (backend?: Backend): Promise<number> =>
    rate(await timedRun(one, executor, backend));
  const manyAtOnce = async (backend?: Backend): Promise<number> =>
    rate(
      await timed(() =>
        Promise.all(Array.from({ length: engines }, () => timedRun(small, executor, backend))),
      ),
    );
  const rates = await interleave(rounds, {
    one: () => files.with('normal', oneEngine),
    many: () => files.with('normal', manyAtOnce),
    oneInMemory: () => oneEngine(),
    manyInMemory: () => manyAtOnce(),
  });
  const single = { case: `one engine of ${engines * TASKS_OF_EACH} no-ops`, samples: rates.one };
  const inMemory = { case: `${single.case}, without a backend`, samples: rates.oneInMemory };
  const many = `${engines} engines of ${TASKS_OF_EACH}, at once`;
  return [
    figure(named(single.case, 'tasks/s'), single.samples),
    figure(named(many, 'tasks/s'), rates.many, single, { on: 'ratio', atLeast: 0.5 }),
    figure(named(inMemory.case, 'tasks/s'), inMemory.samples),
    figure(named(`${many}, without a backend`, 'tasks/s'), rates.manyInMemory, inMemory),
  ];
}

/** ms from the making of an engine to the end of its run. */
async function timedRun(
  flow: AnyUnit,
  executor: ThreadPoolTaskExecutor,
  backend: Backend | undefined,
): Promise<number> {
  return timed(async () => {
    const engine = createEngine(flow, { executor, backend });
    await engine.run();
    await engine.close();
  });
}

/** Databases, each in a file of its own. */
class Files {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  next(): string {
    return join(this.#folder, `${this.#count++}.db`);
  }

  async with(
    durability: 'normal' | 'full',
    use: (backend: Backend) => Promise<number>,
    weigh: (bytes: number) => void = () => {},
  ): Promise<number> {
    const path = this.next();
    const backend = sqlite(path, { durability });
    try {
      // The thread and the file are there before anything is measured.
      await backend.flows();
      return await use(backend);
    } finally {
      await backend.close();
      weigh(statSync(path).size);
      rmSync(path);
    }
  }
}

function countCommits(backend: Backend): { readonly backend: Backend; count(): number } {
  let commits = 0;
  const counting = new Proxy(backend, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name === 'commit' || name === 'claim' || name === 'release') commits++;
      return value.bind(target) as unknown;
    },
  });
  return { backend: counting, count: () => commits };
}

/** ms that the disk takes to keep 4 KB. */
function flushTime(path: string): number {
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const began = performance.now();
  for (let at = 0; at < FLUSHES; at++) {
    writeSync(file, page, 0, page.length, at * page.length);
    fdatasyncSync(file);
  }
  const ms = (performance.now() - began) / FLUSHES;
  closeSync(file);
  rmSync(path);
  return ms;
}

/** SQLite with nothing of ours, as durable as `full`. */
function openAlone(path: string): DatabaseSyncInstance {
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  return database;
}

/** So many atoms as sent, and then as done, in as few transactions as an engine of 10,000 takes. */
function writeAlone(path: string, count: number): void {
  const database = openAlone(path);
  database.exec(
    'create table atom (flow, name, state, attempt, updated_at, elapsed, result, primary key (flow, name)) without rowid',
  );
  const insert = database.prepare("insert into atom values (1, ?, 'RUNNING', 1, ?, null, null)");
  const update = database.prepare(
    "update atom set state = 'SUCCESS', updated_at = ?, elapsed = ?, result = ? where flow = 1 and name = ?",
  );
  for (let from = 0; from < count; from += ROWS) {
    const names = Array.from({ length: Math.min(ROWS, count - from) }, (_, at) => `no-op-${from + at}`);
    database.exec('begin');
    for (const name of names) insert.run(name, Date.now());
    database.exec('commit; begin');
    for (const name of names) update.run(Date.now(), 0.01, null, name);
    database.exec('commit');
  }
  database.close();
  rmSync(path);
}

/** ms per task, when each of its two changes of state is a transaction that waits for the disk. */
function oneByOne(path: string, count: number): number {
  const database = openAlone(path);
  database.exec('create table atom (name text primary key, state text) without rowid');
  const write = database.prepare(
    'insert into atom values (?, ?) on conflict do update set state = excluded.state',
  );
  const began = performance.now();
  for (let at = 0; at < count; at++) {
    write.run(`no-op-${at}`, 'RUNNING');
    write.run(`no-op-${at}`, 'SUCCESS');
  }
  const ms = (performance.now() - began) / count;
  database.close();
  rmSync(path);
  return ms;
}
