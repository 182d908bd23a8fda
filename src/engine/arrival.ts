/** What comes back to the loop: outcomes of atoms, and answers of the user's retries and deciders. */
import type { AtomNode } from '../compile/node.ts';
import type { Outcome } from '../protocol/messages.ts';
import type { Resolution } from './resolution.ts';

export type Action = 'execute' | 'revert';

/** How a map's going through its items ended; partial: it was stopped in its midst. */
export type MapOutcome = Exclude<Outcome, { kind: 'withdrawn' }> | { readonly kind: 'partial' };

/** An atom was executed or reverted, or could not be. */
export interface Completion {
  readonly kind: 'completion';
  readonly node: AtomNode;
  readonly action: Action;
  readonly outcome: MapOutcome;
}

export type Arrival =
  | Completion
  /** What the failure of an atom means. */
  | { readonly kind: 'resolved'; readonly resolution: Resolution }
  /** Which atoms are not to run, by the deciders of `node`: none when that may run. */
  | { readonly kind: 'voted'; readonly node: AtomNode; readonly ignored: readonly AtomNode[] }
  /** What a map waited for is here, and is to be taken in the loop's turn. */
  | { readonly kind: 'turn'; take(): void };
