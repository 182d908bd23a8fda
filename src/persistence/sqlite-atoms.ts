/** What belongs to one flow in the database, and durations, by prepared statements: the part where speed counts. */
import { TaskloomError } from '../errors.ts';
import type { AlikeAtoms } from './alike-atoms.ts';
import {
  ATOM_WIDTH,
  BEGAN,
  type AtomCells,
  type Cell,
  DROPPED,
  SENT,
  STANCES,
  type Stance,
} from './atom-cells.ts';
import type { AtomQuery } from './backend.ts';
import { type BlobCell, BlobPacker, type BlobReader } from './blobs.ts';
import type { PackedAtoms, PackedChanges } from './database-messages.ts';
import type { DurationDetail } from './records.ts';
import type { Row, SqliteDatabase } from './sqlite-database.ts';
import { fromText, fromTextOrNull, toText, toTextOrNull } from './sqlite-text.ts';

/** Results of more bytes stand in a table of their own, so that going through the atoms stays quick. */
const LARGE = 16 * 1024;
/** Atoms in one message: what the main thread takes in at once. */
export const PAGE = 1000;

/** The place of each stance in `STANCES`, by its words in the database. */
const STANCE_OF: ReadonlyMap<string, number> = new Map(
  STANCES.map(({ kind, state, intention }, at) => [`${kind} ${state} ${intention}`, at]),
);

export class SqliteAtoms {
  readonly #sql: ReturnType<typeof statementsOn>;

  constructor(database: SqliteDatabase) {
    this.#sql = statementsOn(database);
  }

  write(flow: number, changes: PackedChanges, blobs: BlobReader): void {
    for (const map of changes.mapsForgotten) this.#sql.forget.run(flow, toText(map));
    for (const map of changes.mapsDropped) this.#sql.drop.run(flow, toText(map));
    for (const alike of changes.alike) this.#writeAlike(flow, alike, blobs);
    this.#writeAtoms(flow, changes.atoms, blobs);
    for (let at = 0; at < changes.values.length; at += 2) {
      const [symbol, value] = changes.values.slice(at, at + 2) as [string, BlobCell];
      this.#sql.writeValue.run(flow, toText(symbol), blobs.next(value));
    }
    for (const { task, mean, times } of changes.durations)
      this.#sql.writeDuration.run(toText(task), mean, times);
  }

  /** One page after the other. */
  *pages(flow: number, query: AtomQuery, withResults: boolean): Generator<PackedAtoms> {
    const { limit = Number.POSITIVE_INFINITY, after } = query;
    const { first, next } = withResults ? this.#sql.atoms : this.#sql.atomsWithoutResults;
    let left = limit;
    let behind = after === undefined ? null : toText(after);
    while (left > 0) {
      const size = Math.min(left, PAGE);
      const rows = (behind === null ? first.all(flow, size) : next.all(flow, behind, size)) as Row[];
      if (rows.length > 0) yield packed(rows);
      if (rows.length < size) return;
      behind = rows.at(-1)?.[0] as string;
      left -= size;
    }
  }

  values(flow: number): ReadonlyMap<string, Uint8Array> {
    const rows = this.#sql.values.all(flow) as [string, Uint8Array][];
    return new Map(rows.map(([symbol, value]) => [fromText(symbol), value]));
  }

  durations(): readonly DurationDetail[] {
    const rows = this.#sql.durations.all() as [string, number, number][];
    return rows.map(([task, mean, times]) => ({ task: fromText(task), mean, times }));
  }

  #writeAlike(flow: number, { first, each, bytes }: AlikeAtoms, blobs: BlobReader): void {
    const { kind, state, intention } = STANCES[first[3] as number] as Stance;
    const flags = first[5] as number;
    const shared = [
      flow,
      kind,
      toTextOrNull(first[1] as string | null),
      toText(first[2] as string),
      state,
      intention,
      first[4],
      flags & SENT ? 1 : 0,
      flags & BEGAN ? 1 : 0,
      flags & DROPPED ? 1 : 0,
      first[6],
    ];
    if (bytes === null) this.#sql.writeNames.run(each, ...shared);
    else this.#sql.writeAlike.run(each, ...shared, blobs.next(bytes));
  }

  #writeAtoms(flow: number, cells: AtomCells, blobs: BlobReader): void {
    for (let at = 0; at < cells.length; at += ATOM_WIDTH) {
      const { kind, state, intention } = STANCES[cells[at + 3] as number] as Stance;
      const flags = cells[at + 5] as number;
      const result = blobs.next(cells[at + 9] as BlobCell);
      const isLarge = result !== null && result.length > LARGE;
      this.#sql.write.run(
        flow,
        toText(cells[at] as string),
        kind,
        toTextOrNull(cells[at + 1] as string | null),
        toText(cells[at + 2] as string),
        state,
        intention,
        cells[at + 4],
        flags & SENT ? 1 : 0,
        flags & BEGAN ? 1 : 0,
        flags & DROPPED ? 1 : 0,
        cells[at + 6],
        cells[at + 7],
        toTextOrNull(cells[at + 8] as string | null),
        isLarge ? null : result,
        isLarge ? this.#sql.writeLarge.run(result).lastInsertRowid : null,
        blobs.next(cells[at + 10] as BlobCell),
      );
    }
  }
}

function statementsOn(database: SqliteDatabase) {
  const sql = (text: string) => database.prepare(text);
  const columns = [
    'kind',
    'map',
    'version',
    'state',
    'intention',
    'attempt',
    'sent',
    'began',
    'dropped',
  ].concat(['updated_at', 'elapsed', 'error', 'result', 'large', 'rest']);
  // Fewer columns are read quicker; their order is that of the cells.
  const pagesOf = (result: string, tables: string) => {
    const select = `select name, map, version, kind || ' ' || state || ' ' || intention, attempt,
      ${SENT} * sent + ${BEGAN} * began + ${DROPPED} * dropped, updated_at, elapsed, error, ${result}, rest
      from ${tables} where flow = ?`;
    return {
      first: sql(`${select} order by name limit ?`),
      next: sql(`${select} and name > ? order by name limit ?`),
    };
  };
  const writeWith = (values: string) => `insert into atom (flow, name, ${columns}) ${values}
    on conflict do update set ${columns.map((each) => `${each} = excluded.${each}`)}`;
  // Of each atom its name, then what differs; `where` keeps SQLite from taking `on` for that of a join.
  const alike = (name: string, elapsed: string, result: string) =>
    sql(
      writeWith(
        `select ?2, ${name}, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ${elapsed}, null, ${result}, null, null
        from json_each(?1) where true`,
      ),
    );
  return {
    write: sql(writeWith(`values (?, ?, ${columns.map(() => '?')})`)),
    writeNames: alike('value', 'null', 'null'),
    writeAlike: alike('value ->> 0', 'value ->> 1', 'substr(?13, value ->> 2, value ->> 3)'),
    writeLarge: sql('insert into large (result) values (?)'),
    forget: sql('delete from atom where flow = ? and map = ?'),
    drop: sql(
      "update atom set result = null, large = null, dropped = 1 where flow = ? and map = ? and kind = 'item'",
    ),
    atoms: pagesOf('coalesce(atom.result, large.result)', 'atom left join large on large.id = atom.large'),
    atomsWithoutResults: pagesOf('null', 'atom'),
    writeValue: sql('insert or replace into value values (?, ?, ?)'),
    values: sql('select symbol, value from value where flow = ?'),
    writeDuration: sql('insert or replace into duration values (?, ?, ?)'),
    durations: sql('select task, mean, times from duration'),
  };
}

function packed(rows: readonly Row[]): PackedAtoms {
  const blobs = new BlobPacker();
  const cells: Cell[] = [];
  for (const row of rows) {
    cells.push(
      fromText(row[0] as string),
      fromTextOrNull(row[1] as string | null),
      fromText(row[2] as string),
      stanceFrom(row),
      row[4] as number,
      row[5] as number,
      row[6] as number,
      row[7] as number | null,
      fromTextOrNull(row[8] as string | null),
      blobs.add(row[9] as Uint8Array | null),
      blobs.add(row[10] as Uint8Array | null),
    );
  }
  return { cells, packed: blobs.finish() };
}

function stanceFrom(row: Row): number {
  const words = row[3] as string;
  const stance = STANCE_OF.get(words);
  if (stance !== undefined) return stance;
  throw new TaskloomError('STORAGE_CORRUPT', `The atom '${row[0]}' is in no state that there is: ${words}.`, {
    details: { atom: row[0] },
  });
}
