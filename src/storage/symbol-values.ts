/** The values of symbols: from the store, or from the atom that provides them, closed until a reader asks. */
import type { Compilation } from '../compile/compilation.ts';
import type { Source } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import { hint } from '../hint.ts';
import { open, type Value } from '../protocol/codec.ts';
import type { AtomState } from '../states.ts';
import { valueDropped } from './dropped.ts';
import { type FetchOptions, oneOrAll, readMany, theFirst } from './fetch-options.ts';
import type { Records } from './records.ts';
import type { StoreValues } from './store-values.ts';

/** States in which an atom's result can be read (TaskFlow `storage.py`, `_get`; a failed one has none). */
export const READABLE: ReadonlySet<AtomState> = new Set(['SUCCESS', 'REVERTING']);

export class SymbolValues {
  /** What was given from outside. */
  readonly store: StoreValues;
  readonly #compilation: Compilation;
  readonly #records: Records;

  constructor(compilation: Compilation, records: Records, store: StoreValues) {
    this.#compilation = compilation;
    this.#records = records;
    this.store = store;
  }

  /** As `storage.fetch`. */
  fetch(symbol: string, options: FetchOptions): unknown {
    const many = readMany(options, 'fetch()', theFirst);
    const values = this.#valuesOf(symbol, many === theFirst ? 1 : Number.POSITIVE_INFINITY);
    if (values.length > 0) return many(values);
    const providers = this.#compilation.providers.get(symbol) ?? [];
    const dropped = providers.find((source) => this.isDropped(source));
    if (dropped !== undefined) throw valueDropped(symbol, dropped.node.name);
    const node = providers[0]?.node;
    const why =
      node === undefined
        ? `nobody provides it.${hint(symbol, this.#symbols())}`
        : `its provider '${node.name}' is ${this.#records.at(node).state}.`;
    throw new TaskloomError('SYMBOL_NOT_FOUND', `There is no value for '${symbol}': ${why}`, {
      details: { symbol, provider: node?.name },
    });
  }

  /** As `storage.fetchAll`. */
  fetchAll(options: FetchOptions): Record<string, unknown> {
    const many = readMany(options, 'fetchAll()', oneOrAll);
    const found: [string, unknown][] = [];
    for (const symbol of this.#symbols()) {
      const values = this.#valuesOf(symbol, Number.POSITIVE_INFINITY);
      if (values.length > 0) found.push([symbol, many(values)]);
    }
    // fromEntries defines properties, so that a symbol named __proto__ is one like any other.
    return Object.fromEntries(found);
  }

  /** The closed result that a source stands for; null when its atom has none now, or its result lacks the part. */
  provided(source: Source): { readonly value: Value } | null {
    const { state, absent, result, dropped } = this.#records.at(source.node);
    return READABLE.has(state) && !dropped && !absent.includes(source.take) ? { value: result } : null;
  }

  /** True when the source's atom has given what the symbol stands for, and that was dropped. */
  isDropped(source: Source): boolean {
    const { state, absent, dropped } = this.#records.at(source.node);
    return dropped && READABLE.has(state) && !absent.includes(source.take);
  }

  /** True when the source's atom is done and its result has not the part that the symbol stands for. */
  lacks(source: Source): boolean {
    const { state, absent } = this.#records.at(source.node);
    return READABLE.has(state) && absent.includes(source.take);
  }

  /** Those that somebody gives, the store's first. */
  #symbols(): ReadonlySet<string> {
    return new Set([...this.store.symbols(), ...this.#compilation.providers.keys()]);
  }

  /** The values of a symbol, so many at most: opening one costs. */
  #valuesOf(symbol: string, most: number): unknown[] {
    const stored = this.store.reader(symbol);
    const found: unknown[] = stored === null ? [] : [stored()];
    for (const source of this.#compilation.providers.get(symbol) ?? []) {
      if (found.length >= most) break;
      const provided = this.#records.at(source.node).state === 'SUCCESS' ? this.provided(source) : null;
      if (provided !== null) found.push(open(provided.value, source.take));
    }
    return found;
  }
}
