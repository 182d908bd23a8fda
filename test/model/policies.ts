/** What retries say and give (1.2). */
import { type Decision, executed, failureOf, REFUSED, type RetryShape, revertFailureOf } from './words.ts';

/** How an execute or a revert ends; the value is the message of what it threw. */
export interface Ended {
  readonly threw: boolean;
  readonly value: unknown;
}

/**
 * What a failure in the attempt that many means.
 *
 * @param given - Of parameterizedForEach: the value of its symbol
 */
export function decide({ policy }: RetryShape, attempt: number, given: unknown): Decision | 'THROW' {
  switch (policy.kind) {
    case 'alwaysRevert':
      return 'REVERT';
    case 'alwaysRevertAll':
      return 'REVERT_ALL';
    case 'own':
      return policy.decisions[attempt - 1] ?? 'REVERT';
    case 'times':
      return attempt < policy.attempts ? 'RETRY' : givenUp(policy);
    case 'forEach':
      return attempt < policy.values.length ? 'RETRY' : givenUp(policy);
    case 'parameterizedForEach':
      return attempt < listed(given).length ? 'RETRY' : givenUp(policy);
  }
}

/** What the retry provides in the attempt that many. */
export function attemptOf({ name, policy }: RetryShape, attempt: number, given: unknown): Ended {
  switch (policy.kind) {
    case 'alwaysRevert':
    case 'alwaysRevertAll':
      return { threw: false, value: undefined };
    case 'own':
      return policy.failsOn.includes(attempt)
        ? { threw: true, value: failureOf(name, attempt) }
        : { threw: false, value: executed(name, attempt) };
    case 'times':
      return { threw: false, value: attempt };
    case 'forEach':
      return nth(policy.values, attempt);
    case 'parameterizedForEach':
      return nth(listed(given), attempt);
  }
}

/** How its revert ends after so many attempts. */
export function revertOf({ name, policy }: RetryShape, attempts: number): Ended {
  const threw = policy.kind === 'own' && (policy.revertFailsOn ?? []).includes(attempts);
  return { threw, value: threw ? revertFailureOf(name, attempts) : undefined };
}

function givenUp({ revertAll }: { readonly revertAll: boolean }): Decision {
  return revertAll ? 'REVERT_ALL' : 'REVERT';
}

/** What is no list is as one that is used up. */
function listed(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}

function nth(values: readonly unknown[], attempt: number): Ended {
  const value = values[attempt - 1];
  return value === undefined ? { threw: true, value: REFUSED } : { threw: false, value };
}
