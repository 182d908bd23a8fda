/** The symbols that are visible at one point of the walk, with an undo: what a unit put on the table can be taken off. */
import type { Take } from '../flow/symbols.ts';
import type { AtomNode, Source } from './node.ts';

export class SymbolTable {
  readonly #top = new Map<string, Source | null>();
  /** What stands on the table, in the order in which it was put there. */
  readonly #trail: Source[] = [];

  /** The nearest visible provider of a symbol. */
  find(symbol: string): Source | null {
    return this.#top.get(symbol) ?? null;
  }

  put(symbol: string, node: AtomNode, take: Take): void {
    const source = { symbol, node, take, previous: this.find(symbol), at: this.#trail.length };
    this.#top.set(symbol, source);
    this.#trail.push(source);
  }

  putAll(sources: Iterable<Source>): void {
    for (const { symbol, node, take } of sources) this.put(symbol, node, take);
  }

  /** Where the table stands, to come back to with `takeOff`. */
  mark(): number {
    return this.#trail.length;
  }

  /** Takes off everything since the mark, and returns it in the order in which it was put there. */
  takeOff(mark: number): Source[] {
    const taken = this.#trail.splice(mark);
    for (let at = taken.length - 1; at >= 0; at--) {
      const source = taken[at] as Source;
      this.#top.set(source.symbol, source.previous);
    }
    return taken;
  }

  /** The nearest provider of each symbol. */
  visible(): ReadonlyMap<string, Source> {
    const found = new Map<string, Source>();
    for (const [symbol, source] of this.#top) if (source !== null) found.set(symbol, source);
    return found;
  }
}
