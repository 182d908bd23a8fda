/** The serial executor: one task at a time, on the thread of the engine. For tests, small flows and debuggers. */
import type { Failure } from '../failure.ts';
import type { AnyTask } from '../flow/unit.ts';
import { checkOptions, MILLISECONDS, type OptionRules } from '../options.ts';
import type { Executed, PreparedArgument } from '../protocol/messages.ts';
import { type Call, type Coming, STOP_RULES, type StopOptions, type TaskExecutor } from './executor.ts';
import { InProcess } from './in-process.ts';
import { refuseClosed, type Ticket, TicketOffice } from './ticket.ts';

export interface SerialOptions {
  /** ms from a task's timeout, when its signal is aborted, until it is given up. Default 1000. */
  readonly timeoutGrace?: number;
}

const RULES: OptionRules<SerialOptions> = { timeoutGrace: MILLISECONDS };

/**
 * Performs tasks one at a time in this process, by priority, then rank, then order of the calls. It imports nothing: each
 * task brings its functions. A task that computes blocks the event loop, and one that neither ends nor heeds its signal
 * cannot be killed: after its timeout and the grace it is reported as TASK_TIMEOUT, and the next one starts beside it.
 *
 * @throws TaskloomError OPTION_INVALID by the constructor; EXECUTOR_CLOSED by start() after stop()
 */
export class SerialTaskExecutor implements TaskExecutor {
  readonly #office = new TicketOffice();
  readonly #lane: InProcess;

  constructor(options: SerialOptions = {}) {
    checkOptions(options, RULES, 'SerialTaskExecutor');
    this.#lane = new InProcess({ atOnce: 1, grace: options.timeoutGrace ?? 1000 });
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
    for (const ticket of this.#lane.drain()) refuseClosed(ticket);
    await this.#office.settled(options.timeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #enter(ticket: Ticket): Coming {
    if (!ticket.settled) this.#lane.enter(ticket);
    return ticket;
  }
}
