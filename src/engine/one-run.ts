/** One run of an engine, from its first loop to what it resolves to or rejects with; follows the signal of the options. */
import type { TaskExecutor } from '../executor/executor.ts';
import { failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import { type Follower, follow, unfollow } from '../following.ts';
import { errorFrom } from '../revival.ts';
import type { FlowState } from '../states.ts';
import { endError, resultsOf } from './ending.ts';
import { Loop } from './loop.ts';
import type { LoopParts } from './loop-parts.ts';
import type { AnyEngineOptions } from './options.ts';

const NO_SERVICES: Services = {};
const ENDS: ReadonlySet<FlowState> = new Set(['SUCCESS', 'REVERTED', 'FAILURE']);

export class Run {
  readonly #parts: LoopParts;
  readonly #executor: TaskExecutor;
  readonly #options: AnyEngineOptions;
  /** The flow's state before. */
  readonly #found: FlowState;
  #loop: Loop | null = null;
  /** Set when the signal is what ended the loop. */
  #abort: { readonly reason: unknown } | null = null;
  #isSuspended = false;
  #isDone = false;
  #isClosed = false;
  #takesBack = false;

  constructor(parts: LoopParts, executor: TaskExecutor, options: AnyEngineOptions) {
    this.#parts = parts;
    this.#executor = executor;
    this.#options = options;
    this.#found = parts.storage.flowState;
  }

  /** All loops were gone through, and the flow has come to its end. */
  get isOver(): boolean {
    return this.#isDone && ENDS.has(this.#parts.storage.flowState);
  }

  /** The loops to go through, each when the one before has come to its end: one more where an abort came late. */
  *loops(): Generator<Loop, void> {
    if (this.isOver) return;
    const { signal, onAbort = 'revert', keep } = this.#options;
    // A signal that stopped an earlier run stops no later one, but for what that run left to be reverted.
    const isLeft = this.#found === 'SUSPENDED' && onAbort === 'revert';
    const { compilation, moves, storage } = this.#parts;
    const mayBeReverted = moves.keepResults(compilation, keep);
    yield* this.#newLoop(mayBeReverted && (signal?.aborted !== true || isLeft));
    const { flowState } = storage;
    if (signal?.aborted && onAbort === 'revert' && flowState === 'SUSPENDED' && !this.#isClosed)
      yield* this.#newLoop(true);
    this.#isDone = true;
  }

  /** To be called before its loops: what ran is taken back, and nothing else runs. */
  takeBack(): void {
    this.#takesBack = true;
  }

  suspend(): void {
    this.#isSuspended = true;
    this.#loop?.suspend();
  }

  /** Suspends, and what an abort would still revert is left for another run. */
  close(): void {
    this.#isClosed = true;
    this.suspend();
  }

  /** Suspends, since nothing can be written any more; `isLost`: since the flow has another owner. */
  storageFailed(error: unknown, isLost: boolean): void {
    this.close();
    if (isLost) this.#loop?.halt(error);
  }

  /** Throws what the run rejects with. */
  results(): Record<string, unknown> {
    const { compilation, storage } = this.#parts;
    const { aborted } = this.#parts.kept;
    // What an earlier process was told to abort, and this one has taken back.
    const earlier =
      aborted !== null && storage.flowState === 'REVERTED' ? { reason: errorFrom(aborted) } : null;
    const error = endError(storage, this.#loop?.fatal ?? new Map(), this.#abort ?? earlier);
    if (error !== null) throw error;
    return resultsOf(compilation, storage, this.#options.keep);
  }

  /** Throws what kept the flow from being taken back. */
  checkReverted(): void {
    const { storage } = this.#parts;
    if (storage.flowState !== 'FAILURE') return;
    throw endError(storage, this.#loop?.fatal ?? new Map(), this.#abort);
  }

  *#newLoop(isFollowed: boolean): Generator<Loop, void> {
    const {
      signal,
      onAbort,
      services = NO_SERVICES,
      deferReverts = true,
      neverResolve = false,
    } = this.#options;
    const loop = new Loop(this.#parts, this.#executor, services, { deferReverts, neverResolve });
    const isFirst = this.#loop === null;
    this.#loop = loop;
    this.#abort = null;
    this.#parts.moves.moveFlow('RUNNING');
    if (this.#takesBack) loop.takeBack();
    if (this.#isSuspended && isFirst) loop.suspend();
    const follower: Follower = {
      onAborted: (reason) => {
        if (onAbort === 'suspend') {
          if (loop.suspend()) this.#abort = { reason };
        } else if (loop.abort(reason)) {
          this.#abort = { reason };
          this.#parts.kept.aborted = failureFrom(reason);
        }
      },
    };
    const followed = isFollowed ? signal : undefined;
    if (followed?.aborted) follower.onAborted(followed.reason);
    else if (followed !== undefined) follow(followed, follower);
    try {
      yield loop;
    } finally {
      if (followed !== undefined) unfollow(followed, follower);
    }
  }
}
