/** Folds the results of a map's items into one, in their order or as they come. */
import type { AnyReduction } from '../flow/unit.ts';
import { open, type Value } from '../protocol/codec.ts';
import type { Fold } from '../storage/item-records.ts';

export interface FoldingHost {
  /** Hands on what was promised, in a turn of the engine's loop. */
  later<T>(promise: Promise<T>, found: (value: T) => void, failed?: (thrown: unknown) => void): void;
  /** The user's function threw: nothing more is folded. */
  failed(thrown: unknown): void;
}

/** A fold as the beginning says. Throws what structured clone throws. */
export function newFold({ initial }: AnyReduction): Fold {
  return { accumulated: structuredClone(initial), next: 0, early: new Map() };
}

export class Folding {
  readonly #reduce: AnyReduction;
  readonly #fold: Fold;
  readonly #host: FoldingHost;
  #isBusy = false;
  #hasFailed = false;

  constructor(reduce: AnyReduction, fold: Fold, host: FoldingHost) {
    this.#reduce = reduce;
    this.#fold = fold;
    this.#host = host;
  }

  /** True while a promise of the user's function is waited for. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  put(index: number, result: Value): void {
    this.#fold.early.set(index, result);
    this.#goOn();
  }

  /** For as long as it is somebody's turn; a promise holds up those behind it. */
  #goOn(): void {
    for (let index = this.#turn(); index !== null; index = this.#turn()) {
      const at = index;
      try {
        const answer = this.#reduce.add(this.#fold.accumulated, open(this.#fold.early.get(at)), at);
        if (answer instanceof Promise) this.#wait(at, answer);
        else this.#take(at, answer);
      } catch (thrown) {
        this.#fail(thrown);
      }
    }
  }

  /** The position whose result is to be folded now; null when none is. */
  #turn(): number | null {
    const { early, next } = this.#fold;
    if (this.#isBusy || this.#hasFailed || early.size === 0) return null;
    if (this.#reduce.inOrder) return early.has(next) ? next : null;
    const [first] = early.keys();
    return first ?? null;
  }

  #wait(index: number, answer: Promise<unknown>): void {
    this.#isBusy = true;
    const found = (accumulated: unknown): void => {
      this.#take(index, accumulated);
      this.#goOn();
    };
    this.#host.later(answer, found, (thrown) => this.#fail(thrown));
  }

  #take(index: number, accumulated: unknown): void {
    this.#isBusy = false;
    this.#fold.early.delete(index);
    this.#fold.accumulated = accumulated;
    this.#fold.next++;
  }

  #fail(thrown: unknown): void {
    this.#isBusy = false;
    this.#hasFailed = true;
    this.#host.failed(thrown);
  }
}
