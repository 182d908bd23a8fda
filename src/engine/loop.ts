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
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type RetryNode } from '../compile/node.ts';
import type { TaskExecutor } from '../executor/executor.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { Notifier } from '../notifier.ts';
import { errorFrom } from '../revival.ts';
import type { EngineState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import type { Action, Arrival, Completion } from './arrival.ts';
import { Questions } from './asking.ts';
import { complete } from './completer.ts';
import { endState } from './ending.ts';
import { type EngineEvents, tellWorkEvent } from './events.ts';
import { Inbox } from './inbox.ts';
import type { Moves } from './moves.ts';
import { nodesBehind, type Resolution, resolve } from './resolution.ts';
import { Scheduler } from './scheduler.ts';
import type { Ready, Selector } from './selector.ts';
import { ignoredBy } from './voting.ts';

/** What a loop works on. */
export interface LoopParts {
  readonly compilation: Compilation;
  readonly storage: Storage;
  readonly selector: Selector;
  readonly moves: Moves;
  readonly notifier: Notifier<EngineEvents>;
}

/** What the engine's options say about failures. */
export interface FailurePolicy {
  readonly deferReverts: boolean;
  readonly neverResolve: boolean;
}

const NOTHING: Ready = { execute: [], revert: [], restart: [] };

export class Loop {
  readonly #parts: LoopParts;
  readonly #inbox = new Inbox<Arrival>();
  readonly #scheduler: Scheduler;
  readonly #policy: FailurePolicy;
  readonly #questions = new Questions<Arrival>();
  readonly #answers = {
    now: (arrival: Arrival) => this.#look(arrival),
    late: (arrival: Arrival) => this.#inbox.put(arrival),
  };
  /** Errors that stop the run itself, by atom: failed reverts. */
  readonly fatal: Map<string, Error>;
  #takingBack = false;

  /** What reverts are told of; made anew when another execute has failed. */
  #failures: ReadonlyMap<string, Failure> | null = null;

  constructor(parts: LoopParts, executor: TaskExecutor, services: Services, policy: FailurePolicy) {
    this.#parts = parts;
    this.#policy = policy;
    this.#scheduler = new Scheduler(executor, parts.storage, this.#inbox, services, {
      began: (node, action) => this.#began(node, action),
      said: ({ name }, event) => tellWorkEvent(name, event, parts.storage, parts.notifier),
    });
    this.fatal = new Map(parts.storage.revertFailures);
  }

  /** Runs the flow, which must be RUNNING; yields what it does, and last the state in which the flow ended. */
  async *states(): AsyncGenerator<EngineState, void> {
    const { selector, moves, compilation, storage } = this.#parts;
    yield 'RESUMING';
    selector.rebuild();
    this.#resolveLeftovers();
    let ready = this.#select();
    do {
      yield 'SCHEDULING';
      this.#schedule(ready);
      do {
        yield 'WAITING';
        if (this.#outstanding > 0) await this.#inbox.arrival();
        yield 'ANALYZING';
        this.#inbox.lookThrough((arrival) => this.#look(arrival));
        ready = this.#select();
      } while (ready === NOTHING && (this.#outstanding > 0 || !this.#inbox.isEmpty));
    } while (ready !== NOTHING);
    const end = endState(compilation, storage, this.fatal);
    moves.moveFlow(end);
    yield end as EngineState;
  }

  /** No more atoms are sent off; those that run are waited for. Only from RUNNING, else ignored: then false. */
  suspend(): boolean {
    if (this.#parts.storage.flowState !== 'RUNNING') return false;
    this.#parts.moves.moveFlow('SUSPENDING');
    this.#scheduler.withdrawQueued();
    this.#questions.drop();
    this.#inbox.wake();
    return true;
  }

  /**
   * Running tasks are told to stop, and all that ran is reverted; while the flow is suspending, only the first. False
   * when that makes no difference: all is being reverted anyway.
   */
  abort(reason: unknown): boolean {
    const differs = !this.#takingBack;
    this.#scheduler.abortRunning(reason);
    if (this.#parts.storage.flowState === 'RUNNING') this.#takeBack();
    this.#inbox.wake();
    return differs;
  }

  /** Nothing more is sent off; the flow ends in FAILURE when what runs has ended. */
  fail(thrown: unknown): void {
    const { flowName } = this.#parts.storage;
    this.#stop(flowName, thrown instanceof Error ? thrown : errorFrom(failureFrom(thrown)));
    this.#inbox.wake();
  }

  /** After a mistake of ours: nothing is waited for. */
  breakOff(): void {
    const { moves, storage } = this.#parts;
    if (storage.flowState === 'RUNNING' || storage.flowState === 'SUSPENDING') moves.moveFlow('FAILURE');
  }

  #select(): Ready {
    const ready = this.#parts.selector.next();
    if (this.fatal.size > 0 || this.#parts.storage.flowState !== 'RUNNING') return NOTHING;
    return ready.execute.length + ready.revert.length + ready.restart.length === 0 ? NOTHING : ready;
  }

  /** What is sent off or asked, and not yet answered. */
  get #outstanding(): number {
    return this.#scheduler.outstanding + this.#questions.size;
  }

  #schedule(ready: Ready): void {
    const { storage } = this.#parts;
    if (ready.revert.length > 0) {
      this.#failures ??= storage.executeFailures();
      for (const node of ready.revert) {
        if (storage.flowState === 'RUNNING') this.#scheduler.revert(node, this.#failures);
      }
    }
    for (const retry of ready.restart) this.#restart(retry);
    for (const node of ready.execute) {
      if (node.deciding.length > 0) this.#vote(node);
      else this.#execute(node);
    }
  }

  /** Not while a retry is asked behind which the atom lies: whatever that says, the atom is not to run now. */
  #execute(node: AtomNode): void {
    const { storage } = this.#parts;
    if (storage.flowState !== 'RUNNING' || storage.recordAt(node).intention !== 'EXECUTE') return;
    if (!this.#questions.concern(node)) this.#scheduler.execute(node);
  }

  /** Asks the deciders of an atom that is ready. */
  #vote(node: AtomNode): void {
    if (this.#parts.storage.flowState !== 'RUNNING') return;
    const failed = (thrown: unknown): Arrival => ({ kind: 'undecided', node, failure: failureFrom(thrown) });
    const found = (ignored: readonly AtomNode[]): Arrival => ({ kind: 'voted', node, ignored });
    this.#questions.ask(new Set(), ignoredBy(node, this.#parts.storage), { found, failed }, this.#answers);
  }

  /** Puts back what lies behind a retry, and sends the retry off for its next attempt. */
  #restart(retry: RetryNode): void {
    const { moves, selector, storage } = this.#parts;
    if (storage.flowState !== 'RUNNING' || storage.recordAt(retry).intention !== 'RETRY') return;
    const behind = nodesBehind(retry);
    const pause = retry.atom.pause(storage.recordAt(retry).history.length);
    moves.moveAtom(retry, 'RETRYING', { retryAt: Date.now() + pause });
    if (storage.recordAt(retry).intention !== 'RETRY') return; // A listener aborted the run.
    moves.setIntention(retry, 'EXECUTE');
    for (const node of behind) if (isAtom(node)) moves.resetAtom(node);
    selector.restart(retry, behind);
    this.#failures = null;
    this.#execute(retry);
  }

  #look(arrival: Arrival): void {
    switch (arrival.kind) {
      case 'completion':
        this.#complete(arrival);
        return;
      case 'resolved':
        this.#apply(arrival.resolution);
        return;
      case 'voted':
        this.#heed(arrival.node, arrival.ignored);
        return;
      case 'undecided': {
        const { node, failure } = arrival;
        this.#complete({
          kind: 'completion',
          node,
          action: 'execute',
          outcome: { kind: 'refused', failure },
        });
      }
    }
  }

  #complete(completion: Completion): void {
    if (this.#isOvertaken(completion)) return;
    const completed = complete(completion, this.#parts.storage, this.#parts.moves);
    switch (completed.kind) {
      case 'done':
        return;
      case 'execute-failed':
        this.#failures = null;
        this.#resolve(completion.node);
        return;
      case 'revert-failed':
        this.#stop(completion.node.name, completed.error);
    }
  }

  /** An atom that was refused before it began, after something else decided that no more begin: it stays as it is. */
  #isOvertaken({ node, action, outcome }: Completion): boolean {
    const { state, intention } = this.#parts.storage.recordAt(node);
    if (action !== 'execute' || outcome.kind !== 'refused' || state !== 'PENDING') return false;
    return intention !== 'EXECUTE' || this.fatal.size > 0 || this.#parts.storage.flowState !== 'RUNNING';
  }

  /** The deciders' answer: the atom runs, or what a no reaches is ignored. */
  #heed(node: AtomNode, ignored: readonly AtomNode[]): void {
    const { moves, storage } = this.#parts;
    if (ignored.length === 0) this.#execute(node);
    if (storage.flowState !== 'RUNNING' || storage.recordAt(node).intention !== 'EXECUTE') return;
    for (const each of ignored) {
      if (storage.recordAt(each).state !== 'PENDING') continue;
      moves.setIntention(each, 'IGNORE');
      moves.moveAtom(each, 'IGNORE');
    }
    // What lies behind them may be ready now, whatever else still runs.
    if (ignored.length > 0) this.#inbox.wake();
  }

  /** What failed in an earlier run of this engine and was not resolved then. */
  #resolveLeftovers(): void {
    const { compilation, storage } = this.#parts;
    for (const node of compilation.atoms.values()) {
      const { state, intention } = storage.recordAt(node);
      if (state === 'FAILURE' && intention === 'EXECUTE') this.#resolve(node);
    }
  }

  /** Without a retry around the atom all is taken back; else that is asked, and until it answers nothing behind it starts. */
  #resolve(failedAtom: AtomNode): void {
    const { moves, storage } = this.#parts;
    const { deferReverts, neverResolve } = this.#policy;
    if (neverResolve) {
      const { failure } = storage.recordAt(failedAtom);
      if (failure !== null) this.#stop(failedAtom.name, errorFrom(failure));
    } else if (failedAtom.retry === null) {
      this.#takeBack();
    } else {
      const behind = nodesBehind(failedAtom.retry);
      this.#scheduler.withdrawQueued('execute', behind);
      const found = (resolution: Resolution): Arrival => ({ kind: 'resolved', resolution });
      const failed = (thrown: unknown): never => {
        throw thrown;
      };
      this.#questions.ask(
        behind,
        resolve(failedAtom, storage, moves, deferReverts),
        { found, failed },
        this.#answers,
      );
    }
  }

  #apply(resolution: Resolution): void {
    const { moves, storage } = this.#parts;
    if (resolution.kind === 'revert-all') {
      this.#takeBack();
      return;
    }
    const { kind, retry } = resolution;
    // What is to be reverted anyway is not tried again.
    if (storage.recordAt(retry).intention === 'REVERT') return;
    const behind = nodesBehind(retry);
    this.#scheduler.withdrawQueued('execute', behind);
    moves.setIntention(retry, kind === 'retry' ? 'RETRY' : 'REVERT');
    for (const node of behind) if (isAtom(node)) moves.setIntention(node, 'REVERT');
  }

  /** The run can't go on: nothing more is sent off, and the flow ends in FAILURE. */
  #stop(atom: string, error: Error): void {
    this.fatal.set(atom, error);
    this.#scheduler.withdrawQueued();
    this.#questions.drop();
  }

  /** Gives every atom the intention REVERT, so that no more start and all that ran are undone. Linear in atoms. */
  #takeBack(): void {
    const { compilation, moves } = this.#parts;
    this.#takingBack = true;
    this.#questions.drop();
    this.#scheduler.withdrawQueued('execute');
    for (const node of compilation.atoms.values()) moves.setIntention(node, 'REVERT');
  }

  #began(node: AtomNode, action: Action): void {
    const { moves, storage } = this.#parts;
    if (action === 'revert') moves.moveAtom(node, 'REVERTING');
    else moves.moveAtom(node, 'RUNNING', { began: true, attempt: storage.recordAt(node).attempt + 1 });
  }
}
