/**
 * The thread pool: who of the waiting tasks goes next, and on which worker thread.
 *
 *   execute, revert ─▶ ready queue ─▶ free thread ─▶ outcome
 *                          │  none free: wake a resting one, else start one, up to `threads`
 *                          └─ tasks of the main thread: a lane of their own, on no thread
 *
 * 1. A thread takes its task when it is free, not before, so that order and aborts count until then.
 * 2. While anything waits, some thread is on its way to it, or the waiting are refused: nothing hangs.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { TaskloomError } from '../errors.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { AnyTask } from '../flow/unit.ts';
import {
  AN_OBJECT,
  aWholeNumber,
  checkOptions,
  MILLISECONDS,
  type OptionRule,
  type OptionRules,
} from '../options.ts';
import { pathOf } from '../protocol/loading.ts';
import type { Executed, Outcome, PreparedArgument } from '../protocol/messages.ts';
import { refused } from '../protocol/perform.ts';
import { isTypeScript } from '../protocol/typescript.ts';
import { errorFrom } from '../revival.ts';
import { type Call, STOP_RULES, type StopOptions, type TaskExecutor } from './executor.ts';
import { InProcess } from './in-process.ts';
import { startFailed } from './lost.ts';
import { ReadyQueue } from './ready-queue.ts';
import { Thread, type ThreadHost } from './thread.ts';
import { refuseClosed, type Ticket, TicketOffice } from './ticket.ts';

export interface ThreadPoolOptions {
  /** How many worker threads at most; each is started when there is work for it. Default: `os.availableParallelism()`. */
  readonly threads?: number;
  /**
   * Limits of each thread's heap, as of Node's Worker; a task that exceeds them fails with WORKER_OUT_OF_MEMORY. Where
   * one big piece is asked for that does not fit, as by a Map that grows, Node ends the whole process instead.
   */
  readonly resourceLimits?: ResourceLimits;
  /** ms for a thread to start, and for a task module to be imported. Default 30,000. */
  readonly loadTimeout?: number;
  /** ms from a task's timeout, when its signal is aborted, until its thread is replaced. Default 1000. */
  readonly timeoutGrace?: number;
}

const RULES: OptionRules<ThreadPoolOptions> = {
  threads: aWholeNumber(1),
  resourceLimits: AN_OBJECT,
  loadTimeout: MILLISECONDS,
  timeoutGrace: MILLISECONDS,
};
const MEGABYTES: OptionRule = {
  fits: (value) => Number.isFinite(value) && (value as number) > 0,
  words: 'a number of MB above 0',
};
/** Node takes no notice of a limit that it doesn't know. */
const LIMIT_RULES: OptionRules<ResourceLimits> = {
  maxYoungGenerationSizeMb: MEGABYTES,
  maxOldGenerationSizeMb: MEGABYTES,
  codeRangeSizeMb: MEGABYTES,
  stackSizeMb: MEGABYTES,
};
/** Threads that fail to start in a row, with none alive, after which the waiting tasks are refused. */
const START_TRIES = 3;
/** ms for which a module that cost a thread is not tried again. */
const UNLOADABLE_FOR = 60_000;
/** ms from which an import is worth a warning; that of TypeScript has the start of its compiler in it. */
const SLOW_IMPORT = 3000;
const SLOW_TYPESCRIPT = 5000;
/** Beside this file as in the package: dist/src/executor/ and dist/workers/, or both in TypeScript. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../workers/task-entry.cts' : '../../workers/task-entry.cjs',
  import.meta.url,
);

/**
 * Performs tasks on worker threads, one at a time on each; tasks made to run on the main thread are performed there,
 * beside the threads. A thread that dies, or whose task overruns its timeout and the grace, costs that task alone and
 * is replaced. Idle threads do not keep the process alive.
 *
 * @throws TaskloomError OPTION_INVALID by the constructor; EXECUTOR_CLOSED by start() after stop()
 */
export class ThreadPoolTaskExecutor implements TaskExecutor {
  readonly #options: Required<Omit<ThreadPoolOptions, 'resourceLimits'>> & ThreadPoolOptions;
  readonly #office = new TicketOffice();
  readonly #queue = new ReadyQueue();
  readonly #mainLane: InProcess;
  readonly #threads = new Set<Thread>();
  readonly #unloadable = new Map<string, { readonly failure: Failure; readonly until: number }>();
  readonly #slow = new Set<string>();
  readonly #host: ThreadHost = {
    onFree: () => this.#onFree(),
    onGone: (thread, failure) => this.#onGone(thread, failure),
    onReturned: (ticket) => this.#takeBack(ticket),
    onStray: (failure, task) => warnOfStray(failure, task),
    onLoaded: (module, took) => this.#onLoaded(module, took),
    onUnloadable: (module, failure) =>
      this.#unloadable.set(module, { failure, until: performance.now() + UNLOADABLE_FOR }),
  };
  /** Loaded with the first task, so that importing the package stays light. */
  #makePool: (() => Piscina) | null = null;
  #preparing = false;
  #dispatching = false;
  #failedStarts = 0;

  constructor(options: ThreadPoolOptions = {}) {
    checkOptions(options, RULES, 'ThreadPoolTaskExecutor');
    checkOptions(options.resourceLimits ?? {}, LIMIT_RULES, 'resourceLimits of ThreadPoolTaskExecutor');
    const { threads = availableParallelism(), loadTimeout = 30_000, timeoutGrace = 1000 } = options;
    this.#options = { ...options, threads, loadTimeout, timeoutGrace };
    this.#mainLane = new InProcess({ atOnce: Number.POSITIVE_INFINITY, grace: timeoutGrace });
  }

  start(): void {
    this.#office.checkOpen();
  }

  execute(task: AnyTask, args: readonly PreparedArgument[], call: Call): Promise<Outcome> {
    return this.#enter(this.#office.execute(task, args, call));
  }

  revert(
    task: AnyTask,
    args: readonly PreparedArgument[],
    executed: Executed,
    failures: ReadonlyMap<string, Failure>,
    call: Call,
  ): Promise<Outcome> {
    return this.#enter(this.#office.revert(task, args, executed, failures, call));
  }

  async stop(options: StopOptions = {}): Promise<void> {
    checkOptions(options, STOP_RULES, 'stop()');
    this.#office.close();
    for (const ticket of [...this.#queue.drain(), ...this.#mainLane.drain()]) refuseClosed(ticket);
    await this.#office.settled(options.timeout);
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #enter(ticket: Ticket): Promise<Outcome> {
    if (ticket.settled) return ticket.outcome;
    if (ticket.task.work.module === null) this.#mainLane.enter(ticket);
    else {
      this.#queue.push(ticket);
      this.#dispatchSoon();
    }
    return ticket.outcome;
  }

  /** Later, so that calls made in one go are taken by their order, not by that of the calls. */
  #dispatchSoon(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    queueMicrotask(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
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
      if (this.#queue.size <= coming) return;
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
  }

  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    try {
      if (!existsSync(WORKER)) throw new Error(`There is no file ${fileURLToPath(WORKER)}.`);
      const { Piscina } = await import('piscina');
      const { resourceLimits } = this.#options;
      this.#makePool = () =>
        new Piscina({
          filename: WORKER.href,
          minThreads: 0,
          maxThreads: 1,
          idleTimeout: Number.POSITIVE_INFINITY,
          atomics: 'disabled',
          recordTiming: false,
          ...(resourceLimits === undefined ? {} : { resourceLimits }),
        });
      this.#dispatch();
    } catch (error) {
      this.#refuseWaiting(failureFrom(startFailed(error)));
    } finally {
      this.#preparing = false;
    }
  }

  /** Gives a free thread the next task that is wanted; without one it stays free. */
  #feed(thread: Thread): void {
    thread.reserve();
    for (let ticket = this.#next(); ticket !== undefined; ticket = this.#next()) {
      const taken = ticket.take();
      if (typeof taken !== 'boolean') {
        const taker = ticket;
        void taken.then((wanted) => this.#resume(thread, wanted ? taker : null));
        return;
      }
      if (taken && thread.give(ticket)) return;
    }
    thread.release();
  }

  /** Goes on when the engine has answered whether it wants the task. */
  #resume(thread: Thread, ticket: Ticket | null): void {
    if (thread.state === 'busy') {
      if (ticket === null || ticket.settled || !thread.give(ticket)) this.#feed(thread);
      return;
    }
    // The thread was lost meanwhile: the task goes to another.
    if (ticket !== null) this.#takeBack(ticket);
  }

  #takeBack(ticket: Ticket): void {
    if (ticket.settled) return;
    this.#queue.push(ticket);
    this.#dispatchSoon();
  }

  /** The next ticket; those whose module just cost a thread are refused. */
  #next(): Ticket | undefined {
    for (;;) {
      const ticket = this.#queue.next();
      if (ticket === undefined) return undefined;
      const { module } = ticket.request;
      const unloadable = this.#unloadable.get(module);
      if (unloadable === undefined) return ticket;
      if (unloadable.until > performance.now())
        ticket.settle(refused(unloadableError(ticket, unloadable.failure)));
      else this.#unloadable.delete(module);
      if (!ticket.settled) return ticket;
    }
  }

  /** Not at once: who waits for the thread's last outcome hears of it first, and may withdraw what is next. */
  #onFree(): void {
    this.#failedStarts = 0;
    if (this.#queue.size > 0) this.#dispatchSoon();
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

  #onLoaded(module: string, took: number): void {
    if (took < (isTypeScript(module) ? SLOW_TYPESCRIPT : SLOW_IMPORT) || this.#slow.has(module)) return;
    this.#slow.add(module);
    process.emitWarning(
      `The import of the task module ${pathOf(module)} took ${Math.round(took)} ms: it does work when it is imported. Move that into tasks; every worker thread imports the module.`,
      { type: 'TaskloomWarning' },
    );
  }
}

/** What was found for another task, said of this one. */
function unloadableError({ request: { identity, module } }: Ticket, failure: Failure): TaskloomError {
  const found = errorFrom(failure);
  const code = found instanceof TaskloomError ? found.code : 'MODULE_LOAD_FAILED';
  return new TaskloomError(
    code,
    `The task module ${pathOf(module)} of task '${identity.atom}' cost a thread when it was imported less than a minute ago, and is not tried again.`,
    { cause: found, details: { module, atom: identity.atom } },
  );
}

function warnOfStray(failure: Failure, task: string | null): void {
  const after =
    task === null ? 'before its first task' : `in or after task '${task}', the last that ran there`;
  process.emitWarning(
    `Something threw in a worker thread outside of its task, ${after}: ${failure.message}`,
    {
      type: 'TaskloomWarning',
      code: 'WORKER_STRAY_ERROR',
      detail: errorFrom(failure).stack ?? '',
    },
  );
}
