/**
 * One run of a flow, from the first atom to the last: TaskFlow's machine (`engines/action_engine/builder.py`).
 *
 *   RESUMING ─▶ SCHEDULING ─▶ WAITING ─▶ ANALYZING ─▶ the flow's end state
 *                   ▲            ▲           │
 *                   └── ready ───┴── running ┘
 *
 * 1. Only what is ready and wanted is sent off; nothing new after a suspend, an abort or a failed revert.
 * 2. The loop ends when nothing that it sent is still wanted.
 */
import {
  type AtomNode,
  isAtom,
  type MapNode,
  type Node,
  nodesBehind,
  type RetryNode,
} from '../compile/node.ts';
import { type Clock, realClock } from '../executor/clock.ts';
import type { TaskExecutor } from '../executor/executor.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { Decision } from '../flow/retry.ts';
import { errorFrom } from '../revival.ts';
import type { EngineState } from '../states.ts';
import type { Action, Arrival, Completion } from './arrival.ts';
import { Questions } from './asking.ts';
import { Beginnings } from './beginnings.ts';
import { complete, DONE } from './completer.ts';
import { endState } from './ending.ts';
import { HeldUp } from './held-up.ts';
import { Inbox } from './inbox.ts';
import type { FailurePolicy, LoopParts } from './loop-parts.ts';
import { Maps } from './maps.ts';
import { askRetry } from './resolution.ts';
import { ranksOf } from './ranks.ts';
import { Resolver } from './resolver.ts';
import { Scheduler } from './scheduler.ts';
import type { Ready } from './selector.ts';
import { ignoredBy } from './voting.ts';

/** Atoms that are sent off in one step: the event loop may have its turn in between. */
const MOST_AT_ONCE = 4096;
const NOTHING: Ready = { execute: [], revert: [], restart: [] };

export class Loop {
  readonly #parts: LoopParts;
  readonly #inbox = new Inbox<Arrival>();
  readonly #scheduler: Scheduler;
  readonly #maps: Maps;
  readonly #resolver: Resolver;
  /** By which retries wait. */
  readonly #clock: Clock;
  readonly #questions = new Questions<Arrival>();
  readonly #heldUp: HeldUp;
  readonly #answers = {
    now: (arrival: Arrival) => this.#look(arrival),
    late: (arrival: Arrival) => this.#inbox.put(arrival),
  };

  constructor(parts: LoopParts, executor: TaskExecutor, services: Services, policy: FailurePolicy) {
    const { storage, moves, notifier } = parts;
    this.#parts = parts;
    this.#clock = executor.clock ?? realClock;
    this.#heldUp = new HeldUp((node) => this.#questions.concern(node), parts.selector);
    const beginnings = new Beginnings(parts, this.#heldUp, () => this.#maps);
    const failures = () => moves.executeFailures;
    const rankOf = ranksOf(parts.compilation, executor);
    this.#scheduler = new Scheduler(executor, parts, this.#inbox, services, failures, rankOf, beginnings);
    this.#resolver = new Resolver(parts, policy, {
      questions: this.#questions,
      answers: this.#answers,
      withdraw: (action, among) => this.#withdraw(action, among),
    });
    this.#maps = new Maps(storage, moves, notifier, {
      clock: this.#clock,
      send: (node, action) => this.#send(node, action),
      ask: (retry, decided) => this.#ask(retry, decided),
      put: (arrival) => this.#inbox.put(arrival),
      wake: () => this.#inbox.wake(),
      failed: (map, culprit, failure, all) => this.#mapFailed(map, culprit, failure, all),
      revertFailed: (culprit, failure) => this.#resolver.stop(culprit, errorFrom(failure)),
    });
  }

  /** Errors that stop the run itself, by atom: failed reverts. */
  get fatal(): ReadonlyMap<string, Error> {
    return this.#resolver.fatal;
  }

  /** Runs the flow, which must be RUNNING; yields what it does, and last the state in which it ended. After WAITING comes `arrival`. */
  *steps(): Generator<EngineState, void> {
    const { selector, moves, compilation, storage } = this.#parts;
    yield 'RESUMING';
    selector.rebuild(storage.isNew);
    this.#resolver.resolveLeftovers();
    let ready = this.#select();
    do {
      yield 'SCHEDULING';
      yield* this.#schedule(ready);
      this.#scheduler.sendMore();
      do {
        yield 'WAITING';
        yield 'ANALYZING';
        this.#inbox.lookThrough((arrival) => this.#look(arrival));
        this.#maps.advance();
        this.#scheduler.sendMore();
        ready = this.#select();
      } while (ready === NOTHING && (this.#outstanding > 0 || !this.#inbox.isEmpty));
    } while (ready !== NOTHING);
    this.#inbox.rest();
    const end = endState(compilation, storage, selector, this.fatal);
    moves.moveFlow(end);
    yield end as EngineState;
  }

  /** In the WAITING step: resolves when there is something to look at; null when there is nothing to wait for. */
  arrival(): Promise<void> | null {
    this.#inbox.rest();
    return this.#outstanding > 0 ? this.#inbox.arrival() : null;
  }

  /** No more atoms are sent off; those that run are waited for. Only from RUNNING, else ignored: then false. */
  suspend(): boolean {
    if (this.#parts.storage.flowState !== 'RUNNING') return false;
    this.#parts.moves.moveFlow('SUSPENDING');
    this.#withdraw();
    this.#questions.drop();
    this.#inbox.wake();
    return true;
  }

  /** Running tasks are told to stop, and all that ran is reverted; not while the flow is suspending. False: it is anyway. */
  abort(reason: unknown): boolean {
    const differs = !this.#resolver.isTakingBack;
    this.#scheduler.abortRunning(reason);
    if (this.#parts.storage.flowState === 'RUNNING') this.#resolver.takeBack();
    this.#inbox.wake();
    return differs;
  }

  /** All that ran is reverted, and nothing else runs. */
  takeBack(): void {
    this.#resolver.takeBack();
  }

  /** Suspends, and tells running tasks to stop: the flow is not this engine's any more. */
  halt(reason: unknown): void {
    this.suspend();
    this.#scheduler.abortRunning(reason);
  }

  /** Nothing more is sent off; the flow ends in FAILURE when what runs has ended. */
  fail(thrown: unknown): void {
    const { flowName } = this.#parts.storage;
    this.#resolver.stop(flowName, thrown instanceof Error ? thrown : errorFrom(failureFrom(thrown)));
    this.#inbox.wake();
  }

  /** After a mistake of ours: nothing is waited for. */
  breakOff(): void {
    const { moves, storage } = this.#parts;
    if (storage.flowState === 'RUNNING' || storage.flowState === 'SUSPENDING') moves.moveFlow('FAILURE');
  }

  #select(): Ready {
    const ready = this.#heldUp.next();
    const isAny = ready.execute.length + ready.revert.length + ready.restart.length > 0;
    return isAny && this.#maySend ? ready : NOTHING;
  }

  get #maySend(): boolean {
    return this.fatal.size === 0 && this.#parts.storage.flowState === 'RUNNING';
  }

  /** What is sent off or asked, and not yet answered. */
  get #outstanding(): number {
    return this.#scheduler.outstanding + this.#questions.size + this.#maps.size;
  }

  /** Sends off what is ready, so many atoms in a step. */
  *#schedule(ready: Ready): Generator<EngineState, void> {
    const { storage } = this.#parts;
    for (const node of ready.revert) if (storage.flowState === 'RUNNING') this.#send(node, 'revert');
    for (const retry of ready.restart) this.#restart(retry);
    for (const [at, node] of ready.execute.entries()) {
      if (at > 0 && at % MOST_AT_ONCE === 0) {
        yield 'SCHEDULING';
        if (!this.#maySend) return;
      }
      // One that goes on was asked about when it began.
      if (node.deciding.length > 0 && storage.recordAt(node).state === 'PENDING') this.#vote(node);
      else this.#execute(node);
    }
  }

  /** Not while a retry is asked behind which the atom lies: whatever that says, the atom is not to run now. */
  #execute(node: AtomNode): void {
    const { storage } = this.#parts;
    if (storage.flowState !== 'RUNNING' || storage.recordAt(node).intention !== 'EXECUTE') return;
    if (!this.#heldUp.keepIfAsked(node)) this.#send(node, 'execute');
  }

  #send(node: AtomNode, action: Action): void {
    if (node.kind === 'map') this.#maps.start(node, action);
    else if (action === 'execute') this.#scheduler.execute(node);
    else this.#scheduler.revert(node);
  }

  /** Calls back what has not begun. Maps come to their end first, so that they take nothing more in hand. */
  #withdraw(action?: Action, among?: ReadonlySet<Node>): void {
    this.#maps.stop(action, among);
    this.#scheduler.withdrawQueued(action, among);
  }

  /** Asks the deciders of an atom that is ready. */
  #vote(node: AtomNode): void {
    if (this.#parts.storage.flowState !== 'RUNNING' || this.#heldUp.keepIfAsked(node)) return;
    const failed = (thrown: unknown): Arrival => {
      const outcome = { kind: 'refused', failure: failureFrom(thrown) } as const;
      return { kind: 'completion', node, action: 'execute', outcome };
    };
    const found = (ignored: readonly AtomNode[]): Arrival => ({ kind: 'voted', node, ignored });
    this.#questions.ask(new Set(), ignoredBy(node, this.#parts.storage), { found, failed }, this.#answers);
  }

  /** Puts back what lies behind a retry, and sends the retry off for its next attempt. */
  #restart(retry: RetryNode): void {
    const { moves, selector, storage } = this.#parts;
    if (storage.flowState !== 'RUNNING' || storage.recordAt(retry).intention !== 'RETRY') return;
    const behind = nodesBehind(retry);
    const pause = retry.atom.pause(storage.recordAt(retry).history.length);
    moves.moveAtom(retry, 'RETRYING', { retryAt: this.#clock.wall() + pause });
    if (storage.recordAt(retry).intention !== 'RETRY') return; // A listener aborted the run.
    moves.setIntention(retry, 'EXECUTE');
    for (const node of behind) if (isAtom(node)) moves.resetAtom(node);
    // What was asked of retries behind it is over, as what they decided about is.
    this.#questions.drop(behind);
    selector.restart(retry, behind);
    this.#execute(retry);
  }

  #look(arrival: Arrival): void {
    switch (arrival.kind) {
      case 'completion':
        this.#complete(arrival);
        return;
      case 'resolved':
        this.#resolver.apply(arrival.resolution);
        return;
      case 'voted':
        this.#heed(arrival.node, arrival.ignored);
        return;
      case 'turn':
        arrival.take();
    }
  }

  #complete(completion: Completion): void {
    const { node } = completion;
    const completed = this.#isOvertaken(completion)
      ? DONE
      : complete(completion, this.#parts.storage, this.#parts.moves);
    // What the end of an item means, its map says; and why a map has failed, it has said before.
    if (node.item !== null) this.#maps.ended(node.item.map, node.item.index);
    else if (completion.outcome.kind === 'partial') this.#heldUp.keep(node);
    else if (completed.kind === 'done' || node.kind === 'map') return;
    else if (completed.kind === 'execute-failed') this.#resolver.resolve(node);
    else this.#resolver.stop(node.name, completed.error);
  }

  #mapFailed(map: MapNode, culprit: string, failure: Failure, all: boolean): void {
    const { moves } = this.#parts;
    moves.noteOwnFailure(map, failure);
    if (culprit === map.name) moves.failures++;
    if (all) this.#resolver.takeBack();
    else this.#resolver.resolve(map, culprit, failure);
  }

  /** Asks the retry of an item; one that can't say anything gives up. */
  #ask(retry: RetryNode, decided: (decision: Decision) => void): void {
    const { moves, storage } = this.#parts;
    const found = (decision: Decision): Arrival => ({ kind: 'turn', take: () => decided(decision) });
    const failed = (thrown: unknown): never => {
      throw thrown;
    };
    this.#questions.ask(new Set(), askRetry(retry, storage, moves), { found, failed }, this.#answers);
  }

  /** An atom that was refused before it began, after something else decided that no more begin: it stays as it is. */
  #isOvertaken({ node, action, outcome }: Completion): boolean {
    if (outcome.kind !== 'refused') return false;
    const { storage } = this.#parts;
    const { intention } = storage.recordAt(node.item?.map ?? node);
    const { state } = storage.recordAt(node);
    if (state === 'RUNNING' || state === 'REVERTING') return false;
    if (this.fatal.size > 0 || storage.flowState !== 'RUNNING') return true;
    if (action === 'revert') return false;
    return this.#heldUp.keepIfAsked(node) || intention !== 'EXECUTE';
  }

  /** The deciders' answer: the atom runs, or what a no reaches is ignored. */
  #heed(node: AtomNode, ignored: readonly AtomNode[]): void {
    const { moves, storage } = this.#parts;
    if (ignored.length === 0 || this.#questions.concern(node)) {
      this.#execute(node);
      return;
    }
    if (storage.flowState !== 'RUNNING' || storage.recordAt(node).intention !== 'EXECUTE') return;
    for (const each of ignored) {
      if (storage.recordAt(each).state !== 'PENDING') continue;
      moves.setIntention(each, 'IGNORE');
      moves.moveAtom(each, 'IGNORE');
    }
    // What lies behind them may be ready now, whatever else still runs.
    this.#inbox.wake();
  }
}
