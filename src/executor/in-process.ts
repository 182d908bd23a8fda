/**
 * Tasks performed on this very thread: all those of the serial executor, and of any executor those that were made to run
 * on the main thread. A task that computes blocks the event loop; between tasks it is given its turn.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { types } from 'node:util';
import type { Value } from '../protocol/codec.ts';
import type { Outcome, WorkEvent } from '../protocol/messages.ts';
import { type PerformHost, perform } from '../protocol/perform.ts';
import { answerService, type ServiceAnswer } from '../protocol/services.ts';
import { show } from '../protocol/task-context.ts';
import { type Follower, follow, unfollow } from '../following.ts';
import { TaskSignal } from '../protocol/task-signal.ts';
import { type Clock, realClock } from './clock.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { Ticket } from './ticket.ts';
import { Watch } from './watch.ts';

/** ms for which tasks may follow each other without letting timers and signals in. */
const TURN = 10;

export interface InProcessOptions {
  /** How many may be in hand at once. */
  readonly atOnce: number;
  /** ms from the abort of the signal at a timeout to the task's being given up. */
  readonly grace: number;
}

/** A lane of tasks on this thread. */
export class InProcess {
  readonly #options: InProcessOptions;
  readonly #queue = new ReadyQueue();
  #inHand = 0;
  #filling = false;
  #turnSince = realClock.now();

  constructor(options: InProcessOptions) {
    this.#options = options;
  }

  enter(ticket: Ticket): void {
    this.#queue.push(ticket);
    // Later, so that calls made in one go are taken by their order, not by that of the calls.
    queueMicrotask(() => this.#fill());
  }

  /** Takes out all that did not begin. */
  drain(): Ticket[] {
    return this.#queue.drain();
  }

  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    while (this.#inHand < this.#options.atOnce && this.#queue.size > 0) {
      if (realClock.now() - this.#turnSince > TURN) {
        await nextTurn();
        this.#turnSince = realClock.now();
        continue;
      }
      const ticket = this.#queue.next();
      if (ticket !== undefined) void this.#perform(ticket);
    }
    this.#filling = false;
  }

  async #perform(ticket: Ticket): Promise<void> {
    this.#inHand++;
    const taken = ticket.take();
    if (typeof taken === 'boolean' ? taken : await taken)
      ticket.settle(await performHere(ticket, realClock, this.#options.grace));
    // Who waits for the outcome hears of it, and sends off what follows from it, before the next one is chosen: a tick
    // comes when no microtask is left.
    process.nextTick(() => {
      this.#inHand--;
      void this.#fill();
    });
  }
}

/** Performs a task on this thread. What it still does after it was given up is not heard. */
export async function performHere(ticket: Ticket, clock: Clock, grace: number): Promise<Outcome> {
  const { request, task, call } = ticket;
  const { signal } = call;
  const here = new Here(ticket, clock);
  if (signal?.aborted) here.onAborted(signal.reason);
  else if (signal !== null) follow(signal, here);
  let giveUp: (outcome: Outcome) => void = () => {};
  const givenUp = new Promise<Outcome>((resolve) => {
    giveUp = resolve;
  });
  const watch = new Watch(ticket, clock, {
    look: () => {},
    abort: (reason) => here.onAborted(reason),
    giveUp: (outcome) => giveUp(outcome),
  });
  watch.begin(grace);
  const performed = perform(request, task.work, here);
  // The ticket itself is settled from elsewhere when the executor is stopped in the midst.
  const outcome = await Promise.race([performed, givenUp, ticket]);
  if (signal !== null) unfollow(signal, here);
  return watch.stop(outcome);
}

/** One task that is performed here: what `perform` asks of this side. */
class Here implements PerformHost, Follower {
  readonly #ticket: Ticket;
  readonly #clock: Clock;
  readonly #own = new TaskSignal();

  constructor(ticket: Ticket, clock: Clock) {
    this.#ticket = ticket;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  onAborted(reason: unknown): void {
    this.#own.abort(reason);
  }

  onEvent(event: WorkEvent): void {
    this.#ticket.tell(detached(event));
  }

  callService(name: string, args: Value): Promise<ServiceAnswer> {
    return answerService(this.#ticket.call.services, name, args);
  }

  now(): number {
    return this.#clock.now();
  }
}

/** Details as they would arrive from a worker: a copy, that the task can't change any more. */
function detached(event: WorkEvent): WorkEvent {
  const { details } = event;
  if (details === null || (typeof details !== 'object' && typeof details !== 'function')) {
    return typeof details === 'symbol' ? { ...event, details: show(details) } : event;
  }
  try {
    if (types.isProxy(details)) throw new TypeError('A proxy cannot be cloned.');
    return { ...event, details: structuredClone(details) };
  } catch {
    return { ...event, details: show(details) };
  }
}
