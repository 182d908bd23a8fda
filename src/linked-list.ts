/**
 * Things that come and go all the time, in the order in which they came: each holds its neighbours itself. A Set would do, but for
 * how V8 lets it grow and shrink: each table that it leaves behind holds on to the next one and to all that was in it, so that
 * what has gone outlives many collections.
 */

/** What may be in one list at a time, which alone writes these. */
export interface Linked<T> {
  before: T | null;
  after: T | null;
}

export class LinkedList<T extends Linked<T>> {
  #first: T | null = null;
  #last: T | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | null {
    return this.#first;
  }

  /** Puts it at the end. */
  add(thing: T): void {
    thing.before = this.#last;
    if (this.#last === null) this.#first = thing;
    else this.#last.after = thing;
    this.#last = thing;
    this.#size++;
  }

  /** Nothing happens when it is not here. */
  delete(thing: T): void {
    const { before, after } = thing;
    if (before === null && this.#first !== thing) return;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    thing.before = null;
    thing.after = null;
    this.#size--;
  }

  /** All that is here now. */
  all(): readonly T[] {
    const all: T[] = [];
    for (let at = this.#first; at !== null; at = at.after) all.push(at);
    return all;
  }
}
