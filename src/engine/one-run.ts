/** One run of an engine, from its first loop to what it resolves to or rejects with; follows the signal of the options. */
import type { TaskExecutor } from '../executor/executor.ts';
import { type Follower, follow, unfollow } from '../following.ts';
import type { FlowState } from '../states.ts';
import { endError, resultsOf } from './ending.ts';
import { Loop } from './loop.ts';
import type { LoopParts } from './loop-parts.ts';
import type { AnyEngineOptions } from './options.ts';

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
  #isClosed = false;

  constructor(parts: LoopParts, executor: TaskExecutor, options: AnyEngineOptions, found: FlowState) {
    this.#parts = parts;
    this.#executor = executor;
    this.#options = options;
    this.#found = found;
  }

  /** The loops to go through, each when the one before has come to its end: one more where an abort came late. */
  *loops(): Generator<Loop, void> {
    const { signal, onAbort = 'revert', keep } = this.#options;
    // A signal that stopped an earlier run stops no later one, but for what that run left to be reverted.
    const isLeft = this.#found === 'SUSPENDED' && onAbort === 'revert';
    const { compilation, moves, storage } = this.#parts;
    const mayBeReverted = moves.keepResults(compilation, keep);
    yield* this.#newLoop(mayBeReverted && (signal?.aborted !== true || isLeft));
    const { flowState } = storage;
    if (signal?.aborted && onAbort === 'revert' && flowState === 'SUSPENDED' && !this.#isClosed)
      yield* this.#newLoop(true);
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

  /** Throws what the run rejects with. */
  results(): Record<string, unknown> {
    const { compilation, storage } = this.#parts;
    const error = endError(storage, this.#loop?.fatal ?? new Map(), this.#abort);
    if (error !== null) throw error;
    return resultsOf(compilation, storage, this.#options.keep);
  }

  *#newLoop(isFollowed: boolean): Generator<Loop, void> {
    const { signal, onAbort, services = {}, deferReverts = true, neverResolve = false } = this.#options;
    const loop = new Loop(this.#parts, this.#executor, services, { deferReverts, neverResolve });
    const isFirst = this.#loop === null;
    this.#loop = loop;
    this.#abort = null;
    this.#parts.moves.moveFlow('RUNNING');
    if (this.#isSuspended && isFirst) loop.suspend();
    const follower: Follower = {
      onAborted: (reason) => {
        if (onAbort === 'suspend' ? loop.suspend() : loop.abort(reason)) this.#abort = { reason };
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
