/** What belongs to one flow in the database, and durations, by prepared statements: the part where speed counts. */
import type { AlikeAtoms } from './alike-atoms.ts';
import { ATOM_WIDTH, BEGAN, type AtomCells, DROPPED, SENT } from './atom-cells.ts';
import { rowInSql } from './atom-rows.ts';
import type { AtomQuery } from './backend.ts';
import { type BlobCell, BlobPacker, type BlobReader } from './blobs.ts';
import type { PackedAtoms, PackedChanges } from './database-messages.ts';
import type { DurationDetail } from './records.ts';
import type { Row, SqliteDatabase } from './sqlite-database.ts';
import { fromText, toText, toTextOrNull } from './sqlite-text.ts';

/** Results of more bytes stand in a table of their own, so that going through the atoms stays quick. */
const LARGE = 16 * 1024;
/** Atoms in one message: what the main thread takes in at once. */
export const PAGE = 1000;

type BlobRow = readonly [result: Uint8Array | null, rest: Uint8Array | null];

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
    const { limit = Number.POSITIVE_INFINITY, after, skip = 0 } = query;
    const { first, next, blobs } = withResults ? this.#sql.atoms : this.#sql.atomsWithoutResults;
    let left = limit;
    let behind = after === undefined ? null : toText(after);
    let skipped = skip;
    while (left > 0) {
      const size = Math.min(left, PAGE);
      const page = (
        behind === null ? first.get(flow, size, skipped) : next.get(flow, behind, size, skipped)
      ) as Row;
      const [text, count, from, to] = page as readonly [string, number, string, string];
      const packer = new BlobPacker();
      const cells: BlobCell[] = [];
      for (const [result, rest] of (count === 0 ? [] : blobs.all(flow, from, to)) as BlobRow[]) {
        if (result !== null) cells.push(packer.add(result));
        if (rest !== null) cells.push(packer.add(rest));
      }
      if (count > 0) yield { text, blobs: cells, packed: packer.finish() };
      if (count < size) return;
      behind = to;
      skipped = 0;
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
    const shared = sharedOf(first, 0);
    if (bytes === null) this.#sql.writeNames.run(each, flow, ...shared);
    else this.#sql.writeAlike.run(each, flow, ...shared, blobs.next(bytes));
  }

  #writeAtoms(flow: number, cells: AtomCells, blobs: BlobReader): void {
    for (let at = 0; at < cells.length; at += ATOM_WIDTH) {
      const result = blobs.next(cells[at + 11] as BlobCell);
      const isLarge = result !== null && result.length > LARGE;
      this.#sql.write.run(
        flow,
        toText(cells[at] as string),
        ...sharedOf(cells, at),
        cells[at + 9],
        toTextOrNull(cells[at + 10] as string | null),
        isLarge ? null : result,
        isLarge ? this.#sql.writeLarge.run(result).lastInsertRowid : null,
        blobs.next(cells[at + 12] as BlobCell),
      );
    }
  }
}

/** The columns from `kind` to `updated_at`. */
function sharedOf(cells: AtomCells, at: number): (string | number | null)[] {
  const flags = cells[at + 7] as number;
  return [
    cells[at + 1] as string,
    toTextOrNull(cells[at + 2] as string | null),
    toText(cells[at + 3] as string),
    cells[at + 4] as string,
    cells[at + 5] as string,
    cells[at + 6] as number,
    flags & SENT ? 1 : 0,
    flags & BEGAN ? 1 : 0,
    flags & DROPPED ? 1 : 0,
    cells[at + 8] as number,
  ];
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
  // A page, and the bytes that belong to it. `hasResult` and `result` say in SQL whether there is one, and what it is.
  const pagesOf = (hasResult: string, result: string) => {
    const page = (where: string) =>
      sql(
        `select json_group_array(${rowInSql(hasResult)} order by name), count(*), min(name), max(name)
        from (select * from atom where flow = ? ${where} order by name limit ? offset ?) as atom`,
      );
    const blobs = sql(
      `select ${result}, rest from atom left join large on large.id = atom.large
      where flow = ? and name between ? and ? and (${hasResult} or rest is not null) order by name`,
    );
    return { first: page(''), next: page('and name > ?'), blobs };
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
    atoms: pagesOf('(atom.result is not null or large is not null)', 'coalesce(atom.result, large.result)'),
    atomsWithoutResults: pagesOf('0', 'null'),
    writeValue: sql('insert or replace into value values (?, ?, ?)'),
    values: sql('select symbol, value from value where flow = ?'),
    writeDuration: sql('insert or replace into duration values (?, ?, ?)'),
    durations: sql('select task, mean, times from duration'),
  };
}
