/**
 * What is ready and does not start yet: a retry is asked what becomes of it and has not answered. It is offered again when the
 * answer is here, and starts if that lets it.
 */
import type { AtomNode, RetryNode } from '../compile/node.ts';
import type { Ready, Selector } from './selector.ts';

export class HeldUp {
  readonly #isAskedAbout: (node: AtomNode) => boolean;
  readonly #selector: Selector;
  readonly #atoms = new Set<AtomNode>();
  /** Retries that could run again; what else failed in their attempt is heard out before. */
  #retries: readonly RetryNode[] = [];

  constructor(isAskedAbout: (node: AtomNode) => boolean, selector: Selector) {
    this.#isAskedAbout = isAskedAbout;
    this.#selector = selector;
  }

  /** Keeps an atom that was handed over, and did not begin. */
  keep(node: AtomNode): void {
    this.#atoms.add(node);
  }

  /** Keeps an atom if somebody is asked about it. False: nobody is. */
  keepIfAsked(node: AtomNode): boolean {
    const isAsked = this.#isAskedAbout(node);
    if (isAsked) this.#atoms.add(node);
    return isAsked;
  }

  /** What is ready and may start. */
  next(): Ready {
    for (const node of this.#atoms) {
      if (this.#isAskedAbout(node)) continue;
      this.#atoms.delete(node);
      this.#selector.offerAgain(node);
    }
    const ready = this.#selector.next();
    if (this.#retries.length + ready.restart.length === 0) return ready;
    const retries = [...this.#retries, ...ready.restart];
    this.#retries = retries.filter((retry) => this.#isAskedAbout(retry));
    return { ...ready, restart: retries.filter((retry) => !this.#retries.includes(retry)) };
  }
}
