/**
 * Flows and logbooks in the database, by prepared statements. Within a request, everything that may be refused is refused
 * before anything is written: a group of requests goes on after a refusal (see sqlite-desk.ts).
 */
import type { ClaimRequest, FlowQuery } from './backend.ts';
import type { ClaimedFlow, PackedChanges, Request } from './database-messages.ts';
import { type BegunFlow, begunFlow } from './fresh-flow.ts';
import { mergedText, metadataFrom } from './metadata.ts';
import { flowNotFound, isHeld, leaseLost, type Ownership, refuseHeld } from './ownership.ts';
import {
  type Factory,
  type FlowDetail,
  type FlowWithoutOutline,
  type LogbookDetail,
  type Owner,
  withoutOutline,
} from './records.ts';
import type { Row, SqliteDatabase } from './sqlite-database.ts';
import { fromText, fromTextOrNull, toText, toTextOrNull } from './sqlite-text.ts';

const columnsWith = (
  outline: string,
) => `flow.id, flow.name, logbook, state, created_at, updated_at, atoms, ${outline},
  module, export, args, asked, owner_id, owner_host, owner_pid, owner_process, expires_at, epoch, rest`;
const OWNERSHIP = 'key, id, owner_id, owner_host, owner_pid, owner_process, expires_at';
const NO_OWNER = 'owner_id = null, owner_host = null, owner_pid = null, owner_process = null';
/** States of flows that have come to their end. */
const ENDED = "('SUCCESS', 'REVERTED', 'FAILURE')";

/** A flow's number in the database, and whose it is. */
interface Held extends Ownership {
  readonly key: number;
}

export class SqliteFlows {
  readonly #sql: ReturnType<typeof statementsOn>;

  constructor(database: SqliteDatabase) {
    this.#sql = statementsOn(database);
  }

  claim(request: ClaimRequest): ClaimedFlow {
    const { flowId, owner, lease, fresh } = request;
    const now = Date.now();
    const held = this.#find(flowId);
    if (held === null) return this.#begin(begunFlow(request, now));
    refuseHeld(held, owner.id, now);
    this.#sql.own.run(...cellsOf(owner), now + lease, held.key);
    const outline = fresh === null ? null : toText(fresh.outline);
    return claimedFrom(this.#sql.claimed.get(outline, toText(flowId)) as Row);
  }

  /** @returns the flow's number, and what somebody asks its owner for */
  commit({ flowId, epoch, lease, flow, rest }: PackedChanges, restBytes: Uint8Array | null): Committed {
    const now = Date.now();
    const change = lease === null ? this.#sql.changeLast : this.#sql.change;
    const row = change.get(
      flow.state ?? null,
      toTextOrNull(flow.name ?? null),
      flow.atoms ?? null,
      flow.asked === undefined ? 0 : 1,
      flow.asked ?? null,
      rest === undefined ? 0 : 1,
      restBytes,
      now,
      lease === null ? 0 : now + lease,
      toText(flowId),
      epoch,
    ) as Row | undefined;
    if (row === undefined)
      throw this.#find(flowId) === null ? flowNotFound(flowId) : leaseLost(flowId, epoch);
    const [key, asked] = row as readonly [number, FlowDetail['asked']];
    if (flow.outline !== undefined) this.#sql.changeOutline.run(toText(flow.outline), key);
    return { key, asked };
  }

  release(flowId: string, epoch: number): void {
    this.#sql.release.run(toText(flowId), epoch);
  }

  flow(flowId: string): FlowDetail | null {
    const row = this.#sql.flow.get(toText(flowId)) as Row | undefined;
    return row === undefined ? null : flowFrom(row);
  }

  flows({ logbook, limit, after }: FlowQuery): readonly FlowWithoutOutline[] {
    const behind = after === undefined ? Number.MAX_SAFE_INTEGER : this.#find(after)?.key;
    if (behind === undefined) return [];
    const rows =
      logbook === undefined
        ? this.#sql.flows.all(behind, limit ?? -1)
        : this.#sql.flowsOf.all(toText(logbook), behind, limit ?? -1);
    return (rows as Row[]).map((row) => withoutOutline(flowFrom(row)));
  }

  saveFactory(flowId: string, factory: Factory): void {
    const { key } = this.#need(flowId);
    this.#sql.saveFactory.run(toText(factory.module), toText(factory.export), toText(factory.args), key);
  }

  askToSuspend(flowId: string): boolean {
    const held = this.#need(flowId);
    if (!isHeld(held, Date.now())) return false;
    this.#sql.ask.run(held.key);
    return true;
  }

  removeFlow(flowId: string): boolean {
    const held = this.#find(flowId);
    if (held === null) return false;
    refuseHeld(held, null, Date.now());
    this.#sql.remove.run(held.key);
    return true;
  }

  /** Removes flows that ended, that nobody runs, and that were last written before `olderThan`. */
  prune({ olderThan, limit }: Request<'prune'>): number {
    return Number(this.#sql.prune.run(olderThan, Date.now(), limit).changes);
  }

  logbooks(): readonly LogbookDetail[] {
    return (this.#sql.logbooks.all() as Row[]).map(logbookFrom);
  }

  logbook(name: string): LogbookDetail | null {
    const row = this.#sql.logbook.get(toText(name)) as Row | undefined;
    return row === undefined ? null : logbookFrom(row);
  }

  saveLogbook(name: string, metadata: string): LogbookDetail {
    const known = this.logbook(name);
    const merged = known === null ? metadata : mergedText(JSON.stringify(known.metadata), metadata);
    this.#sql.saveLogbook.run(toText(name), known?.createdAt ?? Date.now(), merged);
    return this.logbook(name) as LogbookDetail;
  }

  removeLogbook(name: string): boolean {
    const now = Date.now();
    for (const row of this.#sql.owned.all(toText(name)) as Row[]) refuseHeld(heldFrom(row), null, now);
    return this.#sql.removeLogbook.run(toText(name)).changes > 0;
  }

  /** The flow's number; null when there is no such flow. */
  keyOf(flowId: string): number | null {
    return this.#find(flowId)?.key ?? null;
  }

  #begin(flow: BegunFlow): ClaimedFlow {
    const { flowId, name, logbook, createdAt, atoms, outline, factory, owner, expiresAt, epoch } = flow;
    const texts = [flowId, name, logbook].map(toText);
    this.#sql.noteLogbook.run(toText(logbook), createdAt);
    const made = this.#sql.begin.run(
      ...texts,
      createdAt,
      createdAt,
      atoms,
      ...cellsOf(owner),
      expiresAt,
      epoch,
    );
    const key = Number(made.lastInsertRowid);
    const [module, exported, args] = [factory?.module, factory?.export, factory?.args].map((each) =>
      toTextOrNull(each ?? null),
    );
    this.#sql.beginOrigin.run(key, toText(outline), module, exported, args);
    return { ...flow, outline: null };
  }

  #find(flowId: string): Held | null {
    const row = this.#sql.held.get(toText(flowId)) as Row | undefined;
    return row === undefined ? null : heldFrom(row);
  }

  #need(flowId: string): Held {
    const held = this.#find(flowId);
    if (held === null) throw flowNotFound(flowId);
    return held;
  }
}

export interface Committed {
  readonly key: number;
  readonly asked: FlowDetail['asked'];
}

function statementsOn(database: SqliteDatabase) {
  const sql = (text: string) => database.prepare(text);
  const selectWith = (outline: string) =>
    `select ${columnsWith(outline)} from flow join origin on origin.flow = flow.key`;
  const select = selectWith("''");
  const changeWith = (fields: string) =>
    sql(
      `update flow set state = coalesce(?, state), name = coalesce(?, name), atoms = coalesce(?, atoms),
      ${fields}, rest = case when ? then ? else rest end,
      updated_at = ?, expires_at = ? where id = ? and epoch = ? and owner_id is not null returning key, asked`,
    );
  return {
    held: sql(`select ${OWNERSHIP} from flow where id = ?`),
    flow: sql(`${selectWith('outline')} where flow.id = ?`),
    // Not the outline where it is the one that is known.
    claimed: sql(`${selectWith('nullif(outline, ?)')} where flow.id = ?`),
    flows: sql(`${select} where flow.key < ? order by flow.key desc limit ?`),
    flowsOf: sql(`${select} where logbook = ? and flow.key < ? order by flow.key desc limit ?`),
    noteLogbook: sql("insert or ignore into logbook values (?, ?, '{}')"),
    begin: sql(
      `insert into flow (id, name, logbook, state, created_at, updated_at, atoms,
      owner_id, owner_host, owner_pid, owner_process, expires_at, epoch)
      values (?, ?, ?, 'PENDING', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    beginOrigin: sql('insert into origin values (?, ?, ?, ?, ?)'),
    own: sql(
      `update flow set owner_id = ?, owner_host = ?, owner_pid = ?, owner_process = ?, expires_at = ?,
      epoch = epoch + 1 where key = ?`,
    ),
    change: changeWith('asked = case when ? then ? else asked end'),
    changeLast: changeWith(`asked = iif(?, ?, null), ${NO_OWNER}`),
    changeOutline: sql('update origin set outline = ? where flow = ?'),
    release: sql(`update flow set ${NO_OWNER}, expires_at = 0 where id = ? and epoch = ?`),
    saveFactory: sql('update origin set module = ?, export = ?, args = ? where flow = ?'),
    ask: sql("update flow set asked = 'suspend' where key = ?"),
    remove: sql('delete from flow where key = ?'),
    prune: sql(
      `delete from flow where key in (select key from flow where state in ${ENDED} and updated_at < ?
      and (owner_id is null or expires_at <= ?) limit ?)`,
    ),
    owned: sql(`select ${OWNERSHIP} from flow where logbook = ? and owner_id is not null`),
    logbooks: sql('select name, created_at, metadata from logbook order by name'),
    logbook: sql('select name, created_at, metadata from logbook where name = ?'),
    saveLogbook: sql(
      'insert into logbook values (?, ?, ?) on conflict do update set metadata = excluded.metadata',
    ),
    removeLogbook: sql('delete from logbook where name = ?'),
  };
}

function heldFrom(row: Row): Held {
  const [key, id, ...owner] = row;
  return {
    key: key as number,
    flowId: fromText(id as string),
    owner: ownerFrom(owner),
    expiresAt: row[6] as number,
  };
}

function flowFrom(row: Row): FlowDetail {
  return claimedFrom(row) as FlowDetail;
}

function claimedFrom(row: Row): ClaimedFlow {
  const text = (at: number): string => fromText(row[at] as string);
  return {
    flowId: text(0),
    name: text(1),
    logbook: text(2),
    state: row[3] as FlowDetail['state'],
    createdAt: row[4] as number,
    updatedAt: row[5] as number,
    atoms: row[6] as number,
    outline: fromTextOrNull(row[7] as string | null),
    factory: row[8] === null ? null : { module: text(8), export: text(9), args: text(10) },
    asked: row[11] as FlowDetail['asked'],
    owner: ownerFrom(row.slice(12, 16)),
    expiresAt: row[16] as number,
    epoch: row[17] as number,
    rest: row[18] as Uint8Array | null,
  };
}

/** The columns from `owner_id` to `owner_process`. */
function cellsOf({ id, host, pid, process }: Owner): (string | number)[] {
  return [toText(id), toText(host), pid, toText(process)];
}

function ownerFrom([id, host, pid, process]: Row): FlowDetail['owner'] {
  if (typeof id !== 'string') return null;
  return {
    id: fromText(id),
    host: fromText(host as string),
    pid: pid as number,
    process: fromText(process as string),
  };
}

function logbookFrom([name, createdAt, metadata]: Row): LogbookDetail {
  return {
    name: fromText(name as string),
    createdAt: createdAt as number,
    metadata: metadataFrom(metadata as string),
  };
}
