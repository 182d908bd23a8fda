/**
 * Sends atoms off to the executor with their arguments, and puts what comes back into the inbox.
 *
 * 1. Each atom sent has one ticket, until its outcome arrives or it is withdrawn.
 * 2. A ticket that has not begun can be withdrawn: the executor is told so when it would begin, and the outcome that
 *    then comes is dropped. So nothing waits for a queue that it doesn't want any more.
 * 3. Nothing begins while an outcome waits to be looked at: a failure stops those that have not begun.
 * 4. Whatever goes wrong before the task's code runs is an outcome: nothing is thrown at the engine's loop.
 */
import { setMaxListeners } from 'node:events';
import type { AtomNode, Node, RetryNode } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import { realClock } from '../executor/clock.ts';
import type { Call, TaskExecutor } from '../executor/executor.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { Executed, Outcome, PreparedArgument, WorkEvent } from '../protocol/messages.ts';
import { prepareArguments } from '../storage/arguments.ts';
import type { AtomRecord } from '../storage/atom-record.ts';
import type { Storage } from '../storage/storage.ts';
import type { Inbox } from './inbox.ts';
import { performRetry } from './perform-retry.ts';

export interface Arrival {
  readonly node: AtomNode;
  readonly action: 'execute' | 'revert';
  readonly outcome: Outcome;
}

/** What the scheduler asks of the engine. */
export interface SchedulerHost {
  /** The atom's code is about to run. */
  began(node: AtomNode, action: Arrival['action']): void;
  said(node: AtomNode, event: WorkEvent): void;
}

interface Ticket {
  readonly node: AtomNode;
  readonly action: Arrival['action'];
  state: 'queued' | 'begun' | 'over';
  /** Calls off the timer of a retry's pause. */
  callOff: () => void;
}

export class Scheduler {
  readonly #executor: TaskExecutor;
  readonly #storage: Storage;
  readonly #inbox: Inbox<Arrival>;
  readonly #services: Services;
  readonly #host: SchedulerHost;
  readonly #stopping = new AbortController();
  readonly #tickets = new Set<Ticket>();

  constructor(
    executor: TaskExecutor,
    storage: Storage,
    inbox: Inbox<Arrival>,
    services: Services,
    host: SchedulerHost,
  ) {
    this.#executor = executor;
    this.#storage = storage;
    this.#inbox = inbox;
    this.#services = services;
    this.#host = host;
    // Every task that runs listens, and many may run at once.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Atoms sent off of which the outcome is still wanted. */
  get outstanding(): number {
    return this.#tickets.size;
  }

  execute(node: AtomNode): void {
    const args = this.#prepare(node, 'execute');
    if (args === null) return;
    if (node.kind === 'retry') this.#performHere(node, 'execute', args);
    else this.#send(node, 'execute', (call) => this.#executor.execute(node.atom, args, call));
  }

  /** Reverts an atom; one that has nothing to undo is done at once. */
  revert(node: AtomNode, failures: ReadonlyMap<string, Failure>): void {
    const record = this.#storage.recordAt(node);
    const undo = node.kind === 'task' ? node.atom.work.revert : node.atom.revert;
    if (undo === null || !record.began) {
      this.#host.began(node, 'revert');
      this.#inbox.put({
        node,
        action: 'revert',
        outcome: { kind: 'reverted', result: undefined, elapsed: 0 },
      });
      return;
    }
    const args = this.#prepare(node, 'revert');
    if (args === null) return;
    if (node.kind === 'retry') {
      this.#performHere(node, 'revert', args);
      return;
    }
    const executed = executedOf(record);
    this.#send(node, 'revert', (call) => this.#executor.revert(node.atom, args, executed, failures, call));
  }

  /** Forgets what has not begun (invariant 2): all of it, or the executes, or those of some atoms. */
  withdrawQueued(action?: Arrival['action'], among?: ReadonlySet<Node>): void {
    for (const ticket of this.#tickets) {
      const meant = (action ?? ticket.action) === ticket.action && (among?.has(ticket.node) ?? true);
      if (ticket.state === 'queued' && meant) this.#end(ticket);
    }
  }

  /** Aborts the signal of the tasks that run. */
  abortRunning(reason: unknown): void {
    this.#stopping.abort(reason);
  }

  #prepare(node: AtomNode, action: Arrival['action']): ReturnType<typeof prepareArguments> | null {
    try {
      return prepareArguments(node, action, this.#storage);
    } catch (thrown) {
      const failure = failureFrom(thrown);
      this.#inbox.put({ node, action, outcome: { kind: 'refused', failure } });
      return null;
    }
  }

  /** Retries run on this thread; the next attempt waits for its time, and holds up nothing else. */
  #performHere(node: RetryNode, action: Arrival['action'], args: readonly PreparedArgument[]): void {
    const { state, retryAt } = this.#storage.recordAt(node);
    const pause = action === 'execute' && state === 'RETRYING' ? retryAt - Date.now() : 0;
    this.#send(node, action, async (call, ticket) => {
      if (pause > 0) await this.#sleep(pause, ticket);
      if (!(await call.begin())) return { kind: 'withdrawn' };
      return performRetry(node, action, args, this.#storage);
    });
  }

  /** Resolves after so many ms; never, when the ticket is withdrawn before. */
  #sleep(ms: number, ticket: Ticket): Promise<void> {
    return new Promise((resolve) => {
      ticket.callOff = realClock.after(ms, resolve);
    });
  }

  #send(
    node: AtomNode,
    action: Arrival['action'],
    ship: (call: Call, ticket: Ticket) => Promise<Outcome>,
  ): void {
    const ticket: Ticket = { node, action, state: 'queued', callOff: () => {} };
    this.#tickets.add(ticket);
    const arrived = (outcome: Outcome): void => {
      if (ticket.state === 'over') return;
      this.#end(ticket);
      this.#inbox.put({ node, action, outcome: checkOutcome(outcome, node, action) });
    };
    try {
      ship(this.#callFor(ticket), ticket).then(arrived, (thrown) => arrived(broken(node, action, thrown)));
    } catch (thrown) {
      arrived(broken(node, action, thrown));
    }
  }

  #begin(ticket: Ticket): boolean {
    if (ticket.state !== 'queued') return false;
    ticket.state = 'begun';
    this.#host.began(ticket.node, ticket.action);
    return true;
  }

  #end(ticket: Ticket): void {
    ticket.state = 'over';
    ticket.callOff();
    this.#tickets.delete(ticket);
  }

  #callFor(ticket: Ticket): Call {
    const { node, action } = ticket;
    const { flowName, flowId } = this.#storage;
    const attempt = this.#storage.recordAt(node).attempt + (action === 'execute' ? 1 : 0);
    return {
      identity: { atom: node.name, flowName: node.flow?.name ?? flowName, flowId, attempt },
      rank: node.rank,
      source: this,
      services: this.#services,
      // An abort reaches what executes; what is being undone is let be.
      signal: action === 'execute' ? this.#stopping.signal : null,
      read: node.read,
      begin: () => this.#inbox.looked()?.then(() => this.#begin(ticket)) ?? this.#begin(ticket),
      onEvent: (event) => {
        if (ticket.state === 'begun') this.#host.said(node, event);
      },
    };
  }
}

function executedOf({ result, failure }: AtomRecord): Executed {
  return failure === null ? { kind: 'result', value: result } : { kind: 'failure', failure };
}

const FITTING: Readonly<Record<Arrival['action'], readonly Outcome['kind'][]>> = {
  execute: ['executed', 'failed', 'refused'],
  revert: ['reverted', 'revert-failed', 'refused'],
};

/** An outcome from an executor that others wrote may be anything. */
function checkOutcome(outcome: Outcome, node: AtomNode, action: Arrival['action']): Outcome {
  if (FITTING[action].includes(outcome?.kind)) return outcome;
  return broken(node, action, `it answered ${JSON.stringify(outcome?.kind)}`);
}

function broken({ name }: AtomNode, action: Arrival['action'], cause: unknown): Outcome {
  const message = `The task executor could not ${action} task '${name}': it must answer with an outcome.`;
  const failure = failureFrom(
    new TaskloomError('EXECUTOR_FAILED', message, { details: { atom: name }, cause }),
  );
  return { kind: action === 'execute' ? 'failed' : 'revert-failed', failure, elapsed: 0 };
}
