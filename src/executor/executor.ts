/**
 * The contract of task executors: who does the work, never what or whether. It knows nothing of flows, states or
 * storage. Every implementation passes `test/executor/contract.ts`.
 *
 * 1. `execute` and `revert` never reject: whatever goes wrong is an outcome.
 * 2. Each call settles once, and `begin()` is called once before the task's code runs, and again only after `returned()`.
 * 3. Events of a call come in order and before its outcome.
 */
import type { Failure } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { AnyTask, Work } from '../flow/unit.ts';
import type { StopSignal } from '../following.ts';
import { MILLISECONDS, type OptionRules } from '../options.ts';
import type { Executed, Identity, Outcome, PreparedArgument, WorkEvent } from '../protocol/messages.ts';
import type { Clock } from './clock.ts';

/** What goes with one execute or revert. */
export interface Call {
  readonly identity: Identity;
  /** Among calls whose tasks have the same `priority` the higher goes first, then the earlier call. */
  readonly rank: number;
  /** Calls of different sources take turns, so that one engine's flood does not starve another. */
  readonly source: object;
  readonly services: Services;
  /** Aborted when the engine wants running tasks to stop; reaches the task's `context.signal`, which is an AbortSignal. */
  readonly signal: StopSignal | null;
  /** True when a task may read the result. */
  readonly read: boolean;
  /**
   * Called when a worker takes the task, alone or in a batch. False: it is not wanted any more, and the outcome is
   * `withdrawn`. A promise when the engine must write first; the worker waits for it.
   */
  begin(): boolean | Promise<boolean>;
  /** Called when a worker gives the task back that it took, without having run any of it: it waits for its turn again. */
  returned(): void;
  /** Hands on what the task says while it runs. */
  onEvent(event: WorkEvent): void;
}

/**
 * An outcome that is to come, and never rejects: a promise, or less than one. All that is asked of it is what `await` asks, since a
 * real promise with all that hangs on it would cost more than a short task.
 */
export interface Coming {
  then(settled: (outcome: Outcome) => void, failed?: (thrown: unknown) => void): unknown;
}

/** Whatever does the work. Close to nothing is asked of it, and each word of the invariants above is relied upon. */
export interface TaskExecutor extends AsyncDisposable {
  /** The clock by which retries wait between their attempts, where it isn't the real one. */
  readonly clock?: Clock;
  /** Called by each engine before its first task; any number of times. Must be cheap: threads start when needed. */
  start(): void | Promise<void>;
  execute(task: AnyTask, args: readonly PreparedArgument[], call: Call): Coming;
  revert(
    task: AnyTask,
    args: readonly PreparedArgument[],
    executed: Executed,
    failures: ReadonlyMap<string, Failure>,
    call: Call,
  ): Coming;
  /** What is learned of how long tasks take; without it the longest way is counted in tasks, and nothing is learned. */
  readonly durations?: LearnedDurations;
  /** Takes back from workers what they took of this source and did not begin; each such call is told `returned()`. */
  recall?(source: object): void;
  /** Ends what was started, after running tasks have ended. Queued ones are refused with EXECUTOR_CLOSED. Any number of times. */
  stop(options?: StopOptions): Promise<void>;
}

/** How long a task takes. */
export interface Learned {
  /** ms. */
  readonly mean: number;
  /** From how many times. */
  readonly times: number;
}

/** What an executor learns, by the definition of a task. */
export interface LearnedDurations {
  /** Null while nothing is known. */
  learned(work: Work, action: 'execute' | 'revert'): Learned | null;
  /** Takes what an earlier process has learned, where nothing is known yet. */
  teach(work: Work, action: 'execute' | 'revert', learned: Learned): void;
}

export interface StopOptions {
  /** ms after which tasks that still run are given up, as failures with EXECUTOR_CLOSED; without it they are waited for. */
  readonly timeout?: number;
}

export const STOP_RULES: OptionRules<StopOptions> = { timeout: MILLISECONDS };
