/**
 * Watches one task that runs: at its timeout the signal is aborted, and a grace later the task is given up.
 *
 * The same rule holds on every executor: what took longer than its timeout has failed with TASK_TIMEOUT, whether it
 * then gave a result, threw, or never ended.
 */
import { TaskloomError } from '../errors.ts';
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

export class Watch {
  readonly #ticket: Ticket;
  readonly #clock: Clock;
  readonly #host: WatchHost;
  #callOff: () => void = () => {};
  #stopped = false;
  #timedOut = false;
  #since = 0;

  constructor(ticket: Ticket, clock: Clock, host: WatchHost) {
    this.#ticket = ticket;
    this.#clock = clock;
    this.#host = host;
  }

  /** The task's code began `already` ms ago: its time counts from there. */
  begin(grace: number, already = 0): void {
    this.#since = this.#clock.now() - already;
    const { timeout } = this.#ticket.task;
    if (timeout === null || timeout === Number.POSITIVE_INFINITY) return;
    this.#callOff = this.#clock.after(Math.max(0, timeout - already), () => {
      this.#host.look();
      if (this.#stopped) return;
      this.#timedOut = true;
      this.#host.abort(timeoutError(this.#ticket));
      this.#callOff = this.#clock.after(grace, () => this.#overdue());
    });
  }

  /** The outcome is here. Returns what it counts as. */
  stop(outcome: Outcome): Outcome {
    this.#stopped = true;
    this.#callOff();
    return judge(this.#ticket, outcome, this.#timedOut);
  }

  #overdue(): void {
    this.#host.look();
    if (!this.#stopped) this.#host.giveUp(timedOut(this.#ticket, this.#clock.now() - this.#since));
  }
}

/** What an outcome counts as that took so long; `isOverdue`: its timeout is known to be over. */
export function judge(ticket: Ticket, outcome: Outcome, isOverdue = false): Outcome {
  if (outcome.kind === 'refused' || outcome.kind === 'withdrawn') return outcome;
  const { timeout } = ticket.task;
  if (!isOverdue && outcome.elapsed <= (timeout ?? Number.POSITIVE_INFINITY)) return outcome;
  const own = 'failure' in outcome ? outcome.failure : null;
  if (own?.code === 'TASK_TIMEOUT') return outcome;
  const late = timedOut(ticket, outcome.elapsed);
  return own === null ? late : { ...late, failure: { ...late.failure, cause: own } };
}

function timedOut(ticket: Ticket, elapsed: number): ReturnType<typeof failed> {
  return failed(ticket.action, timeoutError(ticket), elapsed);
}

/** What a task fails with that took longer than its timeout. */
export function timeoutError({ task, request }: Ticket): TaskloomError {
  const { timeout } = task;
  const what = request.action === 'execute' ? 'Task' : 'The revert of task';
  return new TaskloomError(
    'TASK_TIMEOUT',
    `${what} '${request.atom}' took longer than its timeout of ${timeout} ms.`,
    { details: { timeout, atom: request.atom } },
  );
}
