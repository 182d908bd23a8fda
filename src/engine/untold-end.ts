/** The end of a run that could not be written: whoever runs the flow next is told of it, and nothing runs again. */
import type { Commits } from './commits.ts';
import type { Run } from './one-run.ts';

export class UntoldEnd {
  #run: Run | null = null;

  /** Resolves when all of a run is written. @throws what kept it from being written */
  async settle(run: Run, commits: Commits | null): Promise<void> {
    if (commits === null) return;
    if (run.isOver) this.#run = run;
    await commits.settle();
    this.#run = null;
  }

  /** The run that is to be told of, unless that is over: nobody else has had the flow meanwhile. What it left is then written. */
  take(isStillSo: boolean, commits: Commits | null): Run | null {
    const run = isStillSo ? this.#run : null;
    this.#run = null;
    if (run !== null) commits?.begin();
    return run;
  }
}
