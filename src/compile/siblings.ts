/** In a graph flow: in which order its units can be looked at, and what each sees of the others. */
import type { AnyFlow, AnyUnit } from '../flow/unit.ts';
import type { Source } from './node.ts';

/** A symbol that a unit provides, and where that stands among the units. */
interface Provider {
  readonly position: number;
  readonly source: Source;
}

export class Siblings {
  /** Each unit after those that it depends on. */
  readonly units: readonly AnyUnit[];
  readonly #position = new Map<AnyUnit, number>();
  readonly #predecessors: Neighbours;
  readonly #providers = new Map<string, Provider[]>();

  constructor(flow: AnyFlow) {
    const { units, links } = flow;
    for (const unit of units) this.#position.set(unit, this.#position.size);
    const from = Int32Array.from(links, (link) => this.#positionOf(link.from));
    const to = Int32Array.from(links, (link) => this.#positionOf(link.to));
    this.#predecessors = new Neighbours(units.length, to, from);
    this.units = this.#inOrder(units, new Neighbours(units.length, from, to));
  }

  #inOrder(units: readonly AnyUnit[], successors: Neighbours): readonly AnyUnit[] {
    const waiting = Int32Array.from(units, (_, position) => this.#predecessors.of(position).length);
    const order: number[] = [];
    for (const [position, count] of waiting.entries()) if (count === 0) order.push(position);
    for (const position of order) {
      for (const next of successors.of(position)) {
        if (--(waiting[next] as number) === 0) order.push(next);
      }
    }
    return order.map((position) => units[position] as AnyUnit);
  }

  /** True when some unit that was kept provides something. */
  get provide(): boolean {
    return this.#providers.size > 0;
  }

  /** Notes what a unit provides, for those that come after it. */
  keep(unit: AnyUnit, sources: readonly Source[]): void {
    const position = this.#positionOf(unit);
    for (const source of sources) {
      const providers = this.#providers.get(source.symbol);
      if (providers === undefined) this.#providers.set(source.symbol, [{ position, source }]);
      else providers.push({ position, source });
    }
  }

  /** What a unit sees of its siblings: of these symbols the providers that it depends on, the last added last. */
  visibleTo(unit: AnyUnit, symbols: Iterable<string>): Source[] {
    let ancestors: ReadonlySet<number> | null = null;
    const direct = this.#predecessors.of(this.#positionOf(unit));
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

  #positionOf(unit: AnyUnit): number {
    return this.#position.get(unit) as number;
  }

  #ancestorsOf(unit: AnyUnit): ReadonlySet<number> {
    const found = new Set<number>(this.#predecessors.of(this.#positionOf(unit)));
    for (const ancestor of found) for (const next of this.#predecessors.of(ancestor)) found.add(next);
    return found;
  }
}

/** The other ends of the links of each unit, by position. All in one array: a flow may have millions of links. */
class Neighbours {
  readonly #starts: Int32Array;
  readonly #others: Int32Array;

  constructor(units: number, ends: Int32Array, others: Int32Array) {
    const starts = new Int32Array(units + 1);
    for (const end of ends) (starts[end + 1] as number)++;
    for (let unit = 0; unit < units; unit++) (starts[unit + 1] as number) += starts[unit] as number;
    this.#starts = starts;
    this.#others = new Int32Array(others.length);
    const next = starts.slice();
    for (const [at, end] of ends.entries()) {
      this.#others[next[end] as number] = others[at] as number;
      (next[end] as number)++;
    }
  }

  of(unit: number): Int32Array {
    return this.#others.subarray(this.#starts[unit], this.#starts[unit + 1]);
  }
}
