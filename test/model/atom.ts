/** What the model knows of an atom. */
import type { Ended } from './policies.ts';
import type { AtomShape, Attempt, State } from './words.ts';

export type Intention = 'EXECUTE' | 'REVERT' | 'RETRY' | 'IGNORE';

export interface Atom {
  readonly shape: AtomShape;
  state: State;
  /** Where it stood before what it does now. */
  before: State;
  intention: Intention;
  /** Of its last execution: the task's code was called. */
  called: boolean;
  /** Of what it does now: its code is on, or has ended so. */
  isOn: boolean;
  ended: Ended | null;
  /** What execute returned, and what it threw, if that was the last thing that it did (D3). */
  result: unknown;
  failure: string | null;
  /** Of a retry: its history (2.6), and how long it waits before the next attempt, in ms. */
  attempts: readonly Attempt[];
  pause: number;
  /** The failures that were known when it could be reverted, and all the time since. */
  knownFailures: readonly string[] | null;
  /** All that were known at some time since then. */
  heardFailures: Set<string>;
}

/** What may stand after an atom that is reverted. */
export const QUIET: readonly State[] = ['PENDING', 'REVERTED', 'IGNORE'];

export function fresh(shape: AtomShape): Atom {
  const nothing = {
    called: false,
    isOn: false,
    ended: null,
    result: undefined,
    failure: null,
    knownFailures: null,
    heardFailures: new Set<string>(),
    attempts: [],
    pause: 0,
  };
  return { shape, state: 'PENDING', before: 'PENDING', intention: 'EXECUTE', ...nothing };
}

export function putBack(atom: Atom): void {
  Object.assign(atom, fresh(atom.shape));
}

/** 2.8: one whose code never began has nothing to undo. */
export function hasCodeToUndo({ shape, called }: Atom): boolean {
  if (shape.kind === 'task') return shape.revertFailsOn !== null && called;
  return shape.policy.kind === 'own' && shape.policy.revertFailsOn !== null && called;
}
