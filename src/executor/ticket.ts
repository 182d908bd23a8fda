/**
 * One call of execute or revert from its arrival to its outcome, and the office that hands tickets out.
 *
 * 1. A ticket settles once; what comes later is ignored, events included.
 * 2. It is begun once, and again only after it was given back.
 */
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { AnyTask } from '../flow/unit.ts';
import type { Executed, Outcome, PreparedArgument, WorkEvent, WorkRequest } from '../protocol/messages.ts';
import { failed, refused } from '../protocol/perform.ts';
import { realClock } from './clock.ts';
import type { Call } from './executor.ts';
import { TermsOf } from './terms.ts';

/** What a revert is told beside its arguments. */
interface Undoing {
  readonly executed: Executed;
  readonly failures: ReadonlyMap<string, Failure>;
}

export class Ticket {
  /** Counts up with the calls. */
  readonly turn: number;
  readonly task: AnyTask;
  readonly call: Call;
  readonly outcome: Promise<Outcome>;
  readonly #args: readonly PreparedArgument[];
  readonly #undoing: Undoing | null;
  readonly #terms: TermsOf;
  readonly #onSettled: (ticket: Ticket) => void;
  #resolve: (outcome: Outcome) => void = () => {};
  #request: WorkRequest | null = null;
  #begun = false;
  #settled = false;

  constructor(
    turn: number,
    task: AnyTask,
    args: readonly PreparedArgument[],
    undoing: Undoing | null,
    call: Call,
    terms: TermsOf,
    onSettled: (ticket: Ticket) => void,
  ) {
    this.turn = turn;
    this.task = task;
    this.call = call;
    this.#args = args;
    this.#undoing = undoing;
    this.#terms = terms;
    this.#onSettled = onSettled;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get priority(): number {
    return this.task.priority;
  }

  get rank(): number {
    return this.call.rank;
  }

  get settled(): boolean {
    return this.#settled;
  }

  get action(): WorkRequest['action'] {
    return this.#undoing === null ? 'execute' : 'revert';
  }

  /** What crosses to the worker. */
  get request(): WorkRequest {
    this.#request ??= this.#makeRequest();
    return this.#request;
  }

  /** Asks whether the task is still wanted. When it is not, the ticket is settled. */
  take(): boolean | Promise<boolean> {
    if (this.#begun) return true;
    this.#begun = true;
    try {
      const wanted = this.call.begin();
      if (typeof wanted === 'boolean') return this.#heed(wanted);
      return wanted.then(
        (later) => this.#heed(later),
        (error) => this.#refuse(error),
      );
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /** The worker that took it did not begin it. */
  giveBack(): void {
    if (this.#settled || !this.#begun) return;
    this.#begun = false;
    this.call.returned();
  }

  tell(event: WorkEvent): void {
    if (this.#settled) return;
    try {
      this.call.onEvent(event);
    } catch (error) {
      // A listener is no part of the task: it must neither fail it nor end the process.
      process.emitWarning(`What hears the events of task '${this.request.atom}' threw: ${error}`, {
        type: 'TaskloomWarning',
      });
    }
  }

  settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#onSettled(this);
    this.#resolve(outcome);
  }

  #makeRequest(): WorkRequest {
    const { task, call } = this;
    const undoing = this.#undoing;
    const { identity } = call;
    const { atom, attempt } = identity;
    const action = undoing === null ? 'execute' : 'revert';
    const common = { terms: this.#terms.of(task, action, call, identity), atom, attempt, args: this.#args };
    return undoing === null ? { action: 'execute', ...common } : { action: 'revert', ...common, ...undoing };
  }

  #heed(wanted: boolean): boolean {
    if (!wanted) this.settle({ kind: 'withdrawn' });
    return wanted;
  }

  #refuse(error: unknown): false {
    this.settle(refused(error));
    return false;
  }
}

/** Makes the tickets of one executor, and knows those that are not settled. */
export class TicketOffice {
  readonly #open = new Set<Ticket>();
  readonly #terms = new TermsOf();
  #last = 0;
  #closed = false;
  readonly #forget = (ticket: Ticket): void => void this.#open.delete(ticket);

  execute(task: AnyTask, args: readonly PreparedArgument[], call: Call): Ticket {
    return this.#issue(task, args, null, call);
  }

  revert(
    task: AnyTask,
    args: readonly PreparedArgument[],
    executed: Executed,
    failures: ReadonlyMap<string, Failure>,
    call: Call,
  ): Ticket {
    return this.#issue(task, args, { executed, failures }, call);
  }

  /** @throws TaskloomError EXECUTOR_CLOSED */
  checkOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** From here on every ticket is refused. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when all tickets are settled; those that are not after `timeout` ms are given up. */
  async settled(timeout: number = Number.POSITIVE_INFINITY): Promise<void> {
    const start = realClock.now();
    const callOff =
      timeout === Number.POSITIVE_INFINITY
        ? () => {}
        : realClock.after(timeout, () => this.#giveUp(realClock.now() - start));
    while (this.#open.size > 0) await Promise.all([...this.#open].map((ticket) => ticket.outcome));
    callOff();
  }

  #issue(task: AnyTask, args: readonly PreparedArgument[], undoing: Undoing | null, call: Call): Ticket {
    const ticket = new Ticket(++this.#last, task, args, undoing, call, this.#terms, this.#forget);
    if (this.#closed) ticket.settle(refused(closedError()));
    else this.#open.add(ticket);
    return ticket;
  }

  #giveUp(waited: number): void {
    for (const ticket of this.#open) ticket.settle(failed(ticket.action, closedError(), waited));
  }
}

/** Refuses what still waits in a stopped executor. */
export function refuseClosed(ticket: Ticket): void {
  ticket.settle(refused(closedError()));
}

function closedError(): TaskloomError {
  return new TaskloomError(
    'EXECUTOR_CLOSED',
    'The task executor was stopped. Stop it after the last engine that uses it.',
  );
}
