/**
 * What a run changes is written before anything is said or done that depends on it: all that changed in one turn of the event
 * loop is one transaction, and while that is under way, the next one gathers.
 *
 *   turn of the loop ─▶ journal, and what is to follow ─▶ commit ─▶ what is to follow: events, tasks to be sent, the end
 *                              ▲  gathers meanwhile  │
 *
 * 1. What is to follow a change comes after the commit of it, in the order in which it was said.
 * 2. A commit that fails is the end of what follows: the run suspends. What was not written is kept, and written first when
 *    the flow is run again, or never, when the flow has another owner by then.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Compilation } from '../compile/compilation.ts';
import { TaskloomError } from '../errors.ts';
import type { TaskExecutor } from '../executor/executor.ts';
import type { Backend, ClaimRequest, FlowChanges } from '../persistence/backend.ts';
import type { DurationDetail, FlowDetail, Owner } from '../persistence/records.ts';
import { type Changes, Journal, mergedChanges, NOTHING } from '../storage/journal.ts';
import { Learning } from './learning.ts';
import { Pace } from './pace.ts';
import { type Reader, takeUp } from './take-up.ts';

/** ms between two looks at what is asked of the owner, at most. */
const MOST_QUIET = 2_000;
/** A lease is renewed so many times before it could run out. */
const RENEWALS = 3;

/** What a commit tells the engine of. */
export interface CommitsHost {
  /** Nothing can be written any more; `isLost`: the flow has another owner. */
  failed(error: unknown, isLost: boolean): void;
  /** Somebody asks for the flow to be suspended. */
  asked(): void;
}

interface Batch {
  readonly changes: Changes;
  readonly actions: readonly (() => void)[];
}

export class Commits {
  readonly journal: Journal;
  readonly #backend: Backend;
  readonly #flowId: string;
  readonly #owner: Owner;
  readonly #lease: number;
  /** ms after which a renewal is due. */
  readonly #quiet: number;
  readonly #host: CommitsHost;
  /** What follows the changes that are in the journal. */
  #actions: (() => void)[] = [];
  /** What could not be written. */
  #unwritten: Batch | null = null;
  #failure: { readonly error: unknown; readonly isLost: boolean } | null = null;
  #writing: Promise<void> | null = null;
  readonly #pace = new Pace(() => {
    if (this.#mayWrite) this.#write();
  });
  #isOpen = false;
  /** The run has come to its end. */
  #isEnding = false;
  /** Nothing is written before `begin`: a run that is refused changes nothing. */
  #isHeld = true;
  /** Nobody had the flow before. */
  #isFresh = false;
  /** Of the claim that is held, or was last; 0: none was. */
  #epoch = 0;
  #learning: Learning | null = null;
  /** Learned, and not written yet. */
  #news: readonly DurationDetail[] = [];
  /** Of a claim that could not be given back; 0: none. */
  #owed = 0;
  #timer: NodeJS.Timeout | null = null;
  #wroteAt = 0;

  constructor(backend: Backend, flowId: string, owner: Owner, lease: number, host: CommitsHost) {
    this.#backend = backend;
    this.#flowId = flowId;
    this.#owner = owner;
    this.#lease = lease;
    this.#quiet = Math.min(lease / RENEWALS, MOST_QUIET);
    this.#host = host;
    this.journal = new Journal(() => this.#schedule());
  }

  /**
   * Claims the flow, and takes in what is kept of it, unless nobody else had it since this engine did.
   *
   * @returns false where all is as this engine left it
   * @throws TaskloomError FLOW_OWNED, and what the backend throws
   */
  async open(fresh: NonNullable<ClaimRequest['fresh']>, reader: Reader): Promise<boolean> {
    const claim = { flowId: this.#flowId, owner: this.#owner, lease: this.#lease, fresh };
    const flow = await this.#backend.claim(claim);
    const isOurs = this.#epoch > 0 && flow.epoch === this.#epoch + 1 && this.#failure?.isLost !== true;
    this.#epoch = flow.epoch;
    try {
      // Of a flow that begins there is nothing to be read.
      if (flow.epoch === 1) reader.begin(flow);
      else if (!isOurs) await this.#load(flow, reader);
      if (fresh.factory !== null && !isDeepStrictEqual(flow.factory, fresh.factory))
        await this.#backend.saveFactory(this.#flowId, fresh.factory);
    } catch (thrown) {
      this.#epoch = 0;
      await this.#backend.release(this.#flowId, flow.epoch);
      throw thrown;
    }
    this.#failure = null;
    [this.#isOpen, this.#isHeld, this.#isEnding] = [true, true, false];
    this.#isFresh = flow.epoch === 1;
    const { name, atoms, outline } = fresh;
    if (flow.outline !== outline) this.journal.noteFlow({ name, atoms, outline });
    // It was asked of an earlier owner, who died before he heard it, or ended.
    if (flow.asked !== null) this.journal.noteFlow({ asked: null });
    this.#timer = setInterval(() => this.#renew(), this.#quiet);
    this.#timer.unref();
    return !isOurs;
  }

  /** From here on what changes is written. */
  begin(): void {
    this.#isHeld = false;
    this.#schedule();
  }

  /** Tells the executor what earlier processes learned of the tasks; what it learns is kept from then on. */
  async learn(compilation: Compilation, executor: TaskExecutor): Promise<void> {
    this.#learning = new Learning(compilation, executor);
    if (!this.#learning.knowsAll) this.#learning.teach(await this.#backend.durations());
  }

  /** Takes in what is kept, if anything is, without a claim: to be looked at. */
  async look(reader: Reader): Promise<void> {
    const flow = await this.#backend.flow(this.#flowId);
    if (flow !== null) await this.#load(flow, reader);
  }

  /** Does it when all that has changed so far is written (1): at the end of this turn of the event loop. */
  after(action: () => void): void {
    this.#actions.push(action);
    this.#pace.isUrgent = true;
    this.#schedule();
  }

  /** The same, but it may wait a little for what changes next. */
  afterAll(action: () => void): void {
    this.#actions.push(action);
    this.#schedule();
  }

  /**
   * At the end of a run, before `release`: resolves when all is written and what follows is done. The last that is written gives the
   * flow back, where nothing follows it. @throws what kept it from being written
   */
  async settle(): Promise<void> {
    this.#isEnding = true;
    this.#news = this.#learning?.news() ?? [];
    const failure = this.#failure;
    if (failure !== null && !failure.isLost) {
      // The trouble may be over: what ran meanwhile need not run again.
      this.#failure = null;
      this.#write();
    }
    while (this.#failure === null && this.#isOpen) {
      if (this.#writing !== null) await this.#writing;
      else if (this.#write()) continue;
      else if (this.#news.length > 0) this.#send(RENEWAL);
      else break;
    }
    const last = failure ?? this.#failure;
    if (last !== null) throw last.error;
  }

  /** Lets others claim the flow. Never rejects: who can't be reached is told by the lease, when it runs out. */
  async release(): Promise<void> {
    if (!this.#isOpen) return;
    this.#close();
    await this.#writing;
    if (this.#failure?.isLost === true) return;
    const epoch = this.#epoch;
    if (this.#isHeld) this.#forget();
    try {
      await this.#backend.release(this.#flowId, epoch);
      if (this.#isHeld && this.#isFresh) await this.#backend.removeFlow(this.#flowId);
    } catch {
      // The lease will say it, or `close`.
      this.#owed = epoch;
    }
  }

  /** Gives back what could not be given back when it was to be: the trouble may be over. Never rejects. */
  async close(): Promise<void> {
    if (this.#owed > 0) await this.#backend.release(this.#flowId, this.#owed).catch(() => {});
  }

  #close(): void {
    this.#isOpen = false;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** What was refused before it began was never there. */
  #forget(): void {
    this.#epoch = 0;
    this.#actions = [];
    this.journal.clear();
  }

  async #load(flow: FlowDetail, reader: Reader): Promise<void> {
    this.#unwritten = null;
    this.#actions = [];
    await takeUp(this.#backend, flow, reader);
  }

  #schedule(): void {
    if (this.#mayWrite) this.#pace.ask();
  }

  get #mayWrite(): boolean {
    return this.#isOpen && !this.#isHeld && this.#writing === null && this.#failure === null;
  }

  /** Writes what has gathered. False when there was nothing to write, and nothing to follow; or it can't be encoded. */
  #write(): boolean {
    let batch: Batch | null;
    try {
      batch = this.#gather();
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
    if (batch === null) return false;
    const { changes, actions } = batch;
    if (changes === NOTHING) {
      for (const action of actions) action();
      return true;
    }
    this.#send(batch);
    return true;
  }

  /** What could not be written before comes first, and together with what came after. */
  #gather(): Batch | null {
    this.#pace.rest();
    const changes = this.journal.take();
    const actions = this.#actions;
    this.#actions = [];
    const before = this.#unwritten;
    this.#unwritten = null;
    if (before === null) {
      return changes === null && actions.length === 0 ? null : { changes: changes ?? NOTHING, actions };
    }
    return {
      changes: changes === null ? before.changes : mergedChanges(before.changes, changes),
      actions: [...before.actions, ...actions],
    };
  }

  #send(batch: Batch): void {
    this.#wroteAt = performance.now();
    const { flow, mapsForgotten, mapsDropped, atoms, values } = batch.changes;
    const durations = this.#news;
    this.#news = [];
    const isLast = this.#isEnding && batch.actions.length === 0;
    const commit = callCommit(this.#backend, {
      flowId: this.#flowId,
      epoch: this.#epoch,
      lease: isLast ? null : this.#lease,
      flow,
      mapsForgotten,
      mapsDropped,
      atoms,
      values,
      durations,
    });
    this.#writing = commit.then(
      (asked) => {
        this.#writing = null;
        if (isLast) this.#close();
        for (const action of batch.actions) action();
        if (asked !== null && this.#isOpen) {
          this.journal.noteFlow({ asked: null });
          this.#host.asked();
        }
        // What gathered meanwhile is the next transaction.
        if (!this.#mayWrite) return;
        if (this.#pace.isUrgent) this.#write();
        else if (this.#actions.length > 0 || !this.journal.isEmpty) this.#schedule();
      },
      (error: unknown) => {
        this.#writing = null;
        this.#unwritten = batch;
        this.#fail(error);
      },
    );
  }

  #fail(error: unknown): void {
    const isLost = error instanceof TaskloomError && LOST.has(error.code);
    this.#failure = { error, isLost };
    this.#host.failed(error, isLost);
  }

  /** Nothing may have changed for long, and the lease ends. */
  #renew(): void {
    if (this.#writing !== null || this.#failure !== null || !this.#isOpen) return;
    const isDue = performance.now() - this.#wroteAt > this.#quiet / 2;
    if (isDue && (this.#isHeld || !this.#write())) this.#send(RENEWAL);
  }
}

/** Rejects with whatever goes wrong, also where a backend of others throws. */
async function callCommit(backend: Backend, changes: FlowChanges): ReturnType<Backend['commit']> {
  return backend.commit(changes);
}

/** Nothing but the lease. */
const RENEWAL: Batch = { changes: NOTHING, actions: [] };
const LOST: ReadonlySet<string> = new Set(['LEASE_LOST', 'FLOW_NOT_FOUND']);
