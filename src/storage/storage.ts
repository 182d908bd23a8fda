/**
 * What one run knows: states, results and failures of its atoms by name, and the values of its symbols. Values stay
 * closed; they are opened for who reads them, each time anew, so that no reader can change what is kept.
 */
import type { Compilation } from '../compile/compilation.ts';
import type { AtomNode, MapNode, RetryNode } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { History } from '../flow/history.ts';
import { hint } from '../hint.ts';
import { newId } from '../ids.ts';
import { AN_OBJECT, checkOptions } from '../options.ts';
import { open } from '../protocol/codec.ts';
import type { AtomState, FlowState, Intention } from '../states.ts';
import { compareKept, type OnVersionChange } from './adopt.ts';
import { type AtomRecord, copyOf } from './atom-record.ts';
import { checkNotes } from './details.ts';
import { resultDropped } from './dropped.ts';
import type { FetchOptions } from './fetch-options.ts';
import { injectedValues } from './injects.ts';
import type { ItemRecords } from './item-records.ts';
import type { KeptFlow } from './kept-flow.ts';
import { Records } from './records.ts';
import { errorsOf, historyIn } from './revived.ts';
import type { InjectOptions } from './store-values.ts';
import { READABLE, SymbolValues } from './symbol-values.ts';

/** What is known of an atom, and its id, as data. */
export type AtomKnown = Readonly<AtomRecord> & { readonly uuid: string };

export class Storage {
  readonly flowId: string;
  readonly flowName: string;
  /** Where arguments come from; for the engine. */
  readonly values: SymbolValues;
  readonly #compilation: Compilation;
  readonly #records: Records;
  readonly #kept: KeptFlow;
  /** Ids of atoms, given when first needed. */
  readonly #uuids = new Map<string, string>();

  constructor(compilation: Compilation, flowId: string, kept: KeptFlow) {
    this.#compilation = compilation;
    this.#kept = kept;
    this.flowId = flowId;
    this.flowName = compilation.root.name;
    this.#records = new Records(compilation, kept);
    this.values = new SymbolValues(compilation, this.#records, kept.store);
  }

  get flowState(): FlowState {
    return this.#kept.state;
  }

  /** The state of an atom. @throws TaskloomError ATOM_NOT_FOUND, as all that take an atom's name */
  atomState(atom: string): AtomState {
    return this.#recordOf(atom).state;
  }

  atomIntention(atom: string): Intention {
    return this.#recordOf(atom).intention;
  }

  /** The state and the intention of every atom by name, as they are now (TaskFlow `get_atoms_states`). */
  atomStates(): ReadonlyMap<string, Pick<AtomRecord, 'state' | 'intention'>> {
    const atoms = [...this.#compilation.atoms.values()].map((node) => this.recordAt(node));
    return new Map(atoms.map(({ name, state, intention }) => [name, { state, intention }]));
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
   * @throws TaskloomError ATOM_NOT_FOUND; SYMBOL_NOT_FOUND when it has no result now, or none any more (option `keep`)
   */
  get(atom: string): unknown {
    const record = this.#recordOf(atom);
    if (!READABLE.has(record.state)) {
      throw new TaskloomError('SYMBOL_NOT_FOUND', `Atom '${atom}' has no result: it is ${record.state}.`, {
        details: { atom, state: record.state },
      });
    }
    if (record.dropped) throw resultDropped(atom);
    return open(record.result);
  }

  /** What the atom's revert returned; undefined when it has not reverted. */
  revertResult(atom: string): unknown {
    return open(this.#recordOf(atom).revertResult);
  }

  /**
   * The value of a symbol: from the store, else of the first provider that has one, in the order in which the tasks
   * were added (TaskFlow `storage.fetch`); or what `many` makes of all its values.
   *
   * @throws TaskloomError SYMBOL_NOT_FOUND, OPTION_INVALID; and what `many` throws
   */
  fetch(symbol: string, options: FetchOptions = {}): unknown {
    return this.values.fetch(symbol, options);
  }

  /**
   * Every symbol that has a value, the store's included; the values as a list where several have one, or what `many`
   * makes of them (TaskFlow `storage.fetch_all`).
   *
   * @throws TaskloomError OPTION_INVALID; and what `many` throws
   */
  fetchAll(options: FetchOptions = {}): Record<string, unknown> {
    return this.values.fetchAll(options);
  }

  /**
   * Gives values from outside. They win over what tasks provide.
   *
   * @throws TaskloomError VALUE_NOT_ENCODABLE, VALUE_TOO_LARGE; then none of the values is taken
   */
  inject(values: Readonly<Record<string, unknown>>, { transient = false }: InjectOptions = {}): void {
    checkOptions({ values }, { values: AN_OBJECT }, 'inject()');
    this.values.store.put(values, transient);
  }

  /** True when the store has a value for the symbol. */
  has(symbol: string): boolean {
    return this.values.store.has(symbol);
  }

  /** Symbols of the store. */
  symbols(): readonly string[] {
    return this.values.store.symbols();
  }

  /** The errors of the atoms whose execute failed, by name. */
  get failures(): ReadonlyMap<string, Error> {
    return errorsOf(this.executeFailures());
  }

  /** The errors of the atoms whose revert failed, by name. */
  get revertFailures(): ReadonlyMap<string, Error> {
    return errorsOf(this.#records.failures(({ revertFailure }) => revertFailure));
  }

  /**
   * The states of a map's items so far, by position.
   *
   * @throws TaskloomError ATOM_NOT_FOUND, also for an atom that is no map
   */
  itemStates(map: string): readonly AtomState[] {
    const node = this.#compilation.atoms.get(map);
    if (node?.kind !== 'map') throw this.#unknown(map, 'map');
    const items = this.itemsOf(node);
    return Array.from({ length: items.length }, (_, index) => items.stateOf(index));
  }

  /**
   * The attempts of a retry since it was last reverted, the first one first.
   *
   * @throws TaskloomError ATOM_NOT_FOUND, also for a task
   */
  retryHistory(retry: string): History {
    const record = this.#records.find(retry);
    if (record?.kind !== 'retry') throw this.#unknown(retry, 'retry');
    return historyIn(record);
  }

  /** Notes kept with an atom. Returned as a copy; set with `annotate`. */
  metadata(atom: string): Readonly<Record<string, unknown>> {
    return { ...this.#recordOf(atom).metadata };
  }

  /** Keeps notes with an atom, over those of the same names. With a backend throws VALUE_NOT_ENCODABLE for what cannot be kept. */
  annotate(atom: string, notes: Readonly<Record<string, unknown>>): void {
    const record = this.#recordOf(atom, 'change');
    if (this.#kept.journal !== null) checkNotes(notes, `metadata of '${atom}'`);
    record.metadata = Object.assign(Object.create(null), record.metadata, notes);
    this.note(this.nodeOf(atom));
  }

  /** Notes kept with the flow. Returned as a copy; set with `annotateFlow`. */
  get flowMetadata(): Readonly<Record<string, unknown>> {
    return { ...this.#kept.metadata };
  }

  /** Keeps notes with the flow, over those of the same names. With a backend throws VALUE_NOT_ENCODABLE for what cannot be kept. */
  annotateFlow(notes: Readonly<Record<string, unknown>>): void {
    if (this.#kept.journal !== null) checkNotes(notes, 'metadata of the flow');
    this.#kept.annotate(notes);
  }

  /** The record of an atom as plain data, for who keeps or shows it; a copy. */
  atomDetail(atom: string): AtomKnown {
    const record = this.#recordOf(atom);
    const id = this.#uuids.get(atom) ?? newId();
    this.#uuids.set(atom, id);
    return { uuid: id, ...copyOf(record), metadata: { ...record.metadata } };
  }

  // What follows is the engine's side.

  /**
   * Takes up what is kept of the flow, which may have changed since.
   *
   * @returns the atoms that are to be reset, because of their versions
   * @throws TaskloomError ATOM_KIND_CHANGED; VERSION_CHANGED; then nothing is changed
   */
  adopt(onVersionChange: OnVersionChange): readonly AtomNode[] {
    const again = compareKept(this.#compilation, this.#kept, onVersionChange);
    this.#records.take();
    return again;
  }

  /** To be told after every change of what is known of an atom, so that a backend learns of it. */
  note(node: AtomNode): void {
    const { journal } = this.#kept;
    this.#records.isNew = false;
    if (journal !== null) this.#records.note(node, journal);
  }

  /** True while nothing has happened to any atom, in this process or an earlier one. */
  get isNew(): boolean {
    return this.#records.isNew;
  }

  /** True when what is known of the run is kept in a backend. */
  get isKept(): boolean {
    return this.#kept.journal !== null;
  }

  /** An atom is handed to the task executor, or comes back from there without having begun. */
  noteSent(node: AtomNode, isSent: boolean): void {
    if (this.#kept.journal === null) return;
    this.recordAt(node).sent = isSent;
    this.note(node);
  }

  /** Keeps the values that definitions fix with the records of their atoms. Throws what `close` throws. */
  keepInjected(): void {
    for (const node of this.#compilation.atoms.values()) {
      const values = injectedValues(node);
      if (values.size === 0) continue;
      this.recordAt(node).injected = values;
      this.note(node);
    }
  }

  /** The node of an atom, or of an item of a map. @throws TaskloomError ATOM_NOT_FOUND */
  nodeOf(atom: string): AtomNode {
    const node = this.#records.nodeNamed(atom);
    if (node === null) throw this.#unknown(atom, 'atom');
    return node;
  }

  recordAt(node: AtomNode): AtomRecord {
    return this.#records.at(node);
  }

  itemsOf(map: MapNode): ItemRecords {
    return this.#records.itemsOf(map);
  }

  /** Lets the result of an atom that is SUCCESS go. */
  drop(node: AtomNode): void {
    this.#records.drop(node);
  }

  dropItems(map: MapNode): void {
    this.#records.dropItems(map);
  }

  /** Ends what gives the items of maps. */
  close(): void {
    this.#records.close();
  }

  /** The failures of the atoms whose execute failed, as data; of a map those of its items. */
  executeFailures(): ReadonlyMap<string, Failure> {
    return this.#records.failures(({ failure }) => failure);
  }

  historyOf(node: RetryNode): History {
    return historyIn(this.recordAt(node));
  }

  setProgress(atom: string, fraction: number, details: unknown): void {
    const record = this.#recordOf(atom, 'change');
    record.progress = fraction;
    record.progressDetails = details;
    // Written with what comes next: progress is nothing that anybody waits for.
    if (this.#compilation.atoms.has(atom)) this.#kept.journal?.noteAtom(record, false);
  }

  setFlowState(state: FlowState): void {
    this.#kept.state = state;
    if (state === 'PENDING') this.#kept.aborted = null;
  }

  #recordOf(atom: string, to: 'read' | 'change' = 'read'): AtomRecord {
    const record = this.#records.find(atom, to);
    if (record === null) throw this.#unknown(atom, 'atom');
    return record;
  }

  #unknown(atom: string, what: string): TaskloomError {
    const way = hint(atom, this.#compilation.atoms.keys());
    return new TaskloomError('ATOM_NOT_FOUND', `Flow '${this.flowName}' has no ${what} '${atom}'.${way}`, {
      details: { atom },
    });
  }
}
