/**
 * Asks the user's functions, each of which may answer at once or by a promise. What they answer at once takes effect at
 * once, before anything else starts; a promise is waited for beside the loop.
 */

/** Yields what a function of the user's gave, and is resumed with the answer. */
export type Asking<T> = Generator<unknown, T, unknown>;

/** What the asking comes to; a promise only if one of the answers is. */
function answerTo<T>(asking: Asking<T>): T | Promise<T> {
  let step = asking.next();
  while (!step.done) {
    if (isPromise(step.value)) return later(asking, step.value);
    step = asking.next(step.value);
  }
  return step.value;
}

/** What was asked and promised an answer that is not here yet. */
export class Questions<Arrived> {
  readonly #open = new Set<{ readonly behind: ReadonlySet<unknown> }>();

  get size(): number {
    return this.#open.size;
  }

  /** True when an answer is awaited that is about this. */
  concern(node: unknown): boolean {
    for (const { behind } of this.#open) if (behind.has(node)) return true;
    return false;
  }

  /** Waits no more for any answer; those that come are dropped. */
  drop(): void {
    this.#open.clear();
  }

  /**
   * Hands over what an asking comes to: an answer that is there at once to `now`, a promised one later to `late`.
   *
   * @param behind - What the answer is about
   */
  ask<T>(
    behind: ReadonlySet<unknown>,
    asking: Asking<T>,
    {
      found,
      failed,
    }: { readonly found: (answer: T) => Arrived; readonly failed: (thrown: unknown) => Arrived },
    { now, late }: { readonly now: (arrived: Arrived) => void; readonly late: (arrived: Arrived) => void },
  ): void {
    let answer: T | Promise<T>;
    try {
      answer = answerTo(asking);
    } catch (thrown) {
      now(failed(thrown));
      return;
    }
    if (!isPromise(answer)) {
      now(found(answer));
      return;
    }
    const question = { behind };
    this.#open.add(question);
    void answer.then(found, failed).then((arrived) => {
      if (this.#open.delete(question)) late(arrived);
    });
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

async function later<T>(asking: Asking<T>, first: unknown): Promise<T> {
  let step: IteratorResult<unknown, T> = { done: false, value: first };
  while (!step.done) {
    let answer: unknown;
    try {
      answer = await step.value;
    } catch (thrown) {
      step = asking.throw(thrown);
      continue;
    }
    step = asking.next(answer);
  }
  return step.value;
}
