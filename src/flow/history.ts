/** What a retry is told: every attempt so far, with the value that it had and the failures that ended it. */
import { A_FLAG, checkOptions, type OptionRule, type OptionRules } from '../options.ts';

export interface Attempt {
  /** What the retry gave for this attempt. */
  readonly provided: unknown;
  /** By atom, the first failure of each in this attempt. Empty while the attempt goes on. */
  readonly failures: ReadonlyMap<string, Error>;
}

export interface CausedByOptions {
  /** The index of the attempt whose failures count, from 0; from the end when it is below. Default: of all attempts. */
  readonly attempt?: number;
  /** True: the failure of the retry itself counts too. Default false. */
  readonly includeRetry?: boolean;
}

const AN_INDEX: OptionRule = { fits: Number.isInteger, words: 'a whole number' };
const RULES: OptionRules<CausedByOptions> = { attempt: AN_INDEX, includeRetry: A_FLAG };

/** As TaskFlow's `History` (`retry.py`). */
export class History {
  /** The first attempt first. */
  readonly attempts: readonly Attempt[];
  /** The error of the retry's own execute, when that failed; else null. */
  readonly failure: Error | null;

  constructor(attempts: readonly Attempt[], failure: Error | null) {
    this.attempts = attempts;
    this.failure = failure;
  }

  /** How many attempts there were. */
  get length(): number {
    return this.attempts.length;
  }

  /** The value of each attempt, in order. */
  get provided(): readonly unknown[] {
    return this.attempts.map(({ provided }) => provided);
  }

  /**
   * The failures of all attempts, each as atom and error, or those of one. The retry's own is not among them.
   *
   * @param attempt - From 0; from the end when it is below. One that does not exist has no failures
   */
  outcomes(attempt?: number): readonly (readonly [atom: string, failure: Error])[] {
    const attempts = attempt === undefined ? this.attempts : [this.attempts.at(attempt)];
    return attempts.flatMap((each) => [...(each?.failures ?? [])]);
  }

  /**
   * True when one of the failures is of this class, or has this name.
   *
   * @throws TaskloomError OPTION_INVALID
   */
  causedBy(
    cause: string | (abstract new (...args: never[]) => Error),
    options: CausedByOptions = {},
  ): boolean {
    checkOptions(options, RULES, 'causedBy()');
    const { attempt, includeRetry = false } = options;
    const errors = this.outcomes(attempt).map(([, error]) => error);
    if (includeRetry && this.failure !== null) errors.push(this.failure);
    return errors.some((error) =>
      typeof cause === 'string' ? error.name === cause : error instanceof cause,
    );
  }
}
