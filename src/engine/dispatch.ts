/** One atom that was sent off: what the executor is given to know of it, and is to say. */
import type { AtomNode, RetryNode, TaskNode } from '../compile/node.ts';
import type { Call } from '../executor/executor.ts';
import type { Services } from '../flow/context.ts';
import type { StopSignal } from '../following.ts';
import type { Linked } from '../linked-list.ts';
import type { Identity, WorkEvent } from '../protocol/messages.ts';
import type { AtomState } from '../states.ts';
import type { AtomRecord } from '../storage/atom-record.ts';
import type { Storage } from '../storage/storage.ts';
import type { Action } from './arrival.ts';

/** What the scheduler asks of the engine. */
export interface SchedulerHost {
  /** The atom's code is about to run. */
  began(node: AtomNode, action: Action): void;
  /** It was not begun after all, and may begin again; `before`: where it stood before it was to run. */
  returned(node: AtomNode, before: Before): void;
  /** What was sent off is not wanted any more, and has not begun. */
  withdrawn(node: AtomNode): void;
  said(node: AtomNode, event: WorkEvent): void;
}

/** Where an atom stood before a worker took it. */
export type Before = Pick<AtomRecord, 'state' | 'began' | 'attempt'>;

/** What dispatches ask of their scheduler. */
export interface DispatchHost extends SchedulerHost {
  readonly storage: Storage;
  readonly services: Services;
  rankOf(node: AtomNode): number;
  /** Aborted when running tasks are to stop. */
  readonly stopping: StopSignal;
  /** Resolves when all that arrived is looked at and what follows from it is sent off; null when that is so. */
  resting(): Promise<void> | null;
}

export class Dispatch implements Call, Linked<Dispatch> {
  /** Among those of its scheduler. */
  before: Dispatch | null = null;
  after: Dispatch | null = null;
  readonly node: TaskNode | RetryNode;
  readonly action: Action;
  readonly #source: object;
  readonly #host: DispatchHost;
  readonly #attempt: number;
  state: 'queued' | 'begun' | 'over' = 'queued';
  /** What `Before` says, once it has begun. */
  #stateBefore: AtomState = 'PENDING';
  #beganBefore = false;
  #attemptBefore = 0;
  /** Calls off the timer of a retry's pause. */
  callOff: (() => void) | null = null;

  constructor(node: TaskNode | RetryNode, action: Action, source: object, host: DispatchHost) {
    this.node = node;
    this.action = action;
    this.#source = source;
    this.#host = host;
    // Execute counts its attempt when it begins.
    this.#attempt = host.storage.recordAt(node).attempt + (action === 'execute' ? 1 : 0);
  }

  get identity(): Identity {
    const { storage } = this.#host;
    const { name, flow } = this.node;
    const flowName = flow?.name ?? storage.flowName;
    return { atom: name, flowName, flowId: storage.flowId, attempt: this.#attempt };
  }

  get rank(): number {
    return this.#host.rankOf(this.node);
  }

  get source(): object {
    return this.#source;
  }

  get services(): Services {
    return this.#host.services;
  }

  /** An abort reaches what executes; what is being undone is let be. */
  get signal(): StopSignal | null {
    return this.action === 'execute' ? this.#host.stopping : null;
  }

  get read(): boolean {
    return this.node.read;
  }

  /** Invariant 3. */
  begin(): boolean | Promise<boolean> {
    if (this.state !== 'queued') return false;
    const resting = this.#host.resting();
    if (resting !== null) return resting.then(() => this.begin());
    this.state = 'begun';
    const { state, began, attempt } = this.#host.storage.recordAt(this.node);
    this.#stateBefore = state;
    this.#beganBefore = began;
    this.#attemptBefore = attempt;
    this.#host.began(this.node, this.action);
    return true;
  }

  returned(): void {
    if (this.state !== 'begun') return;
    this.state = 'queued';
    this.#host.returned(this.node, {
      state: this.#stateBefore,
      began: this.#beganBefore,
      attempt: this.#attemptBefore,
    });
  }

  onEvent(event: WorkEvent): void {
    if (this.state === 'begun') this.#host.said(this.node, event);
  }
}
