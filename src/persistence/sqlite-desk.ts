/**
 * The database's thread: answers requests in their order.
 *
 *   messages ──▶ all that wait ──▶ groups ──▶ begin ─ perform … perform ─ commit ──▶ answers
 *
 * 1. All that waits and may share a transaction does: one commit, and one wait for the disk, serves all of them.
 * 2. A group is answered after its commit, by one message: what was announced is kept.
 * 3. A request that is refused has written nothing, and its group goes on. Where anything else goes wrong the whole group is
 *    rolled back, and its requests are performed one by one: none suffers for another's trouble.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { TaskloomError } from '../errors.ts';
import { failureFrom } from '../failure.ts';
import type {
  DatabaseSettings,
  DatabaseStart,
  FromDatabase,
  PackedAtoms,
  Request,
  RequestKind,
  ToDatabase,
} from './database-messages.ts';
import { PAGE } from './sqlite-atoms.ts';
import { storageError } from './sqlite-errors.ts';
import { type Desk, openDesk, perform } from './sqlite-requests.ts';
import { WayOut } from './way-out.ts';

type Group = readonly ToDatabase[];

const WRITES: ReadonlySet<RequestKind> = new Set<RequestKind>([
  'claim',
  'commit',
  'release',
  'saveFactory',
  'askToSuspend',
  'removeFlow',
  'saveLogbook',
  'removeLogbook',
  'prune',
]);
/** These can't be in a transaction, or are long. */
const ALONE: ReadonlySet<RequestKind> = new Set<RequestKind>(['check', 'vacuum', 'upgrade', 'close']);

/** Answers all that comes through the port until it is asked to close. */
export function serveDatabase(port: MessagePort, { settings, wayOut }: DatabaseStart): void {
  const out = new WayOut(wayOut);
  const server = new DatabaseServer(port, settings, out);
  port.on('message', (first: ToDatabase) => {
    for (const group of groupsOf([first, ...waitingAt(port)])) out.during(() => server.serve(group));
  });
}

class DatabaseServer {
  readonly #port: MessagePort;
  readonly #settings: DatabaseSettings;
  readonly #wayOut: WayOut;
  #desk: Desk | null = null;

  constructor(port: MessagePort, settings: DatabaseSettings, wayOut: WayOut) {
    this.#port = port;
    this.#settings = settings;
    this.#wayOut = wayOut;
  }

  serve(group: Group): void {
    if (group[0]?.request.kind === 'close') {
      this.#close(group[0]);
      return;
    }
    try {
      this.#desk ??= openDesk(this.#settings, this.#wayOut);
      this.#desk.database.checkPlace();
    } catch (error) {
      for (const each of group) this.#fail(each, error);
      return;
    }
    this.#perform(this.#desk, group);
  }

  #perform(desk: Desk, group: Group): void {
    const { database } = desk;
    const writes = group.filter(isWrite);
    if (writes.length > 0) {
      try {
        database.patiently(() => database.run('begin immediate'));
      } catch (error) {
        // Locked, most likely: each of those that write would wait for as long.
        for (const each of writes) this.#fail(each, error);
        for (const each of group) if (!isWrite(each)) this.#perform(desk, [each]);
        return;
      }
    }
    let answers: readonly FromDatabase[];
    try {
      answers = writes.length > 0 ? this.#answers(desk, group) : this.#read(desk, group);
    } catch (error) {
      database.rollBack();
      const [first, ...others] = group;
      if (first !== undefined && others.length === 0) this.#fail(first, error);
      else for (const each of group) this.#perform(desk, [each]);
      return;
    }
    this.#post(answers);
  }

  /** In the transaction that was begun, or in none. When the process wants to exit, what is done by then is all. */
  #answers(desk: Desk, group: Group): readonly FromDatabase[] {
    const answers: FromDatabase[] = [];
    for (const each of group) {
      if (this.#wayOut.isWanted) break;
      answers.push(this.#answer(desk, each));
    }
    if (desk.database.isInTransaction) desk.database.run('commit');
    return answers;
  }

  #read(desk: Desk, group: Group): readonly FromDatabase[] {
    const { database } = desk;
    return database.patiently(() => {
      database.rollBack();
      // Of many pages, which must be of one moment.
      if (group.some(({ request }) => request.kind === 'atoms')) database.run('begin');
      return this.#answers(desk, group);
    });
  }

  /** @throws whatever is no refusal: of SQLite, that is */
  #answer(desk: Desk, { number, request }: ToDatabase): FromDatabase {
    const onPart = (part: PackedAtoms): void => this.#post([{ kind: 'part', number, part }]);
    try {
      return { kind: 'done', number, answer: perform(desk, request, onPart) };
    } catch (error) {
      if (error instanceof TaskloomError) return { kind: 'failed', number, failure: failureFrom(error) };
      throw error;
    }
  }

  #close(message: ToDatabase): void {
    try {
      this.#desk?.database.close();
      this.#post([{ kind: 'done', number: message.number, answer: null }]);
    } catch (error) {
      this.#fail(message, error);
    }
    this.#port.close();
  }

  #fail({ number }: ToDatabase, error: unknown): void {
    const failure = failureFrom(storageError(error, this.#settings.file));
    this.#post([{ kind: 'failed', number, failure }]);
  }

  #post(messages: readonly FromDatabase[]): void {
    this.#port.postMessage(messages, messages.flatMap(buffersOf));
  }
}

/** Parts what waits, in its order, into what may share a transaction. */
function groupsOf(waiting: Group): Group[] {
  const groups: ToDatabase[][] = [];
  let open: ToDatabase[] | null = null;
  for (const each of waiting) {
    if (isAlone(each.request)) {
      groups.push([each]);
      open = null;
    } else if (open === null) {
      open = [each];
      groups.push(open);
    } else {
      open.push(each);
    }
  }
  return groups;
}

function isAlone(request: Request): boolean {
  if (request.kind === 'atoms') return (request.query.limit ?? Number.POSITIVE_INFINITY) > PAGE;
  return ALONE.has(request.kind);
}

function isWrite({ request }: ToDatabase): boolean {
  return WRITES.has(request.kind);
}

/** What is handed over with a message, rather than copied. */
function buffersOf(message: FromDatabase): ArrayBuffer[] {
  if (message.kind === 'failed') return [];
  const content = message.kind === 'part' ? message.part : message.answer;
  const bytes: Uint8Array[] = [];
  if (content instanceof Map) bytes.push(...content.values());
  else if (content !== null && typeof content === 'object' && 'packed' in content) {
    bytes.push(content.packed);
    for (const cell of content.blobs) if (cell instanceof Uint8Array) bytes.push(cell);
  }
  // Of an empty one there is only one, for all messages.
  return bytes.filter(({ length }) => length > 0).map(({ buffer }) => buffer as ArrayBuffer);
}

function waitingAt(port: MessagePort): ToDatabase[] {
  const waiting: ToDatabase[] = [];
  for (;;) {
    const next = receiveMessageOnPort(port) as { readonly message: ToDatabase } | undefined;
    if (next === undefined) return waiting;
    waiting.push(next.message);
  }
}
