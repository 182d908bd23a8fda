/** Gives one map its items, one by one, as its source has them; passes over those that an earlier process has taken. */
import { close } from '../protocol/codec.ts';
import type { ItemRecords } from '../storage/item-records.ts';

export class ItemSupply {
  readonly #map: string;
  readonly #items: ItemRecords;
  readonly #later: (promise: Promise<void>, found: () => void) => void;
  #isPeeking = false;

  /** @param later - Calls back in a turn of the engine's loop. */
  constructor(map: string, items: ItemRecords, later: (promise: Promise<void>, found: () => void) => void) {
    this.#map = map;
    this.#items = items;
    this.#later = later;
  }

  /** The position of the next item; undefined when there is none now. Throws as the source does, and as `close` does. */
  takeNew(): number | undefined {
    const items = this.#items;
    for (let next = this.#peek(); next !== null; next = this.#peek()) {
      items.source?.take();
      if (next.done) {
        items.exhausted = true;
        items.source = null;
        return undefined;
      }
      const index = items.take(close(next.value, `item ${items.length} of map '${this.#map}'`));
      if (index !== null) return index;
    }
    return undefined;
  }

  /** What the source gives next; null when it gives nothing now. */
  #peek(): IteratorResult<unknown, unknown> | null {
    const { source } = this.#items;
    if (source === null || this.#isPeeking) return null;
    const next = source.peek();
    if (!(next instanceof Promise)) return next;
    this.#isPeeking = true;
    this.#later(next, () => {
      this.#isPeeking = false;
    });
    return null;
  }
}
