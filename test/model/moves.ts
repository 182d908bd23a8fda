/** Who may go from which state to which (2.1, 2.2), as tables. */
import type { FlowState, State } from './words.ts';

/** 2.2. What the engine may announce; a reset, and a retry's, put anything back to PENDING. */
export const MOVES: Readonly<Record<State, readonly State[]>> = {
  PENDING: ['RUNNING', 'IGNORE'],
  RUNNING: ['SUCCESS', 'FAILURE'],
  SUCCESS: ['REVERTING', 'RETRYING'],
  FAILURE: ['REVERTING'],
  REVERTING: ['REVERTED', 'REVERT_FAILURE'],
  REVERTED: [],
  REVERT_FAILURE: [],
  IGNORE: [],
  // 2.2 knows no way back from here. Ours has one, in states.ts: a retry may wait for its delay.
  RETRYING: ['RUNNING', 'REVERTING'],
};

/** 2.1. D6: PENDING from every state but RUNNING. */
export const FLOW_MOVES: Readonly<Record<FlowState, readonly FlowState[]>> = {
  PENDING: ['RUNNING'],
  RUNNING: ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDING'],
  SUCCESS: ['PENDING', 'RUNNING'],
  FAILURE: ['PENDING', 'RUNNING'],
  REVERTED: ['PENDING'],
  SUSPENDING: ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED'],
  SUSPENDED: ['PENDING', 'RUNNING'],
  RESUMING: [],
};
