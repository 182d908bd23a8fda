/** What is done for each request, whichever transaction it is in. Errors of ours are refusals: nothing was written then. */
import { BlobReader } from './blobs.ts';
import type { Answer, DatabaseSettings, PackedAtoms, PackedChanges, Request } from './database-messages.ts';
import { SqliteAtoms } from './sqlite-atoms.ts';
import { type Row, SqliteDatabase } from './sqlite-database.ts';
import { SqliteFlows } from './sqlite-flows.ts';
import type { WayOut } from './way-out.ts';

/** An open database, and what is done with it. */
export interface Desk {
  readonly database: SqliteDatabase;
  readonly flows: SqliteFlows;
  readonly atoms: SqliteAtoms;
}

/** @throws TaskloomError STORAGE_… */
export function openDesk(settings: DatabaseSettings, wayOut: WayOut): Desk {
  const database = new SqliteDatabase(settings, wayOut);
  return { database, flows: new SqliteFlows(database), atoms: new SqliteAtoms(database) };
}

/** @param onPart - Takes what comes before the answer */
export function perform(desk: Desk, request: Request, onPart: (part: PackedAtoms) => void): Answer {
  const { database, flows, atoms } = desk;
  switch (request.kind) {
    case 'claim':
      return flows.claim(request.request);
    case 'commit':
      return commit(desk, request.changes);
    case 'release':
      flows.release(request.flowId, request.epoch);
      return null;
    case 'saveFactory':
      flows.saveFactory(request.flowId, request.factory);
      return null;
    case 'askToSuspend':
      return flows.askToSuspend(request.flowId);
    case 'removeFlow':
      return flows.removeFlow(request.flowId);
    case 'saveLogbook':
      return flows.saveLogbook(request.name, request.metadata);
    case 'removeLogbook':
      return flows.removeLogbook(request.name);
    case 'prune':
      return flows.prune(request);
    case 'flow':
      return flows.flow(request.flowId);
    case 'flows':
      return flows.flows(request.query);
    case 'atoms':
      return readAtoms(desk, request, onPart);
    case 'values':
      return valuesOf(desk, request.flowId);
    case 'durations':
      return atoms.durations();
    case 'logbooks':
      return flows.logbooks();
    case 'logbook':
      return flows.logbook(request.name);
    case 'check':
      return check(database);
    case 'vacuum':
      database.run('vacuum');
      return null;
    case 'upgrade':
    case 'close':
      // The desk's own: it opens before all else.
      return null;
  }
}

function commit({ flows, atoms }: Desk, changes: PackedChanges): Answer<'commit'> {
  const blobs = new BlobReader(changes.packed);
  const { key, asked } = flows.commit(changes, blobs.next(changes.rest ?? null));
  atoms.write(key, changes, blobs);
  return asked;
}

function readAtoms(
  { flows, atoms }: Desk,
  { flowId, query, withResults }: Request<'atoms'>,
  onPart: (part: PackedAtoms) => void,
): Answer<'atoms'> {
  const key = flows.keyOf(flowId);
  let last: PackedAtoms | null = null;
  for (const page of key === null ? [] : atoms.pages(key, query, withResults)) {
    if (last !== null) onPart(last);
    last = page;
  }
  return last;
}

function valuesOf({ flows, atoms }: Desk, flowId: string): Answer<'values'> {
  const key = flows.keyOf(flowId);
  return key === null ? new Map() : atoms.values(key);
}

/** What SQLite finds; where the file itself is whole, also results that are gone though an atom has them. In words. */
function check(database: SqliteDatabase): Answer<'check'> {
  const broken = brokenIn(database);
  if (broken.length > 0) return broken;
  const foreign = database
    .rows('pragma foreign_key_check')
    .map(([table, , parent]) => `a row of ${table} belongs to none of ${parent}`);
  const lost = database
    .rows(
      `select name, (select id from flow where key = atom.flow) from atom
      where large is not null and large not in (select id from large)`,
    )
    .map(
      ([name, run]) =>
        `the result of the atom '${name}'${run === null ? '' : ` of the run '${run}'`} is gone`,
    );
  return [...foreign, ...lost];
}

function brokenIn(database: SqliteDatabase): readonly string[] {
  const found: string[] = [];
  try {
    for (const [words] of database.prepare('pragma integrity_check').iterate() as Iterable<Row>)
      found.push(...String(words).split('\n'));
  } catch (error) {
    // It ends like this where it can't go on; what it found it has said before.
    if (found.length === 0) throw error;
  }
  return found.filter((words) => words !== 'ok');
}
