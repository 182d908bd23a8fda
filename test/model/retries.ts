/** The retries of a shape, as ones of the library; those of one's own do as their policy says, and write down what they see. */
import {
  type AnyRetry,
  alwaysRevert,
  alwaysRevertAll,
  type Decision,
  forEach,
  type History,
  parameterizedForEach,
  retry,
  TaskloomError,
  times,
} from 'taskloom';
import type { Notes } from './script.ts';
import {
  type Action,
  answerFailureOf,
  executed,
  failureOf,
  type OwnPolicy,
  REFUSED,
  type RetryShape,
  revertFailureOf,
  type Told,
} from './words.ts';

/** Answers that were promised and are given when told, by the number of their question. */
export class Answers {
  readonly #open = new Map<number, () => void>();
  readonly #notes: Notes;
  #count = 0;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  get open(): readonly number[] {
    return [...this.#open.keys()];
  }

  promise(): { readonly question: number; readonly told: Promise<void> } {
    const question = ++this.#count;
    return { question, told: new Promise((resolve) => this.#open.set(question, resolve)) };
  }

  give(question: number): void {
    this.#notes.push({ kind: 'answered', question });
    this.#open.get(question)?.();
    this.#open.delete(question);
  }
}

export function retryOf(shape: RetryShape, notes: Notes, answers: Answers): AnyRetry {
  const { name, requires, provides, policy, delay } = shape;
  const [symbol] = provides;
  const options = { name, delay, backoff: 2, ...(symbol === undefined ? {} : { provides: symbol }) };
  switch (policy.kind) {
    case 'times':
      return times(policy.attempts, { ...options, revertAll: policy.revertAll }) as AnyRetry;
    case 'forEach':
      return forEach(policy.values, { ...options, revertAll: policy.revertAll }) as AnyRetry;
    case 'parameterizedForEach': {
      const [values = ''] = requires;
      return parameterizedForEach(values, { ...options, revertAll: policy.revertAll }) as AnyRetry;
    }
    case 'alwaysRevert':
      return alwaysRevert({ name }) as AnyRetry;
    case 'alwaysRevertAll':
      return alwaysRevertAll({ name }) as AnyRetry;
    case 'own':
      return ownRetry(shape, policy, notes, answers);
  }
}

function ownRetry(shape: RetryShape, policy: OwnPolicy, notes: Notes, answers: Answers): AnyRetry {
  const { name, requires, provides, delay } = shape;
  const [symbol] = provides;
  const see = (
    about: Action | 'onFailure',
    history: History,
    args: object,
    question: number | null,
  ): void => {
    notes.push({ kind: 'consulted', retry: name, about, args: { ...args }, told: toldBy(history), question });
  };
  const answer = (attempt: number): Decision => {
    const decision = policy.decisions[attempt - 1] ?? 'REVERT';
    if (decision === 'THROW') throw new Error(answerFailureOf(name, attempt));
    return decision;
  };
  const revert = (history: History, args: object): void => {
    see('revert', history, args, null);
    if (policy.revertFailsOn?.includes(history.length))
      throw new Error(revertFailureOf(name, history.length));
  };
  const definition = {
    requires,
    delay,
    backoff: 2,
    ...(symbol === undefined ? {} : { provides: symbol }),
    execute(history: History, args: object): string {
      see('execute', history, args, null);
      const attempt = history.length + 1;
      if (policy.failsOn.includes(attempt)) throw new Error(failureOf(name, attempt));
      return executed(name, attempt);
    },
    onFailure(history: History, args: object): Decision | Promise<Decision> {
      const late = policy.isLate ? answers.promise() : null;
      see('onFailure', history, args, late?.question ?? null);
      return late === null ? answer(history.length) : late.told.then(() => answer(history.length));
    },
    ...(policy.revertFailsOn === null ? {} : { revert }),
  };
  return retry(name, definition as never) as AnyRetry;
}

function toldBy({ attempts, failure }: History): Told {
  return {
    attempts: attempts.map(({ provided, failures }) => ({
      provided,
      failures: Object.fromEntries([...failures].map(([atom, error]) => [atom, messageOf(error)])),
    })),
    failure: failure === null ? null : messageOf(failure),
  };
}

export function messageOf(error: unknown): string {
  if (error instanceof TaskloomError) return REFUSED;
  return error instanceof Error ? error.message : String(error);
}
