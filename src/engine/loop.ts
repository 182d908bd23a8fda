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
import type { AtomNode } from '../compile/node.ts';
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
import { revertAll } from './resolution.ts';
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

const NOTHING: Ready = { execute: [], revert: [] };

export class Loop {
  readonly #parts: LoopParts;
  readonly #inbox = new Inbox<Arrival>();
  readonly #scheduler: Scheduler;
  /** Errors that stop the run itself, by atom: failed reverts. */
  readonly fatal: Map<string, Error>;

  /** What reverts are told of; made anew when another execute has failed. */
  #failures: ReadonlyMap<string, Failure> | null = null;

  constructor(parts: LoopParts, executor: TaskExecutor, services: Services) {
    this.#parts = parts;
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
        this.#inbox.lookThrough((arrival) => this.#complete(arrival));
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
    return ready.execute.length + ready.revert.length === 0 ? NOTHING : ready;
  }

  #schedule(ready: Ready): void {
    if (this.#parts.storage.flowState !== 'RUNNING') return;
    if (ready.revert.length > 0) {
      this.#failures ??= this.#parts.storage.executeFailures();
      for (const node of ready.revert) this.#scheduler.revert(node, this.#failures);
    }
    for (const node of ready.execute) this.#scheduler.execute(node);
  }

  #complete(arrival: Arrival): void {
    const completed = complete(arrival, this.#parts.storage, this.#parts.moves);
    switch (completed.kind) {
      case 'done':
        return;
      case 'execute-failed':
        this.#failures = null;
        this.#takeBack();
        return;
      case 'revert-failed':
        this.fatal.set(arrival.node.name, completed.error);
        this.#scheduler.withdrawQueued();
    }
  }

  #takeBack(): void {
    this.#scheduler.withdrawQueued('execute');
    revertAll(this.#parts.compilation, this.#parts.moves);
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
