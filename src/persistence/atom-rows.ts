/**
 * Atom details on their way out of the database: SQLite makes one text of a page of them, which costs a third of what their
 * columns would, on both sides. Results and rests, which are bytes, come beside it.
 */
import { TaskloomError } from '../errors.ts';
import type { AtomState, Intention } from '../states.ts';
import { BEGAN, DROPPED, SENT } from './atom-cells.ts';
import { BlobReader } from './blobs.ts';
import type { PackedAtoms } from './database-messages.ts';
import type { AtomDetail } from './records.ts';
import { fromText, fromTextOrNull } from './sqlite-text.ts';

/** A row, in SQL that makes JSON of it; `result` says in SQL whether there is one. */
export function rowInSql(result: string): string {
  return `json_array(name, map, version, kind, state, intention, attempt,
    ${SENT} * sent + ${BEGAN} * began + ${DROPPED} * dropped, updated_at, elapsed, error, ${result}, rest is not null)`;
}

/** As `rowInSql` makes it. */
type Row = readonly [
  name: string,
  map: string | null,
  version: string,
  kind: string,
  state: string,
  intention: string,
  attempt: number,
  flags: number,
  updatedAt: number,
  elapsed: number | null,
  error: string | null,
  hasResult: 0 | 1,
  hasRest: 0 | 1,
];

const KINDS = namesOf<AtomDetail['kind']>({ task: 0, retry: 0, map: 0, item: 0 });
const STATES = namesOf<AtomState>({
  PENDING: 0,
  RUNNING: 0,
  SUCCESS: 0,
  FAILURE: 0,
  REVERTING: 0,
  REVERTED: 0,
  REVERT_FAILURE: 0,
  RETRYING: 0,
  PARTIAL: 0,
  IGNORE: 0,
});
const INTENTIONS = namesOf<Intention>({ EXECUTE: 0, REVERT: 0, RETRY: 0, IGNORE: 0 });

/** @throws TaskloomError STORAGE_CORRUPT */
export function atomsFrom({ text, blobs, packed }: PackedAtoms): AtomDetail[] {
  const reader = new BlobReader(packed);
  const atoms: AtomDetail[] = [];
  let map: string | null = null;
  let version = '';
  let blob = 0;
  for (const row of JSON.parse(text) as Row[]) {
    // Mostly those of the atom before: one string serves for all.
    if (row[1] !== map) map = row[1];
    if (row[2] !== version) version = row[2];
    const flags = row[7];
    atoms.push({
      name: fromText(row[0]),
      kind: known(KINDS, row[3], row),
      map: fromTextOrNull(map),
      version: fromText(version),
      state: known(STATES, row[4], row),
      intention: known(INTENTIONS, row[5], row),
      attempt: row[6],
      sent: (flags & SENT) !== 0,
      began: (flags & BEGAN) !== 0,
      dropped: (flags & DROPPED) !== 0,
      updatedAt: row[8],
      elapsed: row[9],
      error: fromTextOrNull(row[10]),
      result: row[11] === 1 ? reader.next(blobs[blob++] ?? null) : null,
      rest: row[12] === 1 ? reader.next(blobs[blob++] ?? null) : null,
    });
  }
  return atoms;
}

function known<T extends string>(names: ReadonlyMap<string, T>, name: string, [atom, , , ...rest]: Row): T {
  const found = names.get(name);
  if (found !== undefined) return found;
  const words = rest.slice(0, 3).join(' ');
  throw new TaskloomError('STORAGE_CORRUPT', `The atom '${atom}' is in no state that there is: ${words}.`, {
    details: { atom },
  });
}

/** Of a table that names every member of the union, so that a new one breaks the build here. */
function namesOf<K extends string>(table: Readonly<Record<K, 0>>): ReadonlyMap<string, K> {
  return new Map((Object.keys(table) as K[]).map((name) => [name, name]));
}
