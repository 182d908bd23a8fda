/** Takes outcomes back: new states, results and failures. Says which execute failed; what that means is resolved elsewhere. */
import type { Failure } from '../failure.ts';
import { errorFrom } from '../revival.ts';
import type { AtomState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import type { Completion } from './arrival.ts';
import type { Moves } from './moves.ts';

/** What an outcome leaves to be decided. */
export type Completed =
  | { readonly kind: 'done' }
  | { readonly kind: 'execute-failed' }
  | { readonly kind: 'revert-failed'; readonly error: Error };

export const DONE: Completed = { kind: 'done' };
const EXECUTE_FAILED: Completed = { kind: 'execute-failed' };

export function complete({ node, action, outcome }: Completion, storage: Storage, moves: Moves): Completed {
  const { state, attempt } = storage.recordAt(node);
  switch (outcome.kind) {
    case 'executed': {
      const { result, absent, elapsed } = outcome;
      if (node.kind === 'retry') moves.noteAttempt(node, result);
      moves.moveAtom(node, 'SUCCESS', { result, absent, dropped: false, failure: null }, elapsed);
      return DONE;
    }
    case 'partial':
      moves.moveAtom(node, 'PARTIAL');
      return DONE;
    case 'failed':
      if (isGivenUp(outcome.failure, state, storage)) {
        moves.moveAtom(node, 'PARTIAL');
        return DONE;
      }
      if (state === 'PENDING') moves.moveAtom(node, 'RUNNING', { began: true, attempt: attempt + 1 });
      moves.moveAtom(node, 'FAILURE', { failure: outcome.failure }, outcome.elapsed);
      return EXECUTE_FAILED;
    case 'refused':
      if (action === 'revert') {
        if (state !== 'REVERTING') moves.moveAtom(node, 'REVERTING');
        moves.moveAtom(node, 'REVERT_FAILURE', { revertFailure: outcome.failure });
        return { kind: 'revert-failed', error: errorFrom(outcome.failure) };
      }
      if (state === 'PENDING') moves.moveAtom(node, 'RUNNING');
      moves.moveAtom(node, 'FAILURE', { failure: outcome.failure, began: false });
      return EXECUTE_FAILED;
    case 'reverted':
      if (node.kind === 'retry') moves.forgetAttempts(node);
      moves.moveAtom(node, 'REVERTED', { revertResult: outcome.result }, outcome.elapsed);
      return DONE;
    case 'revert-failed':
      if (state !== 'REVERTING') moves.moveAtom(node, 'REVERTING');
      moves.moveAtom(node, 'REVERT_FAILURE', { revertFailure: outcome.failure }, outcome.elapsed);
      return { kind: 'revert-failed', error: errorFrom(outcome.failure) };
  }
}

/** The task did not fail: its executor was stopped, as the flow is; it is executed again when the flow is. */
function isGivenUp({ code }: Failure, state: AtomState, { flowState }: Storage): boolean {
  return code === 'EXECUTOR_CLOSED' && state === 'RUNNING' && flowState === 'SUSPENDING';
}
