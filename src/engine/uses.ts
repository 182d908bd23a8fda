/**
 * How many may still read what each provider gave, counted along the chains of providers that shadow each other:
 *
 *   reader ─▶ nearest provider ─▶ the one that it shadows ─▶ …
 *
 * 1. A use has as users its readers, and the use that shadows it while that passes.
 * 2. A use passes as long as its provider may turn out to be ignored or to lack the part, and somebody uses it.
 * 3. Each change costs what changes by it: a link of a chain is gone along only when the use before it gets its first user,
 *    or loses its last.
 */
import type { AtomNode, Source } from '../compile/node.ts';

/** One source, for all who use it. */
export interface Use {
  readonly source: Source;
  /** What it shadows. */
  readonly previous: Use | null;
  users: number;
  passes: boolean;
}

export class Uses {
  readonly #unneeded: (node: AtomNode) => void;
  readonly #bySource = new Map<Source, Use>();
  /** By the index of the node, how many uses of it have users. */
  readonly #needs: Int32Array;

  /**
   * @param size - How many nodes there are
   * @param unneeded - Is told of a node whose result was needed, and is no more
   */
  constructor(size: number, unneeded: (node: AtomNode) => void) {
    this.#unneeded = unneeded;
    this.#needs = new Int32Array(size);
  }

  /** The use of a source, made with those that it shadows when it is first asked for; `made` is told of each. */
  of(source: Source, made: (use: Use) => void): Use {
    const missing: Source[] = [];
    let use: Use | null = null;
    for (let each: Source | null = source; each !== null && use === null; each = each.previous) {
      use = this.#bySource.get(each) ?? null;
      if (use === null) missing.push(each);
    }
    for (const each of missing.reverse()) {
      use = { source: each, previous: use, users: 0, passes: true };
      this.#bySource.set(each, use);
      made(use);
    }
    return use as Use;
  }

  isNeeded(node: AtomNode): boolean {
    return this.#needs[node.index] !== 0;
  }

  /** What the node gives is needed as long as this is here. */
  need({ index }: AtomNode): void {
    this.#needs[index] = (this.#needs[index] as number) + 1;
  }

  acquire(start: Use): void {
    for (let use: Use | null = start; use !== null; use = use.passes ? use.previous : null) {
      if (use.users++ > 0) return;
      this.need(use.source.node);
    }
  }

  release(start: Use): void {
    for (let use: Use | null = start; use !== null; use = use.passes ? use.previous : null) {
      if (--use.users > 0) return;
      const { node } = use.source;
      const left = (this.#needs[node.index] as number) - 1;
      this.#needs[node.index] = left;
      if (left === 0) this.#unneeded(node);
    }
  }

  /** Its provider has given the part: what it shadows is not asked for it. */
  stopPassing(use: Use): void {
    use.passes = false;
    if (use.users > 0 && use.previous !== null) this.release(use.previous);
  }

  /** Its provider is to give the part again, and may not. */
  passAgain(use: Use): void {
    use.passes = true;
    if (use.users > 0 && use.previous !== null) this.acquire(use.previous);
  }
}
