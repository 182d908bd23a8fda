/** In a graph flow: in which order its units can be looked at, and what each sees of the others. Units by their positions. */
import type { UnitLinks } from './links.ts';
import type { Source } from './node.ts';

/** A symbol that a unit provides, and where that stands among the units. */
interface Provider {
  readonly position: number;
  readonly source: Source;
}

export class Siblings {
  readonly #links: UnitLinks;
  readonly #providers = new Map<string, Provider[]>();

  constructor(links: UnitLinks) {
    this.#links = links;
  }

  /** Each of so many units after those that it depends on. */
  inOrder(units: number): Int32Array {
    const { predecessors, successors } = this.#links;
    const order = new Int32Array(units);
    const waiting = new Int32Array(units);
    let found = 0;
    for (let unit = 0; unit < units; unit++) {
      waiting[unit] = predecessors.count(unit);
      if (waiting[unit] === 0) order[found++] = unit;
    }
    for (let at = 0; at < found; at++) {
      const unit = order[at] as number;
      for (let n = 0; n < successors.count(unit); n++) {
        const next = successors.at(unit, n);
        if (--(waiting[next] as number) === 0) order[found++] = next;
      }
    }
    return order;
  }

  /** True when some unit that was kept provides something. */
  get provide(): boolean {
    return this.#providers.size > 0;
  }

  /** Notes what a unit provides, for those that come after it. */
  keep(position: number, sources: readonly Source[]): void {
    for (const source of sources) {
      const providers = this.#providers.get(source.symbol);
      if (providers === undefined) this.#providers.set(source.symbol, [{ position, source }]);
      else providers.push({ position, source });
    }
  }

  /** What a unit sees of its siblings: of these symbols the providers that it depends on, the last added last. */
  visibleTo(unit: number, symbols: Iterable<string>): Source[] {
    let ancestors: ReadonlySet<number> | null = null;
    const direct = this.#links.predecessors.of(unit);
    const found: Provider[] = [];
    for (const symbol of symbols) {
      for (const provider of this.#providers.get(symbol) ?? []) {
        if (!direct.includes(provider.position)) {
          ancestors ??= this.#ancestorsOf(unit);
          if (!ancestors.has(provider.position)) continue;
        }
        found.push(provider);
      }
    }
    // A stable sort, so that the providers inside one unit stay in their order.
    return found.sort((a, b) => a.position - b.position).map(({ source }) => source);
  }

  #ancestorsOf(unit: number): ReadonlySet<number> {
    const { predecessors } = this.#links;
    const found = new Set<number>(predecessors.of(unit));
    for (const ancestor of found) for (const next of predecessors.of(ancestor)) found.add(next);
    return found;
  }
}
