/** The links of a graph flow by the positions of its units. In a few arrays, for a flow may have millions of links. */
import type { AnyUnit, Link } from '../flow/unit.ts';

export class UnitLinks {
  /** By link, where it comes from. */
  readonly from: Int32Array;
  /** By link, where it leads. */
  readonly to: Int32Array;
  readonly predecessors: Neighbours;
  readonly successors: Neighbours;

  constructor(units: readonly AnyUnit[], links: readonly Link[]) {
    const positions = new Map<AnyUnit, number>();
    for (const unit of units) positions.set(unit, positions.size);
    this.from = new Int32Array(links.length);
    this.to = new Int32Array(links.length);
    for (let at = 0; at < links.length; at++) {
      const { from, to } = links[at] as Link;
      this.from[at] = positions.get(from) as number;
      this.to[at] = positions.get(to) as number;
    }
    this.predecessors = new Neighbours(units.length, this.to, this.from);
    this.successors = new Neighbours(units.length, this.from, this.to);
  }
}

/** The other ends of the links of each unit. */
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
    for (let at = 0; at < ends.length; at++) {
      const place = (next[ends[at] as number] as number)++;
      this.#others[place] = others[at] as number;
    }
  }

  /** How many they are. */
  count(unit: number): number {
    return (this.#starts[unit + 1] as number) - (this.#starts[unit] as number);
  }

  /** One of them, counted from 0. */
  at(unit: number, n: number): number {
    return this.#others[(this.#starts[unit] as number) + n] as number;
  }

  of(unit: number): Int32Array {
    return this.#others.subarray(this.#starts[unit], this.#starts[unit + 1]);
  }
}
