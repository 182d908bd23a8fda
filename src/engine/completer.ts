/** Takes outcomes back: new states, results and failures. Says which execute failed; what that means is resolved elsewhere. */
import { TaskloomError } from '../errors.ts';
import { type Failure, failureFrom } from '../failure.ts';
import { sizeOf } from '../protocol/codec.ts';
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

/** Bytes of a result; SQLite takes no more than 10 ** 9 in one place. */
const MOST_KEPT = 900e6;

export const DONE: Completed = { kind: 'done' };
const EXECUTE_FAILED: Completed = { kind: 'execute-failed' };

export function complete(completion: Completion, storage: Storage, moves: Moves): Completed {
  const { node, action } = completion;
  const outcome = storage.isKept ? whatCanBeKept(completion) : completion.outcome;
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

/** A result that no database would take is the task's failure, like one that cannot be encoded. */
function whatCanBeKept({ node, outcome }: Completion): Completion['outcome'] {
  if (outcome.kind !== 'executed' || sizeOf(outcome.result) <= MOST_KEPT) return outcome;
  const message = `The result of '${node.name}' is larger than the ${MOST_KEPT / 1e6} MB that a backend keeps. Hand over a file.`;
  const failure = failureFrom(
    new TaskloomError('VALUE_TOO_LARGE', message, { details: { atom: node.name } }),
  );
  return { kind: 'failed', failure, elapsed: outcome.elapsed };
}
