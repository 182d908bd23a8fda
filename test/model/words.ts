/**
 * The words of the model, types only but for the values that pass: what a flow is, and what can be seen of a run of it.
 * Nothing of src/: what the library calls so may change, and the model must not follow.
 */

/** What a task returns: a text or a list as the value of its symbol, or a part for each symbol, by position or by key. */
type Form = 'text' | 'list' | 'positions' | 'keys';

export interface TaskShape {
  readonly kind: 'task';
  readonly name: string;
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  /** Arguments, of those above, that the task gives itself. */
  readonly inject: readonly string[];
  /** Arguments of revert. Null: those of execute. */
  readonly revertRequires: readonly string[] | null;
  /** One at most, unless the form has parts. */
  readonly provides: readonly string[];
  readonly form: Form;
  /** True: no result has the last of the parts. */
  readonly lacksLast: boolean;
  readonly priority: number;
  /** Which of its executions fail, counted from 1 over the whole life of the engine. */
  readonly failsOn: readonly number[];
  /** Null: it has no revert. */
  readonly revertFailsOn: readonly number[] | null;
}

export type Policy =
  | { readonly kind: 'times'; readonly attempts: number; readonly revertAll: boolean }
  | { readonly kind: 'forEach'; readonly values: readonly string[]; readonly revertAll: boolean }
  /** By the value of the one symbol that the retry requires. */
  | { readonly kind: 'parameterizedForEach'; readonly revertAll: boolean }
  | { readonly kind: 'alwaysRevert' }
  | { readonly kind: 'alwaysRevertAll' }
  | OwnPolicy;

export type Decision = 'RETRY' | 'REVERT' | 'REVERT_ALL';

export interface OwnPolicy {
  readonly kind: 'own';
  /** What onFailure answers in the first attempt, the second, …, then REVERT. */
  readonly decisions: readonly (Decision | 'THROW')[];
  /** True: it promises the answer, and gives it when told. */
  readonly isLate: boolean;
  /** Which of its attempts it fails to begin; its revert, by how many attempts it has made. */
  readonly failsOn: readonly number[];
  readonly revertFailsOn: readonly number[] | null;
}

export interface RetryShape {
  readonly kind: 'retry';
  readonly name: string;
  readonly requires: readonly string[];
  /** One at most. */
  readonly provides: readonly string[];
  readonly policy: Policy;
  /** ms before the second attempt; before each further one twice as many. */
  readonly delay: number;
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
  /** True: it is written as a task that has the retry itself. Else it means nothing. */
  readonly isTask: boolean;
  readonly units: readonly UnitShape[];
  /** Made by hand, in this order, after all units were added. */
  readonly links: readonly LinkShape[];
  /** Of a graph flow, set after that: which unit. */
  readonly target: number | null;
}

export type UnitShape = TaskShape | FlowShape;
export type AtomShape = TaskShape | RetryShape;

export interface Options {
  /** Symbols that the store gives. */
  readonly store: readonly string[];
  readonly deferReverts: boolean;
  readonly neverResolve: boolean;
  /** Which results are kept; the others are dropped when nobody needs them, which nobody may notice. */
  readonly keep: 'all' | 'provided' | 'none';
}

// The values that pass: whoever builds a flow by a shape gives them so, and a wrong provider shows in the value.
export const executed = (atom: string, execution: number): string => `${atom}#${execution}`;
/** This one is a list, for parameterizedForEach. */
export const LISTED = 'd';
export const stored = (symbol: string): unknown =>
  symbol === LISTED ? ['store:1', 'store:2'] : `store:${symbol}`;
export const injected = (atom: string, symbol: string): string => `inject:${atom}:${symbol}`;
export const failureOf = (atom: string, execution: number): string => `${executed(atom, execution)} failed`;
export const answerFailureOf = (retry: string, attempt: number): string =>
  `${executed(retry, attempt)} has no answer`;
export const revertFailureOf = (atom: string, execution: number): string =>
  `undoing ${executed(atom, execution)} failed`;
/** Of an atom whose code was never called, or that has none: the library's own error. */
export const REFUSED = 'refused';

export function resultOf({ name, form, provides, lacksLast }: TaskShape, execution: number): unknown {
  const value = executed(name, execution);
  if (form === 'text') return value;
  if (form === 'list') return [`${value}.1`, `${value}.2`];
  const parts = provides.map((symbol) => [keyOf(symbol), `${value}.${symbol}`] as const);
  if (lacksLast) parts.pop();
  return form === 'positions' ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/** What the atom's result gives for a symbol; undefined when that part is missing. */
export function partOf(atom: AtomShape, result: unknown, symbol: string): unknown {
  if (atom.kind === 'retry' || atom.form === 'text' || atom.form === 'list') return result;
  const key = atom.form === 'keys' ? keyOf(symbol) : atom.provides.indexOf(symbol);
  return (result as Values)[key];
}

export const keyOf = (symbol: string): string => `key ${symbol}`;

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
    }
  /** A retry's own code is called. A late question goes by a number. */
  | {
      readonly kind: 'consulted';
      readonly retry: string;
      readonly about: Action | 'onFailure';
      readonly args: Values;
      readonly told: Told;
      readonly question: number | null;
    }
  | { readonly kind: 'answered'; readonly question: number }
  | { readonly kind: 'passed'; readonly ms: number };

/** What a retry knows. */
export interface Told {
  readonly attempts: readonly Attempt[];
  /** Its own. */
  readonly failure: string | null;
}

export interface Attempt {
  readonly provided: unknown;
  /** By atom, the first of each. */
  readonly failures: Readonly<Record<string, string>>;
}

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
