/**
 * Everything that crosses a thread, both ways, on one page. Closed unions with `kind`: both sides switch without a
 * default, so that adding a message breaks the build where it must be handled.
 *
 *   main thread ── work, abort, services, close ──▶ worker
 *               ◀─ ready, began, event*, outcome, done, stray ──
 *
 * Work comes in batches, and each request has a number in the order in which its thread was sent them. A worker performs
 * one after the other; what became of them goes through shared memory (outcome-ring.ts), or by `outcome` where it does not
 * fit there. Order holds over both: the events of a task arrive before its outcome. A duty is the time between `ready` and `close`;
 * work is sent while the worker is on duty only.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Failure } from '../failure.ts';
import type { LogLevel } from '../flow/context.ts';
import type { Take } from '../flow/symbols.ts';
import type { Value } from './codec.ts';

/** What an argument is called, and the part of its value that is meant. */
export interface Parameter {
  readonly name: string;
  readonly take: Take;
}

/** One prepared argument: its value, closed. */
export interface PreparedArgument extends Parameter {
  readonly value: Value;
}

/** What happened to execute, as the revert is told. */
export type Executed =
  | { readonly kind: 'result'; readonly value: Value }
  | { readonly kind: 'failure'; readonly failure: Failure }
  /** It began and its end is not known: the process ended in its midst. */
  | { readonly kind: 'unknown' };

/** In which flow, of which run. */
export interface FlowIdentity {
  readonly flowName: string;
  readonly flowId: string;
}

/** Who runs: what `context` shows to the task. */
export interface Identity extends FlowIdentity {
  readonly atom: string;
  readonly attempt: number;
}

/**
 * What requests of one kind have in common. Those of a batch share one object, which crosses once: structured clone sends
 * what it has met before as a reference.
 */
export interface Terms {
  readonly action: 'execute' | 'revert';
  /** Of the arguments, whose values each request has in this order. */
  readonly parameters: readonly Parameter[];
  /** URL of the task module; empty for a task of the main thread, which never crosses. */
  readonly module: string;
  /** The name under which the module defines the task. */
  readonly task: string;
  /** The parts of the result that symbols stand for; the worker says which are absent. */
  readonly takes: readonly Take[];
  /** True when a task may read the result, so that its buffers must stay readable for several. */
  readonly read: boolean;
  /** Names of the services that the engine offers. */
  readonly services: readonly string[];
  /** How failures of its validators call the values; null for a task without. */
  readonly symbols: SymbolNames | null;
}

export interface ExecuteRequest {
  readonly action: 'execute';
  readonly terms: Terms;
  readonly flow: FlowIdentity;
  readonly atom: string;
  readonly attempt: number;
  readonly args: readonly PreparedArgument[];
}

/** The symbols that values have in this use of a definition. */
export interface SymbolNames {
  /** By argument; null where the value is injected. */
  readonly args: ReadonlyMap<string, string | null>;
  /** In the order of `takes`. */
  readonly provided: readonly string[];
}

export interface RevertRequest extends Omit<ExecuteRequest, 'action'> {
  readonly action: 'revert';
  readonly executed: Executed;
  readonly failures: ReadonlyMap<string, Failure>;
}

export type WorkRequest = ExecuteRequest | RevertRequest;

/** What became of a work request. Times in ms, measured where the task ran. */
export type Outcome =
  | {
      readonly kind: 'executed';
      readonly result: Value;
      readonly absent: readonly Take[];
      readonly elapsed: number;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly elapsed: number }
  | { readonly kind: 'reverted'; readonly result: Value; readonly elapsed: number }
  | { readonly kind: 'revert-failed'; readonly failure: Failure; readonly elapsed: number }
  /** The task never began: its module, its name or an argument was wrong. Nothing of it is to be undone. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** `call.begin()` said no: the engine doesn't want it any more. */
  | { readonly kind: 'withdrawn' };

/** What a task says while it runs. */
export type WorkEvent =
  | { readonly kind: 'progress'; readonly fraction: number; readonly details: unknown }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly details: unknown }
  | { readonly kind: 'notice'; readonly event: string; readonly details: unknown };

/** What a duty is started with: null but for the first of a thread, whose port and shared memory serve all of them. */
export type Duty = {
  readonly port: MessagePort;
  /** Of `Marks`. */
  readonly marks: SharedArrayBuffer;
  /** Of `OutcomeRing`. */
  readonly ring: SharedArrayBuffer;
} | null;

export type ToWorker =
  | {
      readonly kind: 'work';
      /** The number of the first request; the others follow. */
      readonly first: number;
      readonly count: number;
      /** One after the other, as packing.ts lays them out. */
      readonly requests: readonly unknown[];
      /** True when `began` is to be said of a lone request: its module is not known to be loaded. */
      readonly announce: boolean;
      /** Why the signal of a lone request is aborted from the start; null when it is not. */
      readonly aborted: Failure | null;
    }
  /** Aborts the signal of the request that runs, if it is this one. */
  | { readonly kind: 'abort'; readonly number: number; readonly reason: Failure }
  /** The thread's way to services on the main thread, a Comlink port; sent before the first request that has any. */
  | { readonly kind: 'services'; readonly port: MessagePort }
  /** Ends the duty: the thread rests until the next. */
  | { readonly kind: 'close' };

export type FromWorker =
  /** On duty. */
  | { readonly kind: 'ready' }
  /** The module is imported, which took `loading` ms (0 when it was before), and the task's code is next. */
  | { readonly kind: 'began'; readonly number: number; readonly loading: number }
  /** `after` so many bytes that it wrote into the ring, so that the order of both is known; progress without details is written there. */
  | { readonly kind: 'event'; readonly number: number; readonly event: WorkEvent; readonly after: number }
  /** What does not fit the ring. */
  | { readonly kind: 'outcome'; readonly number: number; readonly outcome: Outcome; readonly after: number }
  /** There are outcomes to be read: of the last request that was sent, or of some that are awaited (marks.ts). */
  | { readonly kind: 'done' }
  /** Something threw outside of a task; `task` is the last that ran there, where that is known. */
  | { readonly kind: 'stray'; readonly failure: Failure; readonly task: string | null };
