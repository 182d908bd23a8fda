/**
 * One call of execute or revert from its arrival to its outcome, and the office that hands tickets out.
 *
 * 1. A ticket settles once; what comes later is ignored, events included.
 * 2. It is begun at most once, even if the thread that took it dies before the task's code began.
 */
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { Argument } from '../flow/symbols.ts';
import type { AnyTask } from '../flow/unit.ts';
import type {
  Executed,
  ExecuteRequest,
  Outcome,
  PreparedArgument,
  SymbolNames,
  WorkEvent,
  WorkRequest,
} from '../protocol/messages.ts';
import { failed, refused } from '../protocol/perform.ts';
import { realClock } from './clock.ts';
import type { Call } from './executor.ts';

export class Ticket {
  readonly task: AnyTask;
  readonly request: WorkRequest;
  readonly call: Call;
  readonly outcome: Promise<Outcome>;
  #resolve: (outcome: Outcome) => void = () => {};
  #begun = false;
  #settled = false;

  constructor(task: AnyTask, request: WorkRequest, call: Call) {
    this.task = task;
    this.request = request;
    this.call = call;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get settled(): boolean {
    return this.#settled;
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

  tell(event: WorkEvent): void {
    if (this.#settled) return;
    try {
      this.call.onEvent(event);
    } catch (error) {
      // A listener is no part of the task: it must neither fail it nor end the process.
      process.emitWarning(`What hears the events of task '${this.request.identity.atom}' threw: ${error}`, {
        type: 'TaskloomWarning',
      });
    }
  }

  settle(outcome: Outcome): void {
    this.#settled = true;
    this.#resolve(outcome);
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
  #last = 0;
  #closed = false;

  execute(task: AnyTask, args: readonly PreparedArgument[], call: Call): Ticket {
    return this.#issue(task, this.#request(task, task.args, args, call), call);
  }

  revert(
    task: AnyTask,
    args: readonly PreparedArgument[],
    executed: Executed,
    failures: ReadonlyMap<string, Failure>,
    call: Call,
  ): Ticket {
    const { takes: _takes, read: _read, ...rest } = this.#request(task, task.revertArgs, args, call);
    return this.#issue(task, { ...rest, action: 'revert', executed, failures }, call);
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

  #request(
    task: AnyTask,
    taken: readonly Argument[],
    args: readonly PreparedArgument[],
    call: Call,
  ): ExecuteRequest {
    return {
      action: 'execute',
      id: ++this.#last,
      module: task.work.module ?? '',
      task: task.work.name,
      identity: call.identity,
      args,
      takes: task.provides.map(({ take }) => take),
      read: call.read,
      services: Object.keys(call.services),
      symbols: task.work.validators === null ? null : symbolsOf(task, taken),
    };
  }

  #issue(task: AnyTask, request: WorkRequest, call: Call): Ticket {
    const ticket = new Ticket(task, request, call);
    if (this.#closed) {
      ticket.settle(refused(closedError()));
      return ticket;
    }
    this.#open.add(ticket);
    void ticket.outcome.then(() => this.#open.delete(ticket));
    return ticket;
  }

  #giveUp(waited: number): void {
    for (const ticket of this.#open) ticket.settle(failed(ticket.request.action, closedError(), waited));
  }
}

function symbolsOf({ inject, provides }: AnyTask, taken: readonly Argument[]): SymbolNames {
  return {
    args: new Map(taken.map(({ name, symbol }) => [name, inject.has(name) ? null : symbol])),
    provided: provides.map(({ symbol }) => symbol),
  };
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
