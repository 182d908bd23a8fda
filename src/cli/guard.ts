/**
 * Catches the ends that nobody ordered, which Node would leave without a word: a process that has nothing left to do
 * while something is awaited, process.exit() in a user's file, and errors thrown outside of everything awaited.
 */
import { TaskloomError } from '../errors.ts';
import { titleLine } from './user-error.ts';

/** What to do when the thing that is awaited will never come. */
export interface Watch {
  /** The process is ending. Must write at once and return the exit code. */
  lost(how: string): number;
  /** Something threw on the main thread outside of what is awaited. */
  stray(error: unknown): void;
}

export class Guard implements Disposable {
  #watch: Watch | null = null;
  readonly #idle = (): void => this.#lost('waits for something that never happens');
  readonly #exit = (): void => {
    const watch = this.#take();
    if (watch !== null) process.exitCode = watch.lost('called process.exit()');
  };
  readonly #stray = (error: unknown): void => {
    if (this.#watch !== null) this.#watch.stray(error);
    // A run that was refused while its file was imported has been reported; its promise may come later.
    else if (!(error instanceof TaskloomError)) process.emitWarning(`Something threw: ${titleLine(error)}`);
  };

  constructor() {
    process.on('beforeExit', this.#idle);
    process.on('exit', this.#exit);
    // Takes unhandled rejections as well, which Node raises as uncaught exceptions.
    process.on('uncaughtException', this.#stray);
  }

  /** Awaits `promise` under this watch. */
  async during<T>(watch: Watch, promise: Promise<T>): Promise<T> {
    this.#watch = watch;
    try {
      return await promise;
    } finally {
      this.#watch = null;
    }
  }

  /** Ends the process now, on purpose. */
  exit(code: number): never {
    this.#take();
    process.exit(code);
  }

  [Symbol.dispose](): void {
    process.removeListener('beforeExit', this.#idle);
    process.removeListener('exit', this.#exit);
    process.removeListener('uncaughtException', this.#stray);
  }

  #lost(how: string): void {
    const watch = this.#take();
    if (watch !== null) process.exit(watch.lost(how));
  }

  #take(): Watch | null {
    const watch = this.#watch;
    this.#watch = null;
    return watch;
  }
}
