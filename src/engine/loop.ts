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
import type { Failure } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { Notifier } from '../notifier.ts';
import type { WorkEvent } from '../protocol/messages.ts';
import type { EngineState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import { complete } from './completer.ts';
import { endState } from './ending.ts';
import type { EngineEvents } from './events.ts';
import { Inbox } from './inbox.ts';
import type { Moves } from './moves.ts';
import { nodesBehind, resolve } from './resolution.ts';
import { type Arrival, Scheduler } from './scheduler.ts';
import type { Ready, Selector } from './selector.ts';

/** What a loop works on. */
export interface LoopParts {
  readonly compilation: Compilation;
  readonly storage: Storage;
  readonly selector: Selector;
  readonly moves: Moves;
  readonly notifier: Notifier<EngineEvents>;
}

const NOTHING: Ready = { execute: [], revert: [], restart: [] };

export class Loop {
  readonly #parts: LoopParts;
  readonly #inbox = new Inbox<Arrival>();
  readonly #scheduler: Scheduler;
  readonly #deferReverts: boolean;
  /** Errors that stop the run itself, by atom: failed reverts. */
  readonly fatal: Map<string, Error>;

  /** What reverts are told of; made anew when another execute has failed. */
  #failures: ReadonlyMap<string, Failure> | null = null;

  constructor(parts: LoopParts, executor: TaskExecutor, services: Services, deferReverts: boolean) {
    this.#parts = parts;
    this.#deferReverts = deferReverts;
    this.#scheduler = new Scheduler(executor, parts.storage, this.#inbox, services, {
      began: (node, action) => this.#began(node, action),
      said: (node, event) => this.#said(node, event),
    });
    this.fatal = new Map(parts.storage.revertFailures);
  }

  /** Runs the flow, which must be RUNNING; yields what it does, and last the state in which the flow ended. */
  async *states(): AsyncGenerator<EngineState, void> {
    const { selector, moves, compilation, storage } = this.#parts;
    yield 'RESUMING';
    selector.rebuild();
    if (storage.executeFailures().size > 0) this.#takeBack();
    let ready = this.#select();
    do {
      yield 'SCHEDULING';
      this.#schedule(ready);
      do {
        yield 'WAITING';
        if (this.#scheduler.outstanding > 0) await this.#inbox.arrival();
        yield 'ANALYZING';
        await this.#inbox.lookThrough((arrival) => this.#complete(arrival));
        ready = this.#select();
      } while (ready === NOTHING && (this.#scheduler.outstanding > 0 || !this.#inbox.isEmpty));
    } while (ready !== NOTHING);
    const end = endState(compilation, storage, this.fatal);
    moves.moveFlow(end);
    yield end as EngineState;
  }

  /** No more atoms are sent off; those that run are waited for. Only from RUNNING; ignored otherwise. */
  suspend(): void {
    if (this.#parts.storage.flowState !== 'RUNNING') return;
    this.#parts.moves.moveFlow('SUSPENDING');
    this.#scheduler.withdrawQueued();
    this.#inbox.wake();
  }

  /** Running tasks are told to stop, and all that ran is reverted. Only from RUNNING; ignored otherwise. */
  abort(reason: unknown): void {
    if (this.#parts.storage.flowState !== 'RUNNING') return;
    this.#takeBack();
    this.#scheduler.abortRunning(reason);
    this.#inbox.wake();
  }

  #select(): Ready {
    const ready = this.#parts.selector.next();
    if (this.fatal.size > 0 || this.#parts.storage.flowState !== 'RUNNING') return NOTHING;
    return ready.execute.length + ready.revert.length + ready.restart.length === 0 ? NOTHING : ready;
  }

  #schedule(ready: Ready): void {
    if (this.#parts.storage.flowState !== 'RUNNING') return;
    if (ready.revert.length > 0) {
      this.#failures ??= this.#parts.storage.executeFailures();
      for (const node of ready.revert) this.#scheduler.revert(node, this.#failures);
    }
    for (const retry of ready.restart) this.#restart(retry);
    for (const node of ready.execute) this.#scheduler.execute(node);
  }

  /** Puts back what lies behind a retry, and sends the retry off for its next attempt. */
  #restart(retry: RetryNode): void {
    const { moves, selector, storage } = this.#parts;
    const behind = nodesBehind(retry);
    const pause = retry.atom.pause(storage.recordAt(retry).history.length);
    moves.moveAtom(retry, 'RETRYING', { retryAt: Date.now() + pause });
    moves.setIntention(retry, 'EXECUTE');
    for (const node of behind) if (isAtom(node)) moves.resetAtom(node);
    selector.restart(retry, behind);
    this.#failures = null;
    this.#scheduler.execute(retry);
  }

  #complete(arrival: Arrival): void | Promise<void> {
    const completed = complete(arrival, this.#parts.storage, this.#parts.moves);
    switch (completed.kind) {
      case 'done':
        return;
      case 'execute-failed':
        this.#failures = null;
        return this.#resolve(arrival.node);
      case 'revert-failed':
        this.fatal.set(arrival.node.name, completed.error);
        this.#scheduler.withdrawQueued();
    }
  }

  async #resolve(failed: AtomNode): Promise<void> {
    const { moves, storage } = this.#parts;
    const resolution = await resolve(failed, storage, this.#deferReverts);
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

  /** Gives every atom the intention REVERT, so that no more start and all that ran are undone. Linear in atoms. */
  #takeBack(): void {
    const { compilation, moves } = this.#parts;
    this.#scheduler.withdrawQueued('execute');
    for (const node of compilation.atoms.values()) moves.setIntention(node, 'REVERT');
  }

  #began(node: AtomNode, action: Arrival['action']): void {
    const { moves, storage } = this.#parts;
    if (action === 'revert') moves.moveAtom(node, 'REVERTING');
    else moves.moveAtom(node, 'RUNNING', { began: true, attempt: storage.recordAt(node).attempt + 1 });
  }

  #said({ name }: AtomNode, event: WorkEvent): void {
    const { storage, notifier } = this.#parts;
    const about = { name, flowId: storage.flowId, at: Date.now() };
    switch (event.kind) {
      case 'progress': {
        const { fraction, details } = event;
        storage.setProgress(name, fraction, details);
        notifier.tell('progress', { ...about, fraction, details });
        break;
      }
      case 'log': {
        const { level, message, details } = event;
        notifier.tell('log', { ...about, level, message, details });
      }
    }
  }
}
