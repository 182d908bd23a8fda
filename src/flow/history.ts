/** What a retry is told: every attempt so far, with the value that it had and the failures that ended it. */

export interface Attempt {
  /** What the retry gave for this attempt. */
  readonly provided: unknown;
  /** By atom, the first failure of each in this attempt. Empty while the attempt goes on. */
  readonly failures: ReadonlyMap<string, Error>;
}

export class History {
  /** The first attempt first. */
  readonly attempts: readonly Attempt[];
  /** The error of the retry's own execute, when that failed; else null. */
  readonly failure: Error | null;

  constructor(attempts: readonly Attempt[], failure: Error | null) {
    this.attempts = attempts;
    this.failure = failure;
  }

  get length(): number {
    return this.attempts.length;
  }

  /** True when one of the failures is of this class, or has this name; of one attempt, or of all. */
  causedBy(cause: string | (abstract new (...args: never[]) => Error), attempt?: number): boolean {
    const attempts = attempt === undefined ? this.attempts : this.attempts.slice(attempt).slice(0, 1);
    const matches = (error: Error): boolean =>
      typeof cause === 'string' ? error.name === cause : error instanceof cause;
    return attempts.some(({ failures }) => [...failures.values()].some(matches));
  }
}
