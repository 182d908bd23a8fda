/** What can be put in a flow, as plain data: the shapes that compile/ and engine/ read. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context } from './context.ts';
import type { Deciding } from './decider.ts';
import type { History } from './history.ts';
import type { Argument, Provided, Take } from './symbols.ts';

/** What the revert of a task is told: what execute returned or threw, and the failures of this attempt by atom. */
export interface Undo<Result = unknown> {
  /** The result of execute; undefined when it failed, see `failure`. */
  readonly result: Result | undefined;
  /** This task's own error, when its execute failed; else undefined. */
  readonly failure: Error | undefined;
  /** The errors of every atom whose execute failed, by atom name. */
  readonly failures: ReadonlyMap<string, Error>;
}

/** The schemas that a task's values are held against. They stay where the definition is: none of them is shipped. */
export interface Validators {
  /** By argument, of execute and of revert. */
  readonly args: ReadonlyMap<string, StandardSchemaV1>;
  /** By the part of the result that the symbol stands for. */
  readonly provided: ReadonlyMap<Take, StandardSchemaV1>;
}

/** The functions of a task and where workers find them: shared by every use of one definition. */
export interface Work {
  /** The name under which its module defined it. */
  readonly name: string;
  /** URL of the task module; null for a task that runs on the main thread only. */
  readonly module: string | null;
  execute(args: Readonly<Record<string, unknown>>, context: Context): unknown;
  /** Null when the task has nothing to undo. */
  readonly revert:
    | ((args: Readonly<Record<string, unknown>>, context: Context, undo: Undo) => unknown)
    | null;
  /** Null when no value is validated. */
  readonly validators: Validators | null;
}

/** A task in its place: a definition under a name, with its symbols. */
export interface AnyTask {
  readonly kind: 'task';
  readonly name: string;
  readonly work: Work;
  /** Arguments of execute, in the order of `requires`, then `optional`. */
  readonly args: readonly Argument[];
  /** Arguments of revert; the same array as `args` unless revertRequires or revertRebind say otherwise. */
  readonly revertArgs: readonly Argument[];
  /** Values given by the definition, by argument name; they win over every symbol. */
  readonly inject: ReadonlyMap<string, unknown>;
  readonly provides: readonly Provided[];
  /** Higher starts first among those that are ready. Default 0. */
  readonly priority: number;
  /** ms; null for none. */
  readonly timeout: number | null;
  /** Where the thread pool performs it; one without a module runs on the main thread whatever this says. */
  readonly runOn: 'main' | 'thread';
  readonly version: string;
  /** Decides about the failures of this task alone; null for none. */
  readonly retry: AnyRetry | null;
}

/** What decides about failures in its flow. */
export interface AnyRetry {
  readonly kind: 'retry';
  /** null: named after its flow. */
  readonly name: string | null;
  readonly args: readonly Argument[];
  readonly revertArgs: readonly Argument[];
  readonly inject: ReadonlyMap<string, unknown>;
  readonly provides: readonly Provided[];
  readonly priority: number;
  execute(history: History, args: Readonly<Record<string, unknown>>): unknown;
  /** Gives a Decision or a promise of one; whatever else it gives is refused when it runs. */
  onFailure(history: History, args: Readonly<Record<string, unknown>>): unknown;
  readonly revert: ((history: History, args: Readonly<Record<string, unknown>>) => unknown) | null;
  /** The ms to wait before the attempt that follows so many. */
  pause(attempts: number): number;
}

/** What folds the results of a map's items into one. */
export interface AnyReduction {
  /** What the fold begins with; each run gets a copy. */
  readonly initial: unknown;
  add(accumulated: unknown, result: unknown, index: number): unknown;
  /** True: in the order of the items. False: as they end. */
  readonly inOrder: boolean;
}

/** A task that runs once for each item of a list that is known only when the flow runs. */
export interface AnyMap {
  readonly kind: 'map';
  readonly name: string;
  /** What runs for each item; its retry, if it has one, decides about that item alone. */
  readonly task: AnyTask;
  /** What `items` is called with. */
  readonly args: readonly Argument[];
  /** The same array as `args`: a map has no revert of its own, its items have. */
  readonly revertArgs: readonly Argument[];
  readonly inject: ReadonlyMap<string, unknown>;
  /** Gives the items; whatever it gives is checked when the map runs. */
  items(args: Readonly<Record<string, unknown>>): unknown;
  /** The symbol under which the task takes an item. */
  readonly as: string;
  /** The symbol under which it takes the item's position, from 0; null for none. */
  readonly indexAs: string | null;
  readonly provides: readonly Provided[];
  /** Null: the result is the list of results. */
  readonly reduce: AnyReduction | null;
  /** How many items may be in hand at once. */
  readonly concurrency: number;
  readonly priority: number;
}

/** What has a state: a task, a retry or a map. */
export type AnyAtom = AnyTask | AnyRetry | AnyMap;

export interface Link {
  readonly from: AnyUnit;
  readonly to: AnyUnit;
  /** Who says whether `to` runs; null where nobody is asked. */
  readonly deciding: Deciding | null;
}

/** A flow: units and their order. */
export interface AnyFlow {
  readonly kind: 'flow';
  readonly name: string;
  readonly pattern: 'linear' | 'unordered' | 'graph';
  /** Runs first, and decides about failures inside; null for none. */
  readonly retry: AnyRetry | null;
  /** In the order in which they were added. */
  readonly units: readonly AnyUnit[];
  /** Of a graph flow, the links that were found or made, at most one per pair; of the others none. */
  readonly links: readonly Link[];
}

export type AnyUnit = AnyTask | AnyMap | AnyFlow;
