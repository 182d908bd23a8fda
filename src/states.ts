/**
 * Every state and intention, and every legal move between them. Ground floor: imports nothing; nothing
 * else in the library knows what is legal. `docs/states.md` is printed from these tables.
 *
 * The tables are TaskFlow's (`taskflow/states.py`), read as: from a state, to each of these.
 */

/** A table of moves; a missing row or a misspelt target is a compile error. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>;

/** Where a flow stands. FAILURE means that it could not be reverted (or was told not to be). */
export type FlowState =
  | 'PENDING'
  | 'RUNNING'
  | 'SUCCESS'
  | 'FAILURE'
  | 'REVERTED'
  | 'SUSPENDING'
  | 'SUSPENDED'
  | 'RESUMING';

/** What happened to an atom. RETRYING is for retries only; PARTIAL for maps, and for what a process left in its midst when it died. */
export type AtomState =
  | 'PENDING'
  | 'RUNNING'
  | 'SUCCESS'
  | 'FAILURE'
  | 'REVERTING'
  | 'REVERTED'
  | 'REVERT_FAILURE'
  | 'RETRYING'
  | 'PARTIAL'
  | 'IGNORE';

/** What should happen to an atom. RETRY is for retries only. */
export type Intention = 'EXECUTE' | 'REVERT' | 'RETRY' | 'IGNORE';

/** It is to be taken back, or, of a retry, all that lies behind it, before that runs again. */
export function isGoingBack(intention: Intention): boolean {
  return intention === 'REVERT' || intention === 'RETRY';
}

/** What the engine's loop is doing; `engine.runIter()` yields these, and last the state in which it ended. */
export type EngineState =
  | 'RESUMING'
  | 'SCHEDULING'
  | 'WAITING'
  | 'ANALYZING'
  | 'SUCCESS'
  | 'REVERTED'
  | 'SUSPENDED'
  | 'FAILURE';

export const FLOW_MOVES: Moves<FlowState> = {
  PENDING: ['RUNNING'],
  RUNNING: ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDING', 'RESUMING'],
  SUCCESS: ['PENDING', 'RUNNING'],
  FAILURE: ['RUNNING'],
  REVERTED: ['PENDING'],
  SUSPENDING: ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED', 'RESUMING'],
  SUSPENDED: ['RUNNING'],
  RESUMING: ['SUSPENDED'],
};

/** TaskFlow's table of tasks. */
const BASE_MOVES: Moves<Exclude<AtomState, 'RETRYING' | 'PARTIAL'>> = {
  PENDING: ['RUNNING', 'IGNORE'],
  RUNNING: ['SUCCESS', 'FAILURE'],
  SUCCESS: ['REVERTING'],
  FAILURE: ['REVERTING'],
  REVERTING: ['REVERTED', 'REVERT_FAILURE'],
  REVERTED: ['PENDING'],
  REVERT_FAILURE: [],
  IGNORE: ['PENDING'],
};

/**
 * Ours beside TaskFlow's: a worker may give back what it took and did not begin, which then stands where it stood before. And
 * PARTIAL, as which another process takes up what was RUNNING or REVERTING when one died (TaskFlow resumes them as they are).
 */
export const TASK_MOVES: Moves<Exclude<AtomState, 'RETRYING'>> = {
  ...BASE_MOVES,
  RUNNING: ['SUCCESS', 'FAILURE', 'PENDING', 'PARTIAL'],
  REVERTING: ['REVERTED', 'REVERT_FAILURE', 'SUCCESS', 'FAILURE', 'PARTIAL'],
  PARTIAL: ['RUNNING', 'REVERTING'],
};

/** Ours beside TaskFlow's: RETRYING → REVERTING, for a delay between attempts may be cut short by an abort. */
export const RETRY_MOVES: Moves<AtomState> = {
  ...BASE_MOVES,
  SUCCESS: ['REVERTING', 'RETRYING'],
  RETRYING: ['RUNNING', 'REVERTING'],
  PARTIAL: ['RUNNING', 'REVERTING'],
};

/** Ours: a map may stop in its midst, executing or reverting; it then goes on with the items that are left. */
export const MAP_MOVES: Moves<Exclude<AtomState, 'RETRYING'>> = {
  ...BASE_MOVES,
  RUNNING: ['SUCCESS', 'FAILURE', 'PARTIAL'],
  PARTIAL: ['RUNNING', 'REVERTING'],
  REVERTING: ['REVERTED', 'REVERT_FAILURE', 'PARTIAL'],
};

/**
 * States out of which `reset()` puts a flow and its atoms back to PENDING, beside the moves above.
 * TaskFlow resets atoms from any state (`runtime.reset_atoms`); we do from any but a running flow's.
 */
export const RESETTABLE: readonly FlowState[] = ['PENDING', 'SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED'];

/**
 * True when a worker gave an atom back that was to be reverted, before its revert began: nothing has ended, and its revert is
 * still on its way.
 */
export function isRevertGivenBack(state: AtomState, oldState: AtomState): boolean {
  return oldState === 'REVERTING' && (state === 'SUCCESS' || state === 'FAILURE' || state === 'PARTIAL');
}
