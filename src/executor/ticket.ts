/**
 * One call of execute or revert from its arrival to its outcome, and the office that hands tickets out.
 *
 * 1. A ticket settles once; what comes later is ignored, events included.
 * 2. It is begun once, and again only after it was given back.
 */
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { AnyTask } from '../flow/unit.ts';
import { type Linked, LinkedList } from '../linked-list.ts';
import type { Executed, Outcome, PreparedArgument, WorkEvent, WorkRequest } from '../protocol/messages.ts';
import { failed, refused } from '../protocol/perform.ts';
import { realClock } from './clock.ts';
import type { Call, Coming } from './executor.ts';
import { TermsOf } from './terms.ts';

/** What a revert is told beside its arguments. */
interface Undoing {
  readonly executed: Executed;
  readonly failures: ReadonlyMap<string, Failure>;
}

type Hearer = (outcome: Outcome) => void;

export class Ticket implements Coming, Linked<Ticket> {
  /** Among those of its office that are not settled. */
  before: Ticket | null = null;
  after: Ticket | null = null;
  /** Counts up with the calls. */
  readonly turn: number;
  readonly task: AnyTask;
  readonly call: Call;
  readonly #args: readonly PreparedArgument[];
  readonly #undoing: Undoing | null;
  readonly #office: Office;
  #request: WorkRequest | null = null;
  #begun = false;
  #outcome: Outcome | null = null;
  #hearer: Hearer | null = null;
  /** There seldom is more than one. */
  #others: Hearer[] | null = null;

  constructor(
    turn: number,
    task: AnyTask,
    args: readonly PreparedArgument[],
    undoing: Undoing | null,
    call: Call,
    office: Office,
  ) {
    this.turn = turn;
    this.task = task;
    this.call = call;
    this.#args = args;
    this.#undoing = undoing;
    this.#office = office;
  }

  /** Calls `settled` with the outcome: when it comes, or soon if it has come. */
  // biome-ignore lint/suspicious/noThenProperty: it is there to be awaited
  then(settled: Hearer): void {
    const outcome = this.#outcome;
    if (outcome !== null) queueMicrotask(settled.bind(null, outcome));
    else if (this.#hearer === null) this.#hearer = settled;
    else this.#others = [...(this.#others ?? []), settled];
  }

  get priority(): number {
    return this.task.priority;
  }

  get rank(): number {
    return this.call.rank;
  }

  get settled(): boolean {
    return this.#outcome !== null;
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
    if (this.settled || !this.#begun) return;
    this.#begun = false;
    this.call.returned();
  }

  tell(event: WorkEvent): void {
    if (this.settled) return;
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
    if (this.settled) return;
    this.#outcome = outcome;
    this.#office.forget(this);
    this.#hearer?.(outcome);
    for (const hearer of this.#others ?? NOBODY) hearer(outcome);
  }

  #makeRequest(): WorkRequest {
    const { task, call } = this;
    const args = this.#args;
    const undoing = this.#undoing;
    const { identity } = call;
    const { atom, attempt } = identity;
    const terms = this.#office.terms.of(task, this.action, args, call);
    const flow = this.#office.terms.flowOf(identity);
    if (undoing === null) return { action: 'execute', terms, flow, atom, attempt, args };
    return { action: 'revert', terms, flow, atom, attempt, args, ...undoing };
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

/** What a ticket asks of where it was issued. */
interface Office {
  readonly terms: TermsOf;
  /** It is settled. */
  forget(ticket: Ticket): void;
}

const NOBODY: readonly Hearer[] = [];

/** Makes the tickets of one executor, and knows those that are not settled. */
export class TicketOffice implements Office {
  readonly terms: TermsOf = new TermsOf();
  readonly #open = new LinkedList<Ticket>();
  #last = 0;
  #closed = false;

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

  forget(ticket: Ticket): void {
    this.#open.delete(ticket);
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
    while (this.#open.size > 0) await Promise.all(this.#open.all());
    callOff();
  }

  #issue(task: AnyTask, args: readonly PreparedArgument[], undoing: Undoing | null, call: Call): Ticket {
    const ticket = new Ticket(++this.#last, task, args, undoing, call, this);
    if (this.#closed) ticket.settle(refused(closedError()));
    else this.#open.add(ticket);
    return ticket;
  }

  #giveUp(waited: number): void {
    for (const ticket of this.#open.all()) ticket.settle(failed(ticket.action, closedError(), waited));
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
