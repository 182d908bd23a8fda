/**
 * The words of the model, types only but for the values that pass: what a flow is, and what can be seen of a run of it.
 * Nothing of src/: what the library calls so may change, and the model must not follow.
 */

export interface TaskShape {
  readonly kind: 'task';
  readonly name: string;
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  /** Arguments, of those above, that the task gives itself. */
  readonly inject: readonly string[];
  readonly provides: string | null;
  readonly priority: number;
  /** Which of its executions fail, counted from 1 over the whole life of the engine. */
  readonly failsOn: readonly number[];
  /** Null: it has no revert. */
  readonly revertFailsOn: readonly number[] | null;
}

export type Policy =
  | { readonly kind: 'times'; readonly attempts: number; readonly revertAll: boolean }
  | { readonly kind: 'forEach'; readonly values: readonly string[]; readonly revertAll: boolean }
  | { readonly kind: 'alwaysRevert' }
  | { readonly kind: 'alwaysRevertAll' };

export interface RetryShape {
  readonly kind: 'retry';
  readonly name: string;
  readonly provides: string | null;
  readonly policy: Policy;
}

export type Depth = 'ALL' | 'FLOW' | 'NEIGHBORS' | 'ATOM';

export interface Decider {
  readonly depth: Depth;
  /** It says no when its source gave its result in one of these executions; a source that is a flow counts as 0. */
  readonly noOn: readonly number[];
}

export interface LinkShape {
  readonly from: number;
  readonly to: number;
  readonly decider: Decider | null;
}

export interface FlowShape {
  readonly kind: 'flow';
  readonly pattern: 'linear' | 'unordered' | 'graph';
  readonly name: string;
  readonly retry: RetryShape | null;
  readonly units: readonly UnitShape[];
  /** Made by hand, in this order, after all units were added. */
  readonly links: readonly LinkShape[];
}

export type UnitShape = TaskShape | FlowShape;
export type AtomShape = TaskShape | RetryShape;

export interface Options {
  /** Symbols that the store gives. */
  readonly store: readonly string[];
  readonly deferReverts: boolean;
  readonly neverResolve: boolean;
}

// The values that pass: whoever builds a flow by a shape gives them so, and a wrong provider shows in the value.
export const executed = (atom: string, execution: number): string => `${atom}#${execution}`;
export const stored = (symbol: string): string => `store:${symbol}`;
export const injected = (atom: string, symbol: string): string => `inject:${atom}:${symbol}`;
export const failureOf = (atom: string, execution: number): string => `${executed(atom, execution)} failed`;
export const revertFailureOf = (atom: string, execution: number): string =>
  `undoing ${executed(atom, execution)} failed`;
/** Of an atom whose code was never called, or that has none: the library's own error. */
export const REFUSED = 'refused';

export type State =
  | 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILURE' | 'REVERTING' | 'REVERTED' | 'REVERT_FAILURE' | 'IGNORE' | 'RETRYING'; // biome-ignore format: one list
export type FlowState =
  | 'PENDING'
  | 'RUNNING'
  | 'SUCCESS'
  | 'FAILURE'
  | 'REVERTED'
  | 'SUSPENDING'
  | 'SUSPENDED'
  | 'RESUMING';
export type Action = 'execute' | 'revert';

export interface Undo {
  readonly result: unknown;
  readonly failure: string | null;
  /** The atoms whose failures it was told of. */
  readonly failures: readonly string[];
}

export type Entry =
  | { readonly kind: 'flow'; readonly to: FlowState }
  | { readonly kind: 'moved'; readonly atom: string; readonly to: State }
  | {
      readonly kind: 'called';
      readonly atom: string;
      readonly action: Action;
      readonly args: Values;
      readonly undo: Undo | null;
    }
  | {
      readonly kind: 'ended';
      readonly atom: string;
      readonly action: Action;
      readonly threw: boolean;
      readonly value: unknown;
    }
  | {
      readonly kind: 'asked';
      readonly flow: string;
      readonly from: number;
      readonly to: number;
      readonly history: Values;
    };

export type Values = Readonly<Record<string, unknown>>;

/** How a run ended, as the caller sees it. */
export interface End {
  readonly flow: FlowState;
  readonly states: Readonly<Record<string, State>>;
  /** Messages of what was thrown, in any order; none when it resolved. */
  readonly thrown: readonly string[];
  /** Null unless it resolved and the flow is SUCCESS. */
  readonly results: Values | null;
}
