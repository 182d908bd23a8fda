/**
 * Watches one task that runs: at its timeout the signal is aborted, and a grace later the task is given up.
 *
 * The same rule holds on every executor: what took longer than its timeout has failed with TASK_TIMEOUT, whether it
 * then gave a result, threw, or never ended.
 */
import { TaskloomError } from '../errors.ts';
import { type Follower, follow, unfollow } from '../following.ts';
import type { Outcome } from '../protocol/messages.ts';
import { failed } from '../protocol/perform.ts';
import type { Clock } from './clock.ts';
import type { Ticket } from './ticket.ts';

export interface WatchHost {
  /** Brings in an outcome that is here and was not looked at; it may stop the watch. */
  look(): void;
  /** The task's signal is to be aborted. */
  abort(reason: unknown): void;
  /** The grace is over. */
  giveUp(outcome: Outcome): void;
}

export class Watch implements Follower {
  readonly #ticket: Ticket;
  readonly #clock: Clock;
  readonly #host: WatchHost;
  #callOff: () => void = () => {};
  #stopped = false;
  #timedOut = false;
  #since = 0;

  /** Follows the signal of the call from the start. */
  constructor(ticket: Ticket, clock: Clock, host: WatchHost) {
    this.#ticket = ticket;
    this.#clock = clock;
    this.#host = host;
    if (ticket.call.signal !== null) follow(ticket.call.signal, this);
  }

  onAborted(reason: unknown): void {
    this.#host.abort(reason);
  }

  /** The task's code begins: its time counts from here. */
  begin(grace: number): void {
    this.#since = this.#clock.now();
    const { timeout } = this.#ticket.task;
    if (timeout === null || timeout === Number.POSITIVE_INFINITY) return;
    this.#callOff = this.#clock.after(timeout, () => {
      this.#host.look();
      if (this.#stopped) return;
      this.#timedOut = true;
      this.#host.abort(timeoutError(this.#ticket));
      this.#callOff = this.#clock.after(grace, () => this.#overdue());
    });
  }

  /** ms since the task's code began. */
  get elapsed(): number {
    return this.#clock.now() - this.#since;
  }

  /** The outcome is here. Returns what it counts as. */
  stop(outcome: Outcome): Outcome {
    this.drop();
    return this.#judge(outcome);
  }

  /** The task is watched no more. */
  drop(): void {
    this.#stopped = true;
    this.#callOff();
    const { signal } = this.#ticket.call;
    if (signal !== null) unfollow(signal, this);
  }

  #overdue(): void {
    this.#host.look();
    if (!this.#stopped) this.#host.giveUp(this.#timeout(this.elapsed));
  }

  #judge(outcome: Outcome): Outcome {
    if (outcome.kind === 'refused' || outcome.kind === 'withdrawn') return outcome;
    const { timeout } = this.#ticket.task;
    if (!this.#timedOut && outcome.elapsed <= (timeout ?? Number.POSITIVE_INFINITY)) return outcome;
    const own = 'failure' in outcome ? outcome.failure : null;
    if (own?.code === 'TASK_TIMEOUT') return outcome;
    const late = this.#timeout(outcome.elapsed);
    return own === null ? late : { ...late, failure: { ...late.failure, cause: own } };
  }

  #timeout(elapsed: number): ReturnType<typeof failed> {
    return failed(this.#ticket.action, timeoutError(this.#ticket), elapsed);
  }
}

/** What a task fails with that took longer than its timeout. */
export function timeoutError({ task, request }: Ticket): TaskloomError {
  const { timeout } = task;
  const what = request.action === 'execute' ? 'Task' : 'The revert of task';
  return new TaskloomError(
    'TASK_TIMEOUT',
    `${what} '${request.identity.atom}' took longer than its timeout of ${timeout} ms.`,
    { details: { timeout, atom: request.identity.atom } },
  );
}
