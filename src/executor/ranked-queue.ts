/**
 * What waits for its turn: by priority, then by rank, higher first, then in the order of arrival. Things that are equally urgent
 * share a lane, so that a hundred thousand equals cost no more than ten; only lanes are sorted.
 */
import TinyQueue from 'tinyqueue';

export interface Ranked {
  readonly priority: number;
  readonly rank: number;
  /** Counts up with the arrivals; one that comes back keeps its own. */
  readonly turn: number;
}

interface Lane<T> {
  readonly priority: number;
  readonly rank: number;
  /** In the order of their turns, from `at` on; before that nothing, since what was taken is not to be held on to. */
  things: (T | undefined)[];
  at: number;
}

export class RankedQueue<T extends Ranked> {
  /** By priority, then by rank; of an empty lane only while it stands in `#order`. */
  readonly #lanes = new Map<number, Map<number, Lane<T>>>();
  readonly #order = new TinyQueue<Lane<T>>([], byUrgency);
  /** One that came when nothing else was here: in a chain of tasks that is all that there ever is. */
  #only: T | null = null;
  /** The one that was last put into. */
  #lane: Lane<T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(thing: T): void {
    if (this.#size === 0) {
      this.#only = thing;
      this.#size = 1;
      return;
    }
    if (this.#only !== null) {
      this.#putInLane(this.#only);
      this.#only = null;
    }
    this.#putInLane(thing);
    this.#size++;
  }

  #putInLane(thing: T): void {
    const lane = this.#laneOf(thing);
    const { things } = lane;
    const last = things.at(-1);
    if (last === undefined || last.turn < thing.turn) {
      things.push(thing);
      return;
    }
    let place = lane.at;
    while ((things[place] as T).turn < thing.turn) place++;
    things.splice(place, 0, thing);
  }

  peek(): T | undefined {
    if (this.#only !== null) return this.#only;
    const lane = this.#first();
    return lane?.things[lane.at];
  }

  pop(): T | undefined {
    const only = this.#only;
    if (only !== null) {
      this.#only = null;
      this.#size = 0;
      return only;
    }
    const lane = this.#first();
    const thing = lane?.things[lane.at];
    if (lane === undefined || thing === undefined) return undefined;
    this.#size--;
    lane.things[lane.at++] = undefined;
    if (lane.at === lane.things.length || lane.at === MOST_TAKEN) {
      lane.things.splice(0, lane.at);
      lane.at = 0;
    }
    return thing;
  }

  /** All, the lanes in no order. */
  *[Symbol.iterator](): Generator<T> {
    if (this.#only !== null) yield this.#only;
    for (const { things, at } of this.#order.data) yield* things.slice(at) as T[];
  }

  #first(): Lane<T> | undefined {
    for (;;) {
      const lane = this.#order.peek();
      if (lane === undefined || lane.at < lane.things.length) return lane;
      this.#order.pop();
      if (this.#lane === lane) this.#lane = null;
      const ranks = this.#lanes.get(lane.priority);
      ranks?.delete(lane.rank);
      if (ranks?.size === 0) this.#lanes.delete(lane.priority);
    }
  }

  #laneOf({ priority, rank }: T): Lane<T> {
    if (this.#lane?.priority === priority && this.#lane.rank === rank) return this.#lane;
    let ranks = this.#lanes.get(priority);
    if (ranks === undefined) {
      ranks = new Map();
      this.#lanes.set(priority, ranks);
    }
    let lane = ranks.get(rank);
    if (lane === undefined) {
      lane = { priority, rank, things: [], at: 0 };
      ranks.set(rank, lane);
      this.#order.push(lane);
    }
    this.#lane = lane;
    return lane;
  }
}

/** Of a lane, that are kept in front of the others. */
const MOST_TAKEN = 1024;

/** Negative when `a` is more urgent. */
export function byUrgency(
  a: Pick<Ranked, 'priority' | 'rank'>,
  b: Pick<Ranked, 'priority' | 'rank'>,
): number {
  return b.priority - a.priority || b.rank - a.rank;
}
