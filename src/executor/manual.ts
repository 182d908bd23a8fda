/**
 * An executor that settles when told, on a clock that moves when told, so that a test decides every interleaving. It
 * performs the tasks' own functions in this process; nothing of it waits for real time but the tasks themselves.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { AnyTask } from '../flow/unit.ts';
import { hint } from '../hint.ts';
import { A_FLAG, aWholeNumber, checkOptions, type OptionRules } from '../options.ts';
import type { Executed, Outcome, PreparedArgument } from '../protocol/messages.ts';
import { failed, succeeded } from '../protocol/perform.ts';
import type { Clock } from './clock.ts';
import { type Call, type Coming, STOP_RULES, type StopOptions, type TaskExecutor } from './executor.ts';
import { performHere } from './in-process.ts';
import { lostError } from './lost.ts';
import { ManualClock, randomFrom } from './manual-clock.ts';
import { byUrgency } from './ranked-queue.ts';
import { refuseClosed, type Ticket, TicketOffice } from './ticket.ts';
import { timeoutError } from './watch.ts';

export interface ManualOptions {
  /** How many tasks may have begun and not ended, as if there were so many threads. Default: any number. */
  readonly concurrency?: number;
  /** True: each task is settled as soon as it may, without being told. Default false. */
  readonly auto?: boolean;
}

/** A task that was handed in and is not settled. */
export interface WaitingTask {
  /** The atom's name. */
  readonly atom: string;
  readonly action: 'execute' | 'revert';
  /** When it was handed in, on the executor's clock. */
  readonly since: number;
  /** True when it counts as running; its code has not run yet. */
  readonly begun: boolean;
}

const RULES: OptionRules<ManualOptions> = { concurrency: aWholeNumber(1), auto: A_FLAG };
/** Turns of the event loop without a new task after which the engine has handed in all for now. */
const QUIET_TURNS = 3;

interface Held {
  readonly ticket: Ticket;
  readonly since: number;
  begun: boolean;
}

/**
 * For tests of your flows: what happens if `b` fails while `c` runs, which reverts come first, whether every order of
 * ending leaves the same behind.
 *
 * ```ts
 * const executor = new ManualTaskExecutor();
 * const ended = run(flow, { store, executor });
 * await executor.idle();                 // the engine has handed in what is ready
 * executor.waiting;                      // [{ atom: 'a', action: 'execute', … }, { atom: 'b', … }]
 * await executor.settle('b');            // performs it
 * await executor.fail('a', new Error('no'));
 * await executor.settleAll();            // the reverts
 * ```
 *
 * Methods that take an atom reject with TaskloomError ATOM_NOT_FOUND when no task of it waits.
 */
export class ManualTaskExecutor implements TaskExecutor {
  readonly #office = new TicketOffice();
  /** Moved by `advance`; retries wait by it too. */
  readonly clock: Clock & { advance(ms: number): Promise<void> } = new ManualClock();
  readonly #concurrency: number;
  readonly #auto: boolean;
  #held: readonly Held[] = [];
  #arrivals = 0;

  /** @throws TaskloomError OPTION_INVALID */
  constructor(options: ManualOptions = {}) {
    checkOptions(options, RULES, 'ManualTaskExecutor');
    this.#concurrency = options.concurrency ?? Number.POSITIVE_INFINITY;
    this.#auto = options.auto ?? false;
  }

  /** What waits to be settled, in the order in which it was handed in. */
  get waiting(): readonly WaitingTask[] {
    return this.#held.map(({ ticket: { request }, since, begun }) => ({
      atom: request.atom,
      action: request.action,
      since,
      begun,
    }));
  }

  /** ms on the executor's clock, which starts at 0. */
  get now(): number {
    return this.clock.now();
  }

  /** Resolves when the engine has handed in all that it will before something settles or real time passes. */
  async idle(): Promise<void> {
    for (let quiet = 0, seen = this.#arrivals; quiet < QUIET_TURNS; quiet++) {
      await nextTurn();
      if (seen !== this.#arrivals) [quiet, seen] = [-1, this.#arrivals];
    }
  }

  /**
   * Lets the task count as running, without performing it. False: the engine wants it no more.
   * @throws TaskloomError OPTION_INVALID when as many as `concurrency` have begun
   */
  async begin(atom: string): Promise<boolean> {
    return this.#begin(this.#find(atom));
  }

  /** Performs the task and hands over its outcome. */
  async settle(atom: string): Promise<Outcome> {
    return this.#perform(this.#find(atom));
  }

  /** Hands over this result without performing the task. */
  finish(atom: string, result?: unknown): Promise<Outcome> {
    return this.#pretend(atom, ({ request }) => succeeded(request, result, 0));
  }

  /** Hands over this error without performing the task. */
  fail(atom: string, error: unknown): Promise<Outcome> {
    return this.#pretend(atom, ({ request }) => failed(request.action, error, 0));
  }

  /** As if the task's worker thread had exited in its midst. */
  lose(atom: string): Promise<Outcome> {
    return this.#pretend(atom, ({ request }) =>
      failed(request.action, lostError(request, { exitCode: 1, error: undefined }, true, true), 0),
    );
  }

  /** Moves the clock; time-outs of tasks that are being performed happen on the way, in their order. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /**
   * Settles what waits, and what is handed in because of it, until nothing waits. As many as `concurrency` begin, by
   * priority, rank and arrival, and end in the order in which they began; with a seed at random, the same for the same.
   * @returns The atoms in the order in which they settled
   */
  async settleAll({ seed }: { readonly seed?: number } = {}): Promise<readonly string[]> {
    const random = seed === undefined ? null : randomFrom(seed);
    const settled: string[] = [];
    for (await this.idle(); this.#held.length > 0; await this.idle()) {
      const begun = this.#held.filter((held) => held.begun);
      const fresh = this.#inOrder();
      const mayBegin = fresh.length > 0 && begun.length < this.#concurrency;
      // At random: the more have begun, the rarer another one begins before one of them ends.
      const begins = mayBegin && (random === null || begun.length === 0 || random() < 1 / (1 + begun.length));
      const pick = random === null || begins ? 0 : Math.floor(random() * begun.length);
      const held = begins ? fresh[0] : begun[pick];
      if (held === undefined) continue;
      if (begins) await this.#begin(held);
      else {
        await this.#perform(held);
        settled.push(held.ticket.call.identity.atom);
      }
    }
    return settled;
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

  async stop(options: StopOptions = {}): Promise<void> {
    checkOptions(options, STOP_RULES, 'stop()');
    this.#office.close();
    for (const { ticket, begun } of this.#held) if (!begun) refuseClosed(ticket);
    await this.#office.settled(options.timeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #enter(ticket: Ticket): Coming {
    if (ticket.settled) return ticket;
    const held: Held = { ticket, since: this.clock.now(), begun: false };
    this.#held = [...this.#held, held];
    this.#arrivals++;
    ticket.then(() => {
      this.#held = this.#held.filter((other) => other !== held);
      // Later: who waits for the outcome hears of it first, and may withdraw what is next.
      if (this.#auto) queueMicrotask(() => this.#settleReady());
    });
    if (this.#auto) queueMicrotask(() => this.#settleReady());
    return ticket;
  }

  #settleReady(): void {
    const begun = this.#held.filter((held) => held.begun).length;
    for (const held of this.#inOrder().slice(0, this.#concurrency - begun)) void this.#perform(held);
  }

  #inOrder(): Held[] {
    return this.#held.filter((held) => !held.begun).sort((a, b) => byUrgency(a.ticket, b.ticket));
  }

  #find(atom: string): Held {
    const found = this.#held.find(({ ticket }) => ticket.call.identity.atom === atom);
    if (found !== undefined) return found;
    const names = this.#held.map(({ ticket }) => ticket.call.identity.atom);
    throw new TaskloomError(
      'ATOM_NOT_FOUND',
      `No task of an atom '${atom}' waits.${hint(atom, names)} These wait: ${names.join(', ') || 'none'}.`,
      { details: { atom, waiting: names } },
    );
  }

  async #begin(held: Held): Promise<boolean> {
    if (!held.begun && this.#held.filter(({ begun }) => begun).length >= this.#concurrency) {
      throw new TaskloomError(
        'OPTION_INVALID',
        `As many tasks have begun as the concurrency of ManualTaskExecutor, ${this.#concurrency}, allows.`,
      );
    }
    if (held.begun) return held.ticket.take();
    held.begun = true;
    const wanted = await held.ticket.take();
    if (wanted) this.#watch(held.ticket);
    return wanted;
  }

  /** The timeout of a task counts from its begin, whether or not it is performed. */
  #watch(ticket: Ticket): void {
    const { task, request } = ticket;
    const { timeout } = task;
    if (timeout === null) return;
    const callOff = this.clock.after(timeout, () => {
      ticket.settle(failed(request.action, timeoutError(ticket), timeout));
    });
    ticket.then(callOff);
  }

  async #perform(held: Held): Promise<Outcome> {
    const { ticket } = held;
    if (await this.#begin(held)) ticket.settle(await performHere(ticket, this.clock, 0));
    return ticket;
  }

  async #pretend(atom: string, outcome: (ticket: Ticket) => Outcome): Promise<Outcome> {
    const held = this.#find(atom);
    if (await this.#begin(held)) held.ticket.settle(outcome(held.ticket));
    return held.ticket;
  }
}
