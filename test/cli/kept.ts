/** Runs in a database, for tests of the command line: a folder of their own, and what the tasks of `kept.mjs` left behind. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyUnit,
  type ClaimRequest,
  createEngine,
  type FlowDetail,
  type Owner,
  type SqliteBackend,
  sqlite,
} from 'taskloom';
import { type Ended, FIXTURES, type Started, start, taskloom } from './taskloom.ts';

export interface Place {
  readonly folder: string;
  readonly db: string;
  /** The options that name the store of every flow of `kept.mjs`, with the database. */
  readonly stored: readonly string[];
  /** What the tasks did since the last call. */
  told(): string;
  /** Opens the gate. */
  open(): void;
  mend(): void;
  /** Runs a flow of `kept.mjs` under an id, to its end. */
  run(exported: string, id: string, ...more: readonly string[]): Promise<Ended>;
  begin(exported: string, id: string, ...more: readonly string[]): Started;
  /** `taskloom COMMAND … --db` */
  command(...args: readonly string[]): Promise<Ended>;
  /** The object that a command writes with --json. */
  json(...args: readonly string[]): Promise<Record<string, unknown>>;
}

export function newPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'taskloom-kept-'));
  const db = join(folder, 'runs.db');
  const [log, go, mended] = ['log', 'go', 'mended'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const values = [`log=${log}`, `go=${go}`, `mended=${mended}`];
  const stored = values.flatMap((value) => ['--store', value]);
  const argsOf = (exported: string, id: string, more: readonly string[]): string[] => [
    ...['run', 'kept.mjs', '--export', exported, '--executor', 'serial', '--db', db, '--id', id],
    ...stored,
    ...more,
  ];
  let seen = 0;
  const command = (...args: readonly string[]): Promise<Ended> =>
    taskloom(args.includes('--db') ? args : [...args, '--db', db]);
  return {
    folder,
    db,
    stored,
    told() {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
      const news = lines.slice(seen).join(' ');
      seen = lines.length;
      return news;
    },
    open: () => writeFileSync(go, ''),
    mend: () => writeFileSync(mended, ''),
    run: (exported, id, ...more) => taskloom(argsOf(exported, id, more)),
    begin: (exported, id, ...more) => start(argsOf(exported, id, more)),
    command,
    async json(...args) {
      const { out } = await command(...args, '--json');
      return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    },
  };
}

/** Does something with the database from this process. */
export async function within<T>(db: string, action: (backend: SqliteBackend) => Promise<T>): Promise<T> {
  await using backend = sqlite(db, { durability: 'normal' });
  return await action(backend);
}

/** Runs a flow of `kept.mjs` in this process, as `taskloom run` would, to its end. */
export async function seed({ db, folder }: Place, exported: string, id: string, more = {}): Promise<void> {
  const flows = (await import(`${FIXTURES}kept.mjs`)) as Record<string, AnyUnit>;
  const store = { log: join(folder, 'log'), go: join(folder, 'go'), mended: join(folder, 'mended') };
  await within(db, async (backend) => {
    const factory = { module: `${FIXTURES}kept.mjs`, export: exported, root: FIXTURES };
    const options = { backend, flowId: id, factory, executor: 'serial', store, ...more };
    const engine = createEngine(flows[exported] as AnyUnit, options as never);
    await engine.run().catch(() => {});
    await engine.close();
  });
}

/** Somebody on another machine. */
export const SOMEBODY: Owner = { id: 'another', host: 'elsewhere', pid: 4711, process: '' };

/** Begins a run of which nothing is known but this. `lease`: ms for which it is somebody's; 0: it is nobody's. */
export async function beginRun(
  db: string,
  flowId: string,
  fresh: Partial<NonNullable<ClaimRequest['fresh']>> = {},
  lease = 0,
): Promise<FlowDetail> {
  return within(db, async (backend) => {
    const begun = {
      ...{ name: 'quick', logbook: 'default', atoms: 2, factory: null },
      outline: '[[0,"linear","quick"],[1,"task","first"],[1,"task","last"]]',
      ...fresh,
    };
    const detail = await backend.claim({ flowId, owner: SOMEBODY, lease, fresh: begun });
    if (lease === 0) await backend.release(flowId, detail.epoch);
    return detail;
  });
}

/** Polls until `is` holds. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await is()); ) {
    if (Date.now() > deadline) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
