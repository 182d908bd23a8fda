/**
 * Asks the user's functions, each of which may answer at once or by a promise. What they answer at once takes effect at
 * once, before anything else starts; a promise is waited for beside the loop.
 */

/** Yields what a function of the user's gave, and is resumed with the answer. */
export type Asking<T> = Generator<unknown, T, unknown>;

/** What the asking comes to, or where it has to wait. */
type Progress<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'waiting'; readonly for: PromiseLike<unknown> };

/** Goes on from a step for as long as answers are there at once. */
function goOn<T>(asking: Asking<T>, from: IteratorResult<unknown, T>): Progress<T> {
  let step = from;
  while (!step.done) {
    if (isPromise(step.value)) return { kind: 'waiting', for: step.value };
    step = asking.next(step.value);
  }
  return { kind: 'answered', answer: step.value };
}

/** Where answers go. */
export interface Answers<Arrived> {
  /** An answer that was there at once. */
  now(arrived: Arrived): void;
  /** A promised one; to be looked at in the loop's turn. */
  late(arrived: Arrived): void;
}

/** What was asked and promised an answer that is not here yet. */
export class Questions<Arrived> {
  readonly #open = new Set<{ readonly about: ReadonlySet<unknown> }>();

  get size(): number {
    return this.#open.size;
  }

  /** True when an answer is awaited that is about this. */
  concern(node: unknown): boolean {
    for (const { about } of this.#open) if (about.has(node)) return true;
    return false;
  }

  /** Waits no more for answers, of all or of those about any of these, and asks nobody further; what comes is dropped. */
  drop(among?: ReadonlySet<unknown>): void {
    for (const question of this.#open) {
      const [first] = question.about;
      if (among === undefined || among.has(first)) this.#open.delete(question);
    }
  }

  /**
   * Hands over what an asking comes to.
   *
   * @param about - What the answer is about, first who is asked first; it may grow while the asking goes on
   */
  ask<T>(
    about: ReadonlySet<unknown>,
    asking: Asking<T>,
    made: { readonly found: (answer: T) => Arrived; readonly failed: (thrown: unknown) => Arrived },
    answers: Answers<Arrived>,
  ): void {
    let progress: Progress<T>;
    try {
      progress = goOn(asking, asking.next());
    } catch (thrown) {
      answers.now(made.failed(thrown));
      return;
    }
    if (progress.kind === 'answered') {
      answers.now(made.found(progress.answer));
      return;
    }
    const question = { about };
    this.#open.add(question);
    const wait = (promise: PromiseLike<unknown>): void => {
      const resume = (step: () => IteratorResult<unknown, T>): void => {
        if (!this.#open.has(question)) return;
        let next: Progress<T>;
        try {
          next = goOn(asking, step());
        } catch (thrown) {
          this.#open.delete(question);
          answers.late(made.failed(thrown));
          return;
        }
        if (next.kind === 'waiting') wait(next.for);
        else {
          this.#open.delete(question);
          answers.late(made.found(next.answer));
        }
      };
      // Whatever is thenable is waited for as a promise is.
      Promise.resolve(promise).then(
        (value) => resume(() => asking.next(value)),
        (thrown: unknown) => resume(() => asking.throw(thrown)),
      );
    };
    wait(progress.for);
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
