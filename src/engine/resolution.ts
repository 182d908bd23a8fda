/**
 * What an atom's failure means for the others (TaskFlow `completer.py`, `_determine_resolution`): the nearest retry
 * around it is asked, and where that gives up, the next one. Decides, and notes what the retries are told; the loop
 * applies.
 */
import type { AtomNode, RetryNode } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Decision } from '../flow/retry.ts';
import { openArguments } from '../protocol/perform.ts';
import { prepareArguments } from '../storage/arguments.ts';
import type { Storage } from '../storage/storage.ts';
import type { Asking } from './asking.ts';
import type { Moves } from './moves.ts';

export type Resolution =
  /** Everything that ran is taken back. */
  | { readonly kind: 'revert-all' }
  /** What lies behind the retry is taken back, then it goes on with the next attempt. */
  | { readonly kind: 'retry'; readonly retry: RetryNode }
  /** The retry and what lies behind it are taken back, and nothing else. */
  | { readonly kind: 'revert-flow'; readonly retry: RetryNode };

/** What a resolution works on. */
export interface ResolutionParts {
  readonly storage: Storage;
  readonly moves: Moves;
  /**
   * True: where a retry gives up and none around it decides otherwise, everything is reverted. False: only that retry's
   * flow is.
   */
  readonly deferReverts: boolean;
  /** A retry is about to be asked: whatever it says, what lies behind it is not to start now. */
  onAsk(retry: RetryNode): void;
}

const REVERT_ALL: Resolution = { kind: 'revert-all' };
const DECISIONS: readonly unknown[] = ['RETRY', 'REVERT', 'REVERT_ALL'] satisfies Decision[];

/**
 * Asks who has to be asked.
 *
 * @param culprit - What the nearest retry is told: the atom's failure, or that of an item of it
 */
export function* resolve(
  failed: AtomNode,
  culprit: { readonly name: string; readonly failure: Failure | null },
  { storage, moves, deferReverts, onAsk }: ResolutionParts,
): Asking<Resolution> {
  const { failure } = culprit;
  let { name } = culprit;
  let givenUp: RetryNode | null = null;
  for (let node: AtomNode = failed; node.retry !== null; node = node.retry) {
    const { retry } = node;
    // One that a decider ignored has not begun, and decides nothing.
    if (storage.recordAt(retry).state === 'IGNORE') continue;
    if (failure !== null) moves.noteFailure(retry, name, failure);
    onAsk(retry);
    const decision = yield* askRetry(retry, storage, moves);
    if (decision === 'RETRY') return { kind: 'retry', retry };
    if (decision === 'REVERT_ALL') return REVERT_ALL;
    givenUp ??= retry;
    name = retry.name;
  }
  return givenUp === null || deferReverts ? REVERT_ALL : { kind: 'revert-flow', retry: givenUp };
}

/** What the retry says. One that can't say it has failed itself, and the retry around it is asked. */
export function* askRetry(retry: RetryNode, storage: Storage, moves: Moves): Asking<Decision> {
  try {
    const args = openArguments(prepareArguments(retry, 'execute', storage));
    const decision = yield retry.atom.onFailure(storage.historyOf(retry), args);
    if (!DECISIONS.includes(decision)) {
      throw new TaskloomError(
        'DECISION_INVALID',
        `The onFailure of retry '${retry.name}' must answer with 'RETRY', 'REVERT' or 'REVERT_ALL'.`,
        { details: { retry: retry.name } },
      );
    }
    return decision as Decision;
  } catch (thrown) {
    moves.noteOwnFailure(retry, failureFrom(thrown));
    return 'REVERT';
  }
}
