/** In a graph flow: in which order its units can be looked at, and what each sees of the others. */
import type { AnyFlow, AnyUnit } from '../flow/unit.ts';
import type { Source } from './node.ts';

export class Siblings {
  /** Each unit after those that it depends on; those that are free in the order in which they were added. */
  readonly units: readonly AnyUnit[];
  readonly #position = new Map<AnyUnit, number>();
  readonly #predecessors = new Map<AnyUnit, AnyUnit[]>();
  readonly #providers = new Map<string, { readonly unit: AnyUnit; readonly source: Source }[]>();

  constructor(flow: AnyFlow) {
    const successors = new Map<AnyUnit, AnyUnit[]>();
    for (const { from, to } of flow.links) {
      append(successors, from, to);
      append(this.#predecessors, to, from);
    }
    const waiting = new Map<AnyUnit, number>();
    const order: AnyUnit[] = [];
    for (const [position, unit] of flow.units.entries()) {
      this.#position.set(unit, position);
      const count = this.#predecessors.get(unit)?.length ?? 0;
      waiting.set(unit, count);
      if (count === 0) order.push(unit);
    }
    for (const unit of order) {
      for (const next of successors.get(unit) ?? []) {
        const left = (waiting.get(next) as number) - 1;
        waiting.set(next, left);
        if (left === 0) order.push(next);
      }
    }
    this.units = order;
  }

  /** Notes what a unit provides, for those that come after it. */
  keep(unit: AnyUnit, sources: readonly Source[]): void {
    for (const source of sources) append(this.#providers, source.symbol, { unit, source });
  }

  /** What a unit sees of its siblings: of these symbols the providers that it depends on, the last added last. */
  visibleTo(unit: AnyUnit, symbols: Iterable<string>): Source[] {
    let ancestors: ReadonlySet<AnyUnit> | null = null;
    const direct = new Set(this.#predecessors.get(unit));
    const found: { readonly unit: AnyUnit; readonly source: Source }[] = [];
    for (const symbol of symbols) {
      for (const provider of this.#providers.get(symbol) ?? []) {
        if (!direct.has(provider.unit)) {
          ancestors ??= this.#ancestorsOf(unit);
          if (!ancestors.has(provider.unit)) continue;
        }
        found.push(provider);
      }
    }
    // A stable sort, so that the providers inside one unit stay in their order.
    found.sort((a, b) => this.#positionOf(a.unit) - this.#positionOf(b.unit));
    return found.map(({ source }) => source);
  }

  #positionOf(unit: AnyUnit): number {
    return this.#position.get(unit) as number;
  }

  #ancestorsOf(unit: AnyUnit): ReadonlySet<AnyUnit> {
    const found = new Set<AnyUnit>(this.#predecessors.get(unit));
    for (const ancestor of found) {
      for (const next of this.#predecessors.get(ancestor) ?? []) found.add(next);
    }
    return found;
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
