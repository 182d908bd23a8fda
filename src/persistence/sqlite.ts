/**
 * The durable backend on this machine: one file of SQLite, written by a thread of its own. Several engines, and several
 * processes, may use one file at a time. `docs/database.md` describes what is in it.
 */
import { resolve } from 'node:path';
import { TaskloomError } from '../errors.ts';
import { aWholeNumber, checkOptions, type OptionRules, oneOf } from '../options.ts';
import { groupAlike } from './alike-atoms.ts';
import { atomCells } from './atom-cells.ts';
import { atomsFrom } from './atom-rows.ts';
import type { AtomQuery, Backend, ClaimRequest, FlowChanges, FlowQuery } from './backend.ts';
import { type BlobCell, BlobPacker } from './blobs.ts';
import type { AtomsAsked, PackedAtoms, PackedChanges } from './database-messages.ts';
import { DatabaseThread } from './database-thread.ts';
import { metadataText } from './metadata.ts';
import {
  type AtomDetail,
  type AtomWithoutResult,
  type DurationDetail,
  type Factory,
  type FlowDetail,
  type FlowWithoutOutline,
  type LogbookDetail,
  withoutResult,
} from './records.ts';

export interface SqliteOptions {
  /** What was announced survives, with 'full', a loss of power; with 'normal', the death of the process. Default: 'full'. */
  readonly durability?: 'full' | 'normal';
  /** ms to wait while another process holds the file locked, then the call is STORAGE_BUSY. Default: 5000. */
  readonly busyTimeout?: number;
}

export interface SqliteBackend extends Backend {
  /** Goes through the whole file. @returns what is broken, in words; nothing when all is well */
  check(): Promise<readonly string[]>;
  /** Makes the file as small as it can be; for as long, nobody else can write. */
  vacuum(): Promise<void>;
  /**
   * Removes the flows that ended (SUCCESS, REVERTED, FAILURE), that nobody runs, and that were last written before
   * `olderThan`, in ms since 1970.
   *
   * @returns how many
   */
  prune(options: { readonly olderThan: number }): Promise<number>;
  /** Opens the file, which gives it the newest schema. */
  upgrade(): Promise<void>;
}

const RULES: OptionRules<SqliteOptions> = {
  durability: oneOf('full', 'normal'),
  busyTimeout: aWholeNumber(0),
};
/** ms: SQLite counts them in 31 bits. */
const LONGEST = 2 ** 31 - 1;
/** Flows that are removed at a time, so that others can write in between. */
const PRUNED_AT_A_TIME = 50;

/**
 * Keeps details in a file, which is made when there is none; its folder must be there. Nothing is opened before the first call.
 *
 * @throws TaskloomError OPTION_INVALID
 */
export function sqlite(path: string, options: SqliteOptions = {}): SqliteBackend {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new TaskloomError('OPTION_INVALID', 'sqlite(path) needs the path of a file.', {
      details: { path },
    });
  // SQLite's own name for a database without a file, which would not survive: memory() is that.
  if (path === ':memory:')
    throw new TaskloomError('OPTION_INVALID', "sqlite(':memory:') would keep nothing: use memory().", {
      details: { path },
    });
  checkOptions(options, RULES, 'sqlite()');
  const { durability = 'full', busyTimeout = 5000 } = options;
  const settings = { file: path, path: resolve(path), durability };
  return new Sqlite(new DatabaseThread({ ...settings, busyTimeout: Math.min(busyTimeout, LONGEST) }));
}

class Sqlite implements SqliteBackend {
  readonly #thread: DatabaseThread;

  constructor(thread: DatabaseThread) {
    this.#thread = thread;
  }

  async claim(request: ClaimRequest): Promise<FlowDetail> {
    const flow = await this.#thread.ask({ kind: 'claim', request });
    return { ...flow, outline: flow.outline ?? request.fresh?.outline ?? '' };
  }

  async commit(changes: FlowChanges): Promise<FlowDetail['asked']> {
    const blobs = new BlobPacker();
    const packed = packedChanges(changes, blobs);
    return this.#thread.ask({ kind: 'commit', changes: packed }, blobs.moved);
  }

  async release(flowId: string, epoch: number): Promise<void> {
    await this.#thread.ask({ kind: 'release', flowId, epoch });
  }

  flow(flowId: string): Promise<FlowDetail | null> {
    return this.#thread.ask({ kind: 'flow', flowId });
  }

  flows(query: FlowQuery = {}): Promise<readonly FlowWithoutOutline[]> {
    return this.#thread.ask({ kind: 'flows', query });
  }

  atoms(flowId: string, query: AtomQuery = {}): Promise<readonly AtomDetail[]> {
    return this.#atoms({ flowId, query, withResults: true }, (atom) => atom);
  }

  atomsWithoutResults(flowId: string, query: AtomQuery = {}): Promise<readonly AtomWithoutResult[]> {
    return this.#atoms({ flowId, query, withResults: false }, withoutResult);
  }

  values(flowId: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#thread.ask({ kind: 'values', flowId });
  }

  durations(): Promise<readonly DurationDetail[]> {
    return this.#thread.ask({ kind: 'durations' });
  }

  async saveFactory(flowId: string, factory: Factory): Promise<void> {
    await this.#thread.ask({ kind: 'saveFactory', flowId, factory });
  }

  askToSuspend(flowId: string): Promise<boolean> {
    return this.#thread.ask({ kind: 'askToSuspend', flowId });
  }

  removeFlow(flowId: string): Promise<boolean> {
    return this.#thread.ask({ kind: 'removeFlow', flowId });
  }

  logbooks(): Promise<readonly LogbookDetail[]> {
    return this.#thread.ask({ kind: 'logbooks' });
  }

  logbook(name: string): Promise<LogbookDetail | null> {
    return this.#thread.ask({ kind: 'logbook', name });
  }

  async saveLogbook({ name, metadata }: Pick<LogbookDetail, 'name' | 'metadata'>): Promise<LogbookDetail> {
    return this.#thread.ask({ kind: 'saveLogbook', name, metadata: metadataText(name, metadata) });
  }

  removeLogbook(name: string): Promise<boolean> {
    return this.#thread.ask({ kind: 'removeLogbook', name });
  }

  check(): Promise<readonly string[]> {
    return this.#thread.ask({ kind: 'check' });
  }

  async vacuum(): Promise<void> {
    await this.#thread.ask({ kind: 'vacuum' });
  }

  async prune({ olderThan }: { readonly olderThan: number }): Promise<number> {
    let all = 0;
    for (;;) {
      const limit = PRUNED_AT_A_TIME;
      const removed = await this.#thread.ask({ kind: 'prune', olderThan, limit });
      all += removed;
      if (removed === 0) return all;
    }
  }

  async upgrade(): Promise<void> {
    await this.#thread.ask({ kind: 'upgrade' });
  }

  close(): Promise<void> {
    return this.#thread.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #atoms<T>(asked: AtomsAsked, made: (atom: AtomDetail) => T): Promise<readonly T[]> {
    const atoms: T[] = [];
    const take = (page: PackedAtoms): void => {
      for (const atom of atomsFrom(page)) atoms.push(made(atom));
    };
    const last = await this.#thread.ask({ kind: 'atoms', ...asked }, [], take);
    if (last !== null) take(last);
    return atoms;
  }
}

/** In the order in which the other side takes the blobs out. Field by field: rest patterns cost several times as much. */
function packedChanges(changes: FlowChanges, blobs: BlobPacker): PackedChanges {
  const { flowId, epoch, lease, flow, mapsForgotten, mapsDropped, durations } = changes;
  const rest = flow.rest === undefined ? undefined : blobs.add(flow.rest);
  const others: AtomDetail[] = [];
  const alike = groupAlike(changes.atoms, blobs, others);
  const atoms = atomCells(others, blobs);
  const values: (string | BlobCell)[] = [];
  for (const [symbol, value] of changes.values) values.push(symbol, blobs.add(value));
  const packed = blobs.finish();
  const fields = flow.rest === undefined ? flow : { ...flow, rest: null };
  return {
    flowId,
    epoch,
    lease,
    flow: fields,
    rest,
    mapsForgotten,
    mapsDropped,
    alike,
    atoms,
    values,
    durations,
    packed,
  };
}
