/**
 * The values that a run is given from outside, by symbol: those that are kept with it, those that are not, and what only
 * maps can take, which is no value but a place where items come from.
 */
import { types } from 'node:util';
import { close, open, type Value } from '../protocol/codec.ts';
import type { Journal } from './journal.ts';

export interface InjectOptions {
  /** True: not to be kept by a durable backend. Looked at before the kept ones. Default false. */
  readonly transient?: boolean;
}

export class StoreValues {
  readonly #journal: Journal | null;
  readonly #kept = new Map<string, Value>();
  readonly #transient = new Map<string, Value>();
  readonly #live = new Map<string, object>();
  /** Symbols whose values are kept nowhere. */
  readonly secrets: Set<string> = new Set();

  constructor(journal: Journal | null) {
    this.#journal = journal;
  }

  /** Takes in a value that is kept. */
  restore(symbol: string, value: Value): void {
    this.#kept.set(symbol, value);
  }

  clearKept(): void {
    this.#kept.clear();
  }

  /** Takes in all of the values, or none: throws what `close` throws. */
  put(values: Readonly<Record<string, unknown>>, transient: boolean): void {
    const puts = Object.entries(values).map(([symbol, value]) => {
      const isKept = !transient && !this.secrets.has(symbol);
      const into = isKept ? this.#kept : this.#transient;
      if (isLive(value)) return () => void this.#live.set(symbol, value);
      const closed = close(value, `store.${symbol}`);
      return () => {
        this.#live.delete(symbol);
        into.set(symbol, closed);
        if (isKept) this.#journal?.noteValue(symbol, closed);
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
