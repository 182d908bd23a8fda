/**
 * One worker thread: a Piscina with one thread in it, so that what ends the thread ends one task, and it is known which.
 * Piscina starts and ends the thread and keeps the process alive while it is on duty; work goes over a port of our own.
 *
 *   resting ─wake─▶ waking ─ready─▶ free ─reserve─▶ busy ─outcome─▶ free
 *      ▲                             │                │
 *      └──────── leaving ◀── IDLE ───┘                └─ lost, overdue ─▶ ending ─exit─▶ gone
 *
 * 1. A free thread leaves its duty after IDLE ms: its Piscina is then idle, and the process may end.
 * 2. What the thread posted before it ended is read before anything is judged: an outcome beats a death.
 * 3. A thread that was told to end holds its place until it is gone, which a blocking call can delay.
 */
import type { Worker } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { TaskloomError } from '../errors.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { FromWorker, Outcome } from '../protocol/messages.ts';
import { failed, refused } from '../protocol/perform.ts';
import { realClock } from './clock.ts';
import { Line } from './line.ts';
import { loadOverdue, lostError, startFailed } from './lost.ts';
import type { Ticket } from './ticket.ts';
import { Watch } from './watch.ts';

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
  /** It can take a task, or be woken. */
  onFree(): void;
  /** It is gone; `failure` when it never got ready. */
  onGone(thread: Thread, failure: Failure | null): void;
  /** It was lost before this task arrived there. */
  onReturned(ticket: Ticket): void;
  onStray(failure: Failure, task: string | null): void;
  onLoaded(module: string, took: number): void;
  /** The import of this module cost a thread. */
  onUnloadable(module: string, failure: Failure): void;
}

/** The task in hand. */
interface Hand {
  readonly ticket: Ticket;
  readonly watch: Watch;
  /** False while its module may still be on its way. */
  began: boolean;
}

export class Thread {
  readonly #pool: Piscina;
  readonly #settings: ThreadSettings;
  readonly #host: ThreadHost;
  readonly #line: Line;
  readonly #loaded = new Set<string>();
  readonly #exited: Promise<void>;
  #exit: () => void = () => {};
  #state: State = 'resting';
  #started = false;
  #wasReady = false;
  #error: unknown;
  #hand: Hand | null = null;
  /** Calls off the one timer that runs: of the start, of an import, or of idling. */
  #callOff: () => void = () => {};

  constructor(pool: Piscina, settings: ThreadSettings, host: ThreadHost) {
    this.#pool = pool;
    this.#settings = settings;
    this.#host = host;
    this.#line = new Line((message) => this.#receive(message));
    // The thread's own events say more; without a listener the pool would throw.
    this.#pool.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  get state(): State {
    return this.#state;
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

  /** Keeps a free thread for a task that is on its way. */
  reserve(): void {
    this.#callOff();
    this.#state = 'busy';
  }

  /** Lets a reserved thread go. */
  release(): void {
    this.#state = 'free';
    this.#callOff = realClock.after(IDLE, () => this.#leave());
  }

  /** Gives a task to a reserved thread. False when it could not be sent: then its ticket is settled. */
  give(ticket: Ticket): boolean {
    const { request, call } = ticket;
    const began = this.#loaded.has(request.module);
    const announce = !began || ticket.task.timeout !== null;
    const aborted = call.signal?.aborted ? failureFrom(call.signal.reason) : null;
    try {
      if (request.services.length > 0) this.#line.offerServices((id) => this.#servicesOf(id));
      this.#line.send({ kind: 'work', request, announce, aborted });
    } catch (error) {
      ticket.settle(refused(error));
      return false;
    }
    const watch = new Watch(ticket, realClock, {
      look: () => this.#line.look(),
      abort: (reason) => this.#line.send({ kind: 'abort', id: request.id, reason: failureFrom(reason) }),
      giveUp: (outcome) => this.#lose(outcome),
    });
    this.#hand = { ticket, watch, began };
    if (!announce) watch.begin(this.#settings.timeoutGrace);
    if (!began) this.#callOff = realClock.after(this.#settings.loadTimeout, () => this.#overdueImport());
    return true;
  }

  /** Ends the thread, whatever it does. Resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#state === 'gone') return;
    this.#state = 'ending';
    this.#callOff();
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
        this.#began(message.id, message.loading);
        return;
      case 'event':
        if (this.#hand?.ticket.id === message.id) this.#hand.ticket.tell(message.event);
        return;
      case 'outcome':
        if (this.#hand?.ticket.id === message.id) this.#finish(message.outcome);
        return;
      case 'stray':
        this.#host.onStray(message.failure, message.task);
        return;
    }
  }

  #ready(): void {
    this.#wasReady = true;
    if (this.#state !== 'waking') return;
    this.#callOff();
    this.release();
    this.#host.onFree();
  }

  #began(id: number, loading: number): void {
    const hand = this.#hand;
    if (hand?.ticket.id !== id) return;
    this.#callOff();
    const { module } = hand.ticket.request;
    this.#loaded.add(module);
    hand.began = true;
    hand.watch.begin(this.#settings.timeoutGrace);
    this.#host.onLoaded(module, loading);
  }

  #finish(outcome: Outcome): void {
    this.#settle(outcome);
    if (this.#state !== 'busy') return;
    this.release();
    this.#host.onFree();
  }

  #settle(outcome: Outcome): void {
    const hand = this.#hand;
    this.#hand = null;
    this.#callOff();
    hand?.ticket.settle(hand.watch.stop(outcome));
  }

  /** The thread is of no more use to this task, nor to another. */
  #lose(outcome: Outcome): void {
    this.#settle(outcome);
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
    this.#line.look();
    if (this.#state !== 'waking' && this.#state !== 'leaving') return;
    this.#error = new Error(`It did not answer within ${this.#settings.loadTimeout} ms.`);
    void this.end();
  }

  #overdueImport(): void {
    this.#line.look();
    if (this.#hand === null || this.#hand.began) return;
    const { ticket } = this.#hand;
    this.#unloadable(ticket, loadOverdue(ticket.request, this.#settings.loadTimeout));
    void this.end();
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
    this.#line.look();
    this.#callOff();
    this.#judge(exitCode);
    this.#line.close();
    this.#state = 'gone';
    this.#exit();
    const cause = this.#error ?? new Error(`It exited with code ${exitCode} before it was ready.`);
    this.#host.onGone(this, this.#wasReady ? null : failureFrom(startFailed(cause)));
  }

  /** Blames the task in hand for the thread's end, unless that came before the task. */
  #judge(exitCode: number): void {
    if (this.#hand === null) return;
    const { ticket, watch } = this.#hand;
    const reached = this.#line.reached(ticket.id);
    if (reached === 'sent') {
      this.#hand = null;
      watch.drop();
      this.#host.onReturned(ticket);
      return;
    }
    const began = reached === 'begun';
    const imported = this.#loaded.has(ticket.request.module);
    const error = lostError(ticket.request, { exitCode, error: this.#error }, began, imported);
    if (began) this.#settle(failed(ticket.action, error, watch.elapsed));
    else if (imported) this.#settle({ kind: 'refused', failure: failureFrom(error) });
    else this.#unloadable(ticket, error);
  }

  /** The import of its module cost the thread: the task did not begin. */
  #unloadable({ request }: Ticket, error: TaskloomError): void {
    const failure = failureFrom(error);
    this.#host.onUnloadable(request.module, failure);
    this.#settle({ kind: 'refused', failure });
  }

  #servicesOf(id: number): Services | null {
    const ticket = this.#hand?.ticket;
    return ticket?.id === id ? ticket.call.services : null;
  }
}
