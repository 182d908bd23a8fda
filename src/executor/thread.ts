/**
 * One worker thread: a Piscina with one thread in it, so that what ends the thread ends one task, and it is known which.
 * Piscina starts and ends the thread and keeps the process alive while it is on duty; work goes over a line of our own.
 *
 *   resting ─wake─▶ waking ─ready─▶ free ─reserve, give─▶ busy ─last outcome─▶ free
 *      ▲                             │                     │
 *      └──────── leaving ◀── IDLE ───┘                     └─ lost, overdue ─▶ ending ─exit─▶ gone
 *
 * 1. A free thread leaves its duty after IDLE ms: its Piscina is then idle, and the process may end.
 * 2. What the thread has done and said before it ended is read before anything is judged: an outcome beats a death.
 * 3. A thread that was told to end holds its place until it is gone, which a blocking call can delay.
 * 4. A task whose module is not known to be loaded there is sent alone.
 */
import type { Worker } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { type Failure, failureFrom } from '../failure.ts';
import type { FromWorker, Outcome } from '../protocol/messages.ts';
import { realClock } from './clock.ts';
import { Line } from './line.ts';
import { loadOverdue, lostError, startFailed } from './lost.ts';
import type { Parcel } from './hand.ts';
import { ThreadWork } from './thread-work.ts';
import type { Ticket } from './ticket.ts';

/** ms without work after which a thread leaves its duty. */
const IDLE = 100;

type State = 'resting' | 'waking' | 'free' | 'busy' | 'leaving' | 'ending' | 'gone';

export interface ThreadSettings {
  /** ms for the start of the thread, and for the import of a task module. */
  readonly loadTimeout: number;
  /** ms from the abort of the signal at a timeout to the end of the thread. */
  readonly timeoutGrace: number;
}

/** Whoever hands out work. */
export interface ThreadHost {
  /** It has done something, and may take more; or it can be woken. */
  onFree(): void;
  /** It is gone; `failure` when it never got ready. */
  onGone(thread: Thread, failure: Failure | null): void;
  /** What is called back of the thread, or was lost with it, and did not begin. */
  onReturned(tickets: readonly Ticket[]): void;
  onStray(failure: Failure, task: string | null): void;
  onLoaded(module: string, took: number): void;
  /** The import of this module cost a thread. */
  onUnloadable(module: string, failure: Failure): void;
  /** A task took so many ms. */
  onTook(ticket: Ticket, elapsed: number): void;
}

export class Thread {
  readonly #pool: Piscina;
  readonly #settings: ThreadSettings;
  readonly #host: ThreadHost;
  readonly #line: Line;
  readonly #loaded = new Set<string>();
  readonly inHand: ThreadWork;
  readonly #exited: Promise<void>;
  #exit: () => void = () => {};
  #state: State = 'resting';
  #started = false;
  #wasReady = false;
  #error: unknown;
  #isReserved = false;
  /** It was sent a lone task, and the module of that may be on its way. */
  #isLoading = false;
  #freeSince = 0;
  #callOffIdling: (() => void) | null = null;
  /** Calls off the timer of the start, of an import, or of leaving. */
  #callOff: () => void = () => {};

  constructor(pool: Piscina, settings: ThreadSettings, host: ThreadHost) {
    this.#pool = pool;
    this.#settings = settings;
    this.#host = host;
    this.#line = new Line((message) => this.#receive(message));
    this.inHand = new ThreadWork(this.#line, settings.timeoutGrace, {
      look: () => this.read(),
      onTook: (ticket, elapsed) => host.onTook(ticket, elapsed),
      onReturned: (tickets) => {
        this.#beFreeIfDone();
        host.onReturned(tickets);
      },
      onOverdue: (outcome) => this.#lose(outcome),
    });
    // The thread's own events say more; without a listener the pool would throw.
    this.#pool.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  get state(): State {
    return this.#state;
  }

  /** ms of work in its hand, as far as can be told; Infinity when it is not to get more now. */
  get work(): number {
    if (this.#state === 'free') return 0;
    return this.#takesMore ? this.inHand.expected : Number.POSITIVE_INFINITY;
  }

  /** True when what it does will soon be done, and it may get more. */
  get isEnding(): boolean {
    return this.#takesMore && this.inHand.isEnding;
  }

  get #takesMore(): boolean {
    return this.#state === 'busy' && !this.#isReserved && !this.#isLoading;
  }

  hasLoaded(module: string): boolean {
    return this.#loaded.has(module);
  }

  /** Puts a resting thread on duty, and starts it the first time. */
  wake(): void {
    const { duty, moved } = this.#line.nextDuty();
    this.#state = 'waking';
    try {
      this.#pool.run(duty, { transferList: moved }).then(
        () => this.#rest(),
        // The thread's exit says it better.
        () => {},
      );
      if (!this.#started) this.#follow(this.#pool.threads[0]);
    } catch (error) {
      this.#error = error;
      queueMicrotask(() => this.#onExit(1));
      return;
    }
    this.#callOff = realClock.after(this.#settings.loadTimeout, () => this.#overdueDuty());
  }

  reserve(): void {
    this.#state = 'busy';
    this.#isReserved = true;
  }

  /** Gives tasks to a reserved thread, as one batch, and lets it go on. */
  give(parcels: readonly Parcel[]): void {
    const [first] = parcels;
    const isNew = first !== undefined && !this.#loaded.has(first.ticket.task.work.module ?? '');
    this.inHand.send(parcels, isNew);
    this.#isReserved = false;
    this.#beFreeIfDone();
    if (!isNew || this.inHand.size === 0) return;
    this.#isLoading = true;
    this.#callOff = realClock.after(this.#settings.loadTimeout, () => this.#overdueImport());
  }

  /** Brings in what is done, and looks after the task that runs. */
  look(): void {
    this.read();
    this.inHand.look();
  }

  /** Ends the thread, whatever it does. Resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#state === 'gone') return;
    this.#state = 'ending';
    this.#callOff();
    this.#callOffIdling?.();
    await this.#pool.destroy();
    if (!this.#started) this.#onExit(0);
    await this.#exited;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#ready();
        return;
      case 'began':
        this.#began(message.number, message.loading);
        return;
      case 'event':
      case 'outcome':
        this.inHand.hear(message);
        return;
      case 'done':
        this.read();
        return;
      case 'stray':
        this.#host.onStray(message.failure, message.task);
    }
  }

  #ready(): void {
    this.#wasReady = true;
    if (this.#state !== 'waking') return;
    this.#callOff();
    this.#beFree();
    this.#host.onFree();
  }

  #beFree(): void {
    this.#state = 'free';
    this.#freeSince = performance.now();
    // One timer for many times: a thread that is given a task a moment later sets none anew.
    if (this.#callOffIdling === null) this.#leaveAfter(IDLE);
  }

  #leaveAfter(ms: number): void {
    this.#callOffIdling = realClock.after(ms, () => {
      this.#callOffIdling = null;
      const left = this.#freeSince + IDLE - performance.now();
      if (this.#state === 'free') left > 0 ? this.#leaveAfter(left) : this.#leave();
    });
  }

  #beFreeIfDone(): void {
    if (this.inHand.size > 0) return;
    if (this.#isLoading) this.#callOff();
    this.#isLoading = false;
    if (this.#state === 'busy' && !this.#isReserved) this.#beFree();
  }

  #began(number: number, loading: number): void {
    const { first } = this.inHand;
    if (first === null || this.inHand.number !== number || !this.#isLoading) return;
    this.#callOff();
    this.#isLoading = false;
    const { module } = first.request.terms;
    this.#loaded.add(module);
    this.inHand.watch(0);
    this.#host.onLoaded(module, loading);
  }

  /** Brings in what is done. */
  read(): void {
    if (!this.inHand.read()) return;
    this.#beFreeIfDone();
    if (this.#state === 'busy' || this.#state === 'free') this.#host.onFree();
  }

  /** The thread is of no more use to this task, nor to another. */
  #lose(outcome: Outcome): void {
    this.#state = 'ending';
    this.inHand.settle(outcome);
    this.inHand.callBack();
    void this.end();
  }

  #leave(): void {
    this.#state = 'leaving';
    this.#line.send({ kind: 'close' });
    this.#callOff = realClock.after(this.#settings.loadTimeout, () => this.#overdueDuty());
  }

  #rest(): void {
    if (this.#state !== 'leaving') return;
    this.#callOff();
    this.#state = 'resting';
    this.#host.onFree();
  }

  /** It does not start, or something keeps it from hearing. */
  #overdueDuty(): void {
    this.read();
    if (this.#state !== 'waking' && this.#state !== 'leaving') return;
    this.#error = new Error(`It did not answer within ${this.#settings.loadTimeout} ms.`);
    void this.end();
  }

  #overdueImport(): void {
    this.read();
    const request = this.inHand.first?.request;
    if (request === undefined || !this.#isLoading) return;
    const failure = failureFrom(loadOverdue(request, this.#settings.loadTimeout));
    this.#host.onUnloadable(request.terms.module, failure);
    this.#lose({ kind: 'refused', failure });
  }

  #follow(worker: Worker | undefined): void {
    this.#started = true;
    worker?.on('error', (error: unknown) => {
      this.#error = error === undefined || error === null ? new Error(`It threw ${error}.`) : error;
    });
    worker?.once('exit', (code) => this.#onExit(code));
  }

  #onExit(exitCode: number): void {
    if (this.#state === 'gone') return;
    this.#state = 'ending';
    this.read();
    this.#callOff();
    this.#callOffIdling?.();
    this.#judge(exitCode);
    this.#line.close();
    this.#state = 'gone';
    this.#exit();
    const cause = this.#error ?? new Error(`It exited with code ${exitCode} before it was ready.`);
    this.#host.onGone(this, this.#wasReady ? null : failureFrom(startFailed(cause)));
  }

  /** Blames the task that ran for the thread's end; what stood behind it is given back. */
  #judge(exitCode: number): void {
    this.inHand.callBack();
    const { first, hasBegun } = this.inHand;
    if (first === null) return;
    const { module } = first.request.terms;
    const imported = this.#loaded.has(module);
    const error = lostError(first.request, { exitCode, error: this.#error }, hasBegun, imported);
    if (!hasBegun && !imported) this.#host.onUnloadable(module, failureFrom(error));
    this.inHand.lose(error);
  }
}
