/**
 * The values that a run is given from outside, by symbol: those that are kept with it, those that are not, and what only
 * maps can take, which is no value but a place where items come from.
 */
import { types } from 'node:util';
import { close, open, type Value } from '../protocol/codec.ts';

export class StoreValues {
  readonly #kept = new Map<string, Value>();
  readonly #transient = new Map<string, Value>();
  readonly #live = new Map<string, object>();

  /** Takes in all of the values, or none: throws what `close` throws. */
  put(values: Readonly<Record<string, unknown>>, transient: boolean): void {
    const into = transient ? this.#transient : this.#kept;
    const puts = Object.entries(values).map(([symbol, value]) => {
      if (isLive(value)) return () => void this.#live.set(symbol, value);
      const closed = close(value, `store.${symbol}`);
      return () => {
        this.#live.delete(symbol);
        into.set(symbol, closed);
      };
    });
    for (const put of puts) put();
  }

  has(symbol: string): boolean {
    return this.#transient.has(symbol) || this.#kept.has(symbol) || this.#live.has(symbol);
  }

  symbols(): readonly string[] {
    return [...new Set([...this.#transient.keys(), ...this.#kept.keys(), ...this.#live.keys()])];
  }

  /** The closed value of a symbol, the transient one first; null when there is none. */
  get(symbol: string): { readonly value: Value } | null {
    for (const values of [this.#transient, this.#kept]) {
      if (values.has(symbol)) return { value: values.get(symbol) };
    }
    return null;
  }

  /** What gives items under this symbol; null when there is nothing of the kind. */
  live(symbol: string): object | null {
    return this.#live.get(symbol) ?? null;
  }

  /** What is here under the symbol, for who asks from outside; null when nothing is. */
  reader(symbol: string): (() => unknown) | null {
    const live = this.live(symbol);
    if (live !== null) return () => live;
    const found = this.get(symbol);
    return found === null ? null : () => open(found.value);
  }
}

/** True for what gives items one by one, and of which a clone would be empty. */
function isLive(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value) || types.isMap(value) || types.isSet(value))
    return false;
  if (types.isBoxedPrimitive(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
