/**
 * What one run knows: states, results and failures of its atoms by name, and the values of its symbols. Values stay
 * closed; they are opened for who reads them, each time anew, so that no reader can change what is kept.
 */
import { v7 as uuid } from 'uuid';
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type RetryNode, type Source } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { History } from '../flow/history.ts';
import { hint } from '../hint.ts';
import { AN_OBJECT, checkOptions } from '../options.ts';
import { close, open, type Value } from '../protocol/codec.ts';
import { errorFrom } from '../revival.ts';
import type { AtomState, FlowState, Intention } from '../states.ts';
import { type AtomRecord, newRecord } from './atom-record.ts';

/** States in which an atom's result can be read (TaskFlow `storage.py`, `_get`; a failed one has none). */
const READABLE: ReadonlySet<AtomState> = new Set(['SUCCESS', 'REVERTING']);

/** An atom's record and its id, as data. */
export interface AtomDetail extends Readonly<AtomRecord> {
  readonly uuid: string;
  /** As the task's definition gives it; of a retry '1.0'. */
  readonly version: string;
}

export interface InjectOptions {
  /** True: not to be kept by a durable backend. Looked at before the kept ones. Default false. */
  readonly transient?: boolean;
}

export class Storage {
  readonly flowId: string;
  readonly flowName: string;
  readonly #compilation: Compilation;
  /** By the index of the node; nothing where a flow begins or ends. */
  readonly #records: readonly (AtomRecord | undefined)[];
  /** Ids of atoms, given when first needed: one costs about 2 µs. */
  readonly #uuids = new Map<string, string>();
  readonly #kept = new Map<string, Value>();
  readonly #transient = new Map<string, Value>();
  #flowState: FlowState = 'PENDING';

  constructor(compilation: Compilation, flowId: string) {
    this.#compilation = compilation;
    this.flowId = flowId;
    this.flowName = compilation.root.name;
    this.#records = compilation.nodes.map((node) =>
      isAtom(node) ? newRecord(node.name, node.kind) : undefined,
    );
  }

  get flowState(): FlowState {
    return this.#flowState;
  }

  /** The state of an atom. @throws TaskloomError ATOM_NOT_FOUND, as all that take an atom's name */
  atomState(atom: string): AtomState {
    return this.#recordOf(atom).state;
  }

  atomIntention(atom: string): Intention {
    return this.#recordOf(atom).intention;
  }

  /** From 0 to 1; what the task last said with `context.progress`, 1 when it is done. */
  progress(atom: string): { readonly fraction: number; readonly details: unknown } {
    const record = this.#recordOf(atom);
    return { fraction: record.progress, details: record.progressDetails };
  }

  /** How often the atom's execute has begun. */
  attempts(atom: string): number {
    return this.#recordOf(atom).attempt;
  }

  /**
   * The whole result of an atom that is SUCCESS.
   *
   * @throws TaskloomError ATOM_NOT_FOUND; SYMBOL_NOT_FOUND when it has no result now
   */
  get(atom: string): unknown {
    const record = this.#recordOf(atom);
    if (!READABLE.has(record.state)) {
      throw new TaskloomError('SYMBOL_NOT_FOUND', `Atom '${atom}' has no result: it is ${record.state}.`, {
        details: { atom, state: record.state },
      });
    }
    return open(record.result);
  }

  /** What the atom's revert returned; undefined when it has not reverted. */
  revertResult(atom: string): unknown {
    return open(this.#recordOf(atom).revertResult);
  }

  /**
   * The value of a symbol: from the store, else of the first provider that has one, in the order in which the tasks
   * were added (TaskFlow `storage.fetch`).
   *
   * @throws TaskloomError SYMBOL_NOT_FOUND
   */
  fetch(symbol: string): unknown {
    const [value] = this.#valuesOf(symbol);
    if (value !== undefined) return value();
    const known = [...this.#transient.keys(), ...this.#kept.keys(), ...this.#compilation.providers.keys()];
    const provider = this.#compilation.providers.get(symbol)?.[0]?.node.name;
    const why =
      provider === undefined
        ? `nobody provides it.${hint(symbol, known)}`
        : `its provider '${provider}' is ${this.atomState(provider)}.`;
    throw new TaskloomError('SYMBOL_NOT_FOUND', `There is no value for '${symbol}': ${why}`, {
      details: { symbol, provider },
    });
  }

  /**
   * Every symbol that has a value, the store's included; the values as a list where several have one
   * (TaskFlow `storage.fetch_all`).
   */
  fetchAll(): Record<string, unknown> {
    const found: [string, unknown][] = [];
    const symbols = [...this.#transient.keys(), ...this.#kept.keys(), ...this.#compilation.providers.keys()];
    for (const symbol of new Set(symbols)) {
      const values = this.#valuesOf(symbol).map((value) => value());
      if (values.length > 0) found.push([symbol, values.length === 1 ? values[0] : values]);
    }
    // fromEntries defines properties, so that a symbol named __proto__ is one like any other.
    return Object.fromEntries(found);
  }

  /**
   * Gives values from outside. They win over what tasks provide.
   *
   * @throws TaskloomError VALUE_NOT_ENCODABLE, VALUE_TOO_LARGE; then none of the values is taken
   */
  inject(values: Readonly<Record<string, unknown>>, { transient = false }: InjectOptions = {}): void {
    checkOptions({ values }, { values: AN_OBJECT }, 'inject()');
    const closed = Object.entries(values).map(
      ([symbol, value]) => [symbol, close(value, `store.${symbol}`)] as const,
    );
    const into = transient ? this.#transient : this.#kept;
    for (const [symbol, value] of closed) into.set(symbol, value);
  }

  /** True when the store has a value for the symbol. */
  has(symbol: string): boolean {
    return this.#transient.has(symbol) || this.#kept.has(symbol);
  }

  /** Symbols of the store. */
  symbols(): readonly string[] {
    return [...new Set([...this.#transient.keys(), ...this.#kept.keys()])];
  }

  /** The errors of the atoms whose execute failed, by name. */
  get failures(): ReadonlyMap<string, Error> {
    return this.#errors((record) => record.failure);
  }

  /** The errors of the atoms whose revert failed, by name. */
  get revertFailures(): ReadonlyMap<string, Error> {
    return this.#errors((record) => record.revertFailure);
  }

  /**
   * The attempts of a retry since it was last reverted, the first one first.
   *
   * @throws TaskloomError ATOM_NOT_FOUND, also for a task
   */
  retryHistory(retry: string): History {
    const node = this.#compilation.atoms.get(retry);
    if (node?.kind !== 'retry') throw this.#unknown(retry, 'retry');
    return this.historyOf(node);
  }

  /** Notes kept with an atom. Returned as a copy; set with `annotate`. */
  metadata(atom: string): Readonly<Record<string, unknown>> {
    return { ...this.#recordOf(atom).metadata };
  }

  /** Keeps notes with an atom, over those of the same names. */
  annotate(atom: string, notes: Readonly<Record<string, unknown>>): void {
    const record = this.#recordOf(atom);
    record.metadata = Object.assign(Object.create(null), record.metadata, notes);
  }

  /** The record of an atom as plain data, for who keeps or shows it; a copy. */
  atomDetail(atom: string): AtomDetail {
    const record = this.#recordOf(atom);
    const id = this.#uuids.get(atom) ?? uuid();
    this.#uuids.set(atom, id);
    const node = this.#compilation.atoms.get(atom);
    const version = node?.kind === 'task' ? node.atom.version : '1.0';
    return { uuid: id, version, ...record, metadata: { ...record.metadata } };
  }

  // What follows is the engine's side.

  recordAt(node: AtomNode): AtomRecord {
    return this.#records[node.index] as AtomRecord;
  }

  /** The failures of the atoms whose execute failed, as data. */
  executeFailures(): ReadonlyMap<string, Failure> {
    const failures = new Map<string, Failure>();
    for (const record of this.#records) if (record?.failure) failures.set(record.name, record.failure);
    return failures;
  }

  historyOf(node: RetryNode): History {
    const { history, failure } = this.recordAt(node);
    const attempts = history.map(({ provided, failures }) => ({
      provided: open(provided),
      failures: new Map([...failures].map(([atom, each]) => [atom, errorFrom(each)])),
    }));
    return new History(attempts, failure === null ? null : errorFrom(failure));
  }

  setProgress(atom: string, fraction: number, details: unknown): void {
    const record = this.#recordOf(atom);
    record.progress = fraction;
    record.progressDetails = details;
  }

  setFlowState(state: FlowState): void {
    this.#flowState = state;
  }

  /** The closed value that the store has for a symbol, the transient one first; null when it has none. */
  stored(symbol: string): { readonly value: Value } | null {
    for (const values of [this.#transient, this.#kept]) {
      if (values.has(symbol)) return { value: values.get(symbol) };
    }
    return null;
  }

  /** The closed result that a source stands for; null when its atom has none now, or its result lacks the part. */
  provided(source: Source): { readonly value: Value } | null {
    const record = this.recordAt(source.node);
    if (!READABLE.has(record.state) || record.absent.includes(source.take)) return null;
    return { value: record.result };
  }

  /** True when the source's atom is done and its result has not the part that the symbol stands for. */
  lacks(source: Source): boolean {
    const record = this.recordAt(source.node);
    return READABLE.has(record.state) && record.absent.includes(source.take);
  }

  #valuesOf(symbol: string): (() => unknown)[] {
    const found: (() => unknown)[] = [];
    const stored = this.stored(symbol);
    if (stored !== null) found.push(() => open(stored.value));
    for (const source of this.#compilation.providers.get(symbol) ?? []) {
      const provided = this.recordAt(source.node).state === 'SUCCESS' ? this.provided(source) : null;
      if (provided !== null) found.push(() => open(provided.value, source.take));
    }
    return found;
  }

  #errors(failureOf: (record: AtomRecord) => Failure | null): ReadonlyMap<string, Error> {
    const errors = new Map<string, Error>();
    for (const record of this.#records) {
      const failure = record === undefined ? null : failureOf(record);
      if (record !== undefined && failure !== null) errors.set(record.name, errorFrom(failure));
    }
    return errors;
  }

  #recordOf(atom: string): AtomRecord {
    const node = this.#compilation.atoms.get(atom);
    if (node !== undefined) return this.recordAt(node);
    throw this.#unknown(atom, 'atom');
  }

  #unknown(atom: string, what: string): TaskloomError {
    const way = hint(atom, this.#compilation.atoms.keys());
    return new TaskloomError('ATOM_NOT_FOUND', `Flow '${this.flowName}' has no ${what} '${atom}'.${way}`, {
      details: { atom },
    });
  }
}
