/**
 * The thread pool: who of the waiting tasks goes next, and on which worker thread.
 *
 *   execute, revert ─▶ ready queue ─▶ batch ─▶ thread with room ─▶ outcomes
 *                          │  ▲                  └─ called back: a task before it is slow, or another thread is idle
 *                          │  └───────────────────┘
 *                          │  no thread free: wake a resting one, else start one, up to `threads`
 *                          └─ tasks of the main thread: a lane of their own, on no thread
 *
 * 1. A thread is not given more than it will soon have done (batch.ts), so that order and aborts count until then.
 * 2. While anything waits, some thread is on its way to it, or the waiting are refused: nothing hangs.
 */
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { type Failure, failureFrom } from '../failure.ts';
import type { AnyTask } from '../flow/unit.ts';
import { checkOptions } from '../options.ts';
import type { Executed, PreparedArgument } from '../protocol/messages.ts';
import { type Call, type Coming, STOP_RULES, type StopOptions, type TaskExecutor } from './executor.ts';
import { Batch, type BatchSettings, hasRoom, unevenOf } from './batch.ts';
import { realClock } from './clock.ts';
import { Durations } from './durations.ts';
import { InProcess } from './in-process.ts';
import { startFailed, warnOfStray } from './lost.ts';
import { poolMaker } from './make-pool.ts';
import { checkPoolOptions, type ThreadPoolOptions } from './pool-options.ts';
import { ModuleCare } from './module-care.ts';
import { ReadyQueue } from './ready-queue.ts';
import { Thread, type ThreadHost } from './thread.ts';
import { refuseClosed, type Ticket, TicketOffice } from './ticket.ts';

/** ms: how often threads with tasks in hand are looked at, at most and at least. */
const LOOK_EVERY = 2;
const LOOK_AT_LEAST = 50;
/** Threads that fail to start in a row, with none alive, after which the waiting tasks are refused. */
const START_TRIES = 3;
/** One of them is for the main thread. */
const CORES = availableParallelism();

/**
 * Performs tasks on worker threads, one at a time on each, short ones sent many together; tasks made to run on the main
 * thread are performed there, beside the threads. A thread that dies, or whose task overruns its timeout and the grace, costs that task alone and
 * is replaced. Idle threads do not keep the process alive. One that has just run out of work stays awake for 0.1 ms, where a core is free.
 *
 * @throws TaskloomError OPTION_INVALID by the constructor; EXECUTOR_CLOSED by start() after stop()
 */
export class ThreadPoolTaskExecutor implements TaskExecutor {
  readonly #options: Required<Omit<ThreadPoolOptions, 'resourceLimits' | 'batch'>> & ThreadPoolOptions;
  readonly #batches: BatchSettings;
  readonly durations: Durations = new Durations();
  readonly #office = new TicketOffice();
  readonly #queue = new ReadyQueue();
  readonly #mainLane: InProcess;
  readonly #threads = new Set<Thread>();
  readonly #modules = new ModuleCare();
  readonly #host: ThreadHost = {
    onFree: () => this.#onFree(),
    onGone: (thread, failure) => this.#onGone(thread, failure),
    onReturned: (tickets) => this.#takeBack(tickets),
    onStray: (failure, task) => warnOfStray(failure, task),
    onLoaded: (module, took) => this.#modules.noteLoaded(module, took),
    onUnloadable: (module, failure) => this.#modules.noteUnloadable(module, failure),
    onTook: ({ task, action }, elapsed) => this.durations.note(task.work, action, elapsed),
  };
  /** Loaded with the first task, so that importing the package stays light. */
  #makePool: (() => Piscina) | null = null;
  #preparing = false;
  readonly #dispatchNow = (): void => this.#dispatch();
  #dispatching = false;
  #dispatchingLater: NodeJS.Immediate | undefined;
  #looksAt = Number.POSITIVE_INFINITY;
  #callOffLook: () => void = () => {};
  #isEveningOut = false;
  #failedStarts = 0;

  constructor(options: ThreadPoolOptions = {}) {
    checkPoolOptions(options);
    const { threads = availableParallelism(), loadTimeout = 30_000, timeoutGrace = 1000 } = options;
    this.#options = { ...options, threads, loadTimeout, timeoutGrace };
    this.#batches = { fixed: options.batch ?? null, threads };
    this.#mainLane = new InProcess({ atOnce: Number.POSITIVE_INFINITY, grace: timeoutGrace });
  }

  start(): void {
    this.#office.checkOpen();
  }

  execute(task: AnyTask, args: readonly PreparedArgument[], call: Call): Coming {
    return this.#enter(this.#office.execute(task, args, call));
  }

  revert(
    task: AnyTask,
    args: readonly PreparedArgument[],
    executed: Executed,
    failures: ReadonlyMap<string, Failure>,
    call: Call,
  ): Coming {
    return this.#enter(this.#office.revert(task, args, executed, failures, call));
  }

  recall(source: object): void {
    for (const thread of this.#threads) if (thread.inHand.holdsOf(source)) thread.inHand.callBack();
  }

  async stop(options: StopOptions = {}): Promise<void> {
    checkOptions(options, STOP_RULES, 'stop()');
    this.#office.close();
    for (const { inHand } of this.#threads) inHand.callBack();
    for (const ticket of [...this.#queue.drain(), ...this.#mainLane.drain()]) refuseClosed(ticket);
    await this.#office.settled(options.timeout);
    await Promise.all([...this.#threads].map((thread) => thread.end()));
    this.#callOffLook();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #enter(ticket: Ticket): Coming {
    if (ticket.settled) return ticket;
    if (ticket.task.work.module === null || ticket.task.runOn === 'main') this.#mainLane.enter(ticket);
    else {
      this.#queue.push(ticket);
      this.#dispatchSoon();
    }
    return ticket;
  }

  /**
   * Later, so that calls made in one go are taken by their order, not by that of the calls; while every thread has something to
   * do, at the end of this turn of the event loop, so that what comes until then travels together.
   */
  #dispatchSoon(): void {
    if (!this.#isAnyIdle) this.#dispatchingLater ??= setImmediate(this.#dispatchNow);
    else if (!this.#dispatching) {
      this.#dispatching = true;
      queueMicrotask(this.#dispatchNow);
    }
  }

  #dispatch(): void {
    this.#dispatching = false;
    clearImmediate(this.#dispatchingLater);
    this.#dispatchingLater = undefined;
    if (this.#makePool === null) {
      void this.#prepare();
      return;
    }
    let coming = 0;
    for (const thread of this.#threads) {
      if (thread.state === 'free') this.#feed(thread);
      if (thread.state === 'waking') coming++;
    }
    for (const thread of this.#threads) {
      if (this.#queue.size <= coming) break;
      if (thread.state === 'resting') {
        thread.wake();
        coming++;
      }
    }
    while (this.#queue.size > coming && this.#threads.size < this.#options.threads) {
      const thread = new Thread(this.#makePool(), this.#options, this.#host);
      this.#threads.add(thread);
      thread.wake();
      coming++;
    }
    for (let isGiven = true; isGiven; ) {
      isGiven = false;
      for (const thread of this.#threads) {
        if (this.#queue.size === 0 || !hasRoom(thread, this.#queue.size - coming, this.#batches)) continue;
        if (this.#feed(thread)) isGiven = true;
      }
    }
    this.#evenOut();
  }

  /**
   * A thread with nothing to do takes what stands behind others; and what they have done may make work for it: it is brought in,
   * and what is done next is to be said at once.
   */
  #evenOut(): void {
    const isAnyIdle = this.#queue.size === 0 && this.#isAnyIdle;
    let working = 0;
    for (const { inHand } of this.#threads) if (inHand.size > 0) working++;
    for (const { inHand } of this.#threads) {
      inHand.isAwaited = isAnyIdle;
      inHand.maySpin = (inHand.size > 0 ? working : working + 1) < CORES;
    }
    // What is brought in may come back to here.
    if (!isAnyIdle || this.#isEveningOut) return;
    this.#isEveningOut = true;
    for (const thread of this.#threads) thread.read();
    this.#isEveningOut = false;
    unevenOf(this.#threads)?.inHand.callBack();
  }

  get #isAnyIdle(): boolean {
    if (this.#threads.size < this.#options.threads) return true;
    for (const { state } of this.#threads) if (state === 'free' || state === 'resting') return true;
    return false;
  }

  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    try {
      this.#makePool = await poolMaker(this.#options.resourceLimits);
      this.#dispatch();
    } catch (error) {
      this.#refuseWaiting(failureFrom(startFailed(error)));
    } finally {
      this.#preparing = false;
    }
  }

  /** Gives a thread what is wanted next. False: without anything it stays as it is. */
  #feed(thread: Thread): boolean {
    const first = this.#queue.peek();
    const batch = new Batch(thread, this.durations, this.#queue.size, this.#batches);
    if (first === undefined || !batch.takes(first)) return false;
    thread.reserve();
    this.#fill(thread, batch);
    return true;
  }

  #fill(thread: Thread, batch: Batch): void {
    for (let ticket = this.#next(batch); ticket !== undefined; ticket = this.#next(batch)) {
      const taken = ticket.take();
      if (typeof taken !== 'boolean') {
        const taker = ticket;
        void taken.then((wanted) => this.#resume(thread, batch, wanted ? taker : null));
        return;
      }
      if (taken) batch.add(ticket);
    }
    thread.give(batch.parcels);
    // What it was given could not be sent.
    if (thread.state === 'free' && this.#queue.size > 0) this.#dispatchSoon();
    this.#lookSoon();
  }

  /** Goes on when the engine has answered whether it wants the task. */
  #resume(thread: Thread, batch: Batch, ticket: Ticket | null): void {
    if (ticket !== null && !ticket.settled) batch.add(ticket);
    if (thread.state === 'busy') this.#fill(thread, batch);
    // The thread was lost meanwhile: the tasks go to others.
    else this.#takeBack(batch.parcels.map((parcel) => parcel.ticket));
  }

  #takeBack(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      ticket.giveBack();
      if (!ticket.settled) this.#queue.push(ticket);
    }
    this.#dispatchSoon();
  }

  /** Looks at the threads when there will be something to find out, and as long as there is. */
  #lookSoon(): void {
    const isMoreWaiting = this.#queue.size > 0;
    let wait = Number.POSITIVE_INFINITY;
    for (const { inHand } of this.#threads) wait = Math.min(wait, inHand.untilLook(isMoreWaiting));
    if (wait === Number.POSITIVE_INFINITY) return;
    wait = Math.min(Math.max(wait, LOOK_EVERY), LOOK_AT_LEAST);
    const at = performance.now() + wait;
    if (at >= this.#looksAt) return;
    this.#looksAt = at;
    this.#callOffLook();
    this.#callOffLook = realClock.after(wait, () => this.#look());
  }

  #look(): void {
    this.#looksAt = Number.POSITIVE_INFINITY;
    for (const thread of this.#threads) if (thread.inHand.size > 0) thread.look();
    if (this.#queue.size > 0 && [...this.#threads].some((thread) => thread.isEnding)) this.#dispatch();
    else this.#evenOut();
    this.#lookSoon();
  }

  /** The next ticket that goes with the others; those whose module just cost a thread are refused. */
  #next(batch: Batch): Ticket | undefined {
    for (;;) {
      const ticket = this.#queue.peek();
      if (ticket === undefined || !batch.takes(ticket)) return undefined;
      this.#queue.next();
      if (ticket.settled) continue;
      const refusal = this.#modules.refusalOf(ticket);
      if (refusal === null) return ticket;
      ticket.settle({ kind: 'refused', failure: refusal });
    }
  }

  /** Not at once: who waits for the thread's last outcome hears of it first, and may withdraw what is next. */
  #onFree(): void {
    this.#failedStarts = 0;
    if (this.#queue.size > 0) this.#dispatchSoon();
    else this.#evenOut();
  }

  #onGone(thread: Thread, failure: Failure | null): void {
    this.#threads.delete(thread);
    if (failure !== null) this.#failedStarts++;
    if (failure !== null && this.#threads.size === 0 && this.#failedStarts >= START_TRIES)
      this.#refuseWaiting(failure);
    // Where threads are alive, those that can't be started are done without until one of them is free.
    else if (failure === null || this.#threads.size === 0) this.#dispatchSoon();
  }

  #refuseWaiting(failure: Failure): void {
    for (const ticket of this.#queue.drain()) ticket.settle({ kind: 'refused', failure });
  }
}
