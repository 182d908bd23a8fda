/**
 * What waits for its turn: by priority, then by rank, higher first, then in the order of arrival. Things that are equally urgent
 * share a lane, so that a hundred thousand equals cost no more than ten; only lanes are sorted.
 */
import TinyQueue from 'tinyqueue';

export interface Urgency {
  readonly priority: number;
  readonly rank: number;
}

interface Lane<T> extends Urgency {
  /** In the order of their turns, from `at` on; before that nothing, since what was taken is not to be held on to. */
  things: (T | undefined)[];
  at: number;
}

export class RankedQueue<T extends object> {
  readonly #turnOf: ((thing: T) => number) | null;
  /** By priority, then by rank; of an empty lane only while it stands in `#order`. */
  readonly #lanes = new Map<number, Map<number, Lane<T>>>();
  readonly #order = new TinyQueue<Lane<T>>([], byUrgency);
  /** One that came when nothing else was here: in a chain of tasks that is all that there ever is. */
  #only: T | null = null;
  #onlyPriority = 0;
  #onlyRank = 0;
  /** The one that was last put into. */
  #lane: Lane<T> | null = null;
  #size = 0;

  /** @param turnOf - Counts up with the arrivals, and one that comes back keeps its own; null: none comes back */
  constructor(turnOf: ((thing: T) => number) | null) {
    this.#turnOf = turnOf;
  }

  get size(): number {
    return this.#size;
  }

  push(thing: T, priority: number, rank: number): void {
    if (this.#size === 0) {
      this.#only = thing;
      this.#onlyPriority = priority;
      this.#onlyRank = rank;
      this.#size = 1;
      return;
    }
    if (this.#only !== null) {
      this.#putInLane(this.#only, this.#onlyPriority, this.#onlyRank);
      this.#only = null;
    }
    this.#putInLane(thing, priority, rank);
    this.#size++;
  }

  #putInLane(thing: T, priority: number, rank: number): void {
    const lane = this.#laneOf(priority, rank);
    const { things } = lane;
    const turnOf = this.#turnOf;
    const last = things.at(-1);
    if (last === undefined || turnOf === null || turnOf(last) < turnOf(thing)) {
      things.push(thing);
      return;
    }
    let place = lane.at;
    while (turnOf(things[place] as T) < turnOf(thing)) place++;
    things.splice(place, 0, thing);
  }

  /** Of the first. */
  get urgency(): Urgency | undefined {
    return this.#only === null ? this.#first() : { priority: this.#onlyPriority, rank: this.#onlyRank };
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
    const { at, things } = lane;
    // When it is half of them, so that however many there are each is moved once or so.
    if (at === things.length || (at >= LEAST_TAKEN && 2 * at >= things.length)) {
      things.splice(0, at);
      lane.at = 0;
    }
    return thing;
  }

  /** All, the lanes in no order, each with its urgency. */
  *entries(): Generator<readonly [thing: T, urgency: Urgency]> {
    if (this.#only !== null) yield [this.#only, { priority: this.#onlyPriority, rank: this.#onlyRank }];
    for (const lane of this.#order.data)
      for (const thing of lane.things.slice(lane.at) as T[]) yield [thing, lane];
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

  #laneOf(priority: number, rank: number): Lane<T> {
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

/** Places of taken ones in front of the others that are not worth moving these for. */
const LEAST_TAKEN = 1024;

/** Negative when `a` is more urgent. */
export function byUrgency(a: Urgency, b: Urgency): number {
  return b.priority - a.priority || b.rank - a.rank;
}
