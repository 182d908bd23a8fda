/** What a report is told: everything that a run shows goes through one of these, for people or for programs. */
import type { Engine } from '../engine/engine.ts';
import type { FlowState } from '../states.ts';
import type { StopReason } from './exit-codes.ts';

/** A run that is kept in a database. */
export interface Kept {
  readonly flowId: string;
  /** The database, as it was named. */
  readonly db: string;
  /** The command that goes on with the run when it is left in this state; null: nothing is left to do. */
  wayOn(state: FlowState): string | null;
}

/** How a run ended. */
export interface Ending {
  readonly state: FlowState;
  /** What the run rejected with; undefined when it didn't. */
  readonly error: unknown;
  /** Every provided symbol with its value; null when the run rejected, and of a revert. */
  readonly results: Readonly<Record<string, unknown>> | null;
  /** ms on the clock; null: it was done before, and nothing ran. */
  readonly wall: number | null;
  readonly stopped: StopReason | null;
  readonly exitCode: number;
}

export interface Report {
  /** Something takes its time before the run; the last such text stands until the run begins. */
  waiting(what: string): void;
  /** Wrong use: nothing ran. */
  refused(error: unknown, exitCode: number): void;
  /** Shows the events of this engine from now on. `threads` is null on the main thread. */
  follow(engine: Engine, threads: number | null, kept: Kept | null): void;
  /** The run is stopped from outside: running tasks are waited for, then what ran is reverted, or, of a kept run, stays. */
  stopping(reason: StopReason): void;
  /** The process ends before the run did, at once, with these last words. */
  cut(words: string, exitCode: number): void;
  warn(message: string): void;
  end(ending: Ending): void;
}
