/** Before anything runs: has every required symbol somebody who gives it, and do the store's values fit? */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Compilation } from '../compile/compilation.ts';
import type { AtomNode, MapNode, Source } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Argument } from '../flow/symbols.ts';
import { ownSymbols } from '../flow/unit-symbols.ts';
import { hint, nearest } from '../hint.ts';
import { open, type Value } from '../protocol/codec.ts';
import { check, type Subject } from '../protocol/validate.ts';
import { argumentDropped, decisionDropped } from '../storage/dropped.ts';
import type { Storage } from '../storage/storage.ts';
import { shownToDeciders } from './readings.ts';

/** A message that names more than this many is not read. */
const NAMED = 10;

interface Missing {
  readonly atom: string;
  readonly action: 'execute' | 'revert';
  readonly argument: string;
  readonly symbol: string;
}

/**
 * Refuses a flow in which a required symbol comes from nowhere (TaskFlow `engine.validate`).
 *
 * @throws TaskloomError MISSING_DEPENDENCIES; `details.missing` lists atom, action, argument and symbol. SYMBOL_NOT_FOUND where
 * the provider's result was dropped
 */
export function validateSymbols(compilation: Compilation, storage: Storage): void {
  const missing: Missing[] = [];
  let isAllThere = true;
  for (const outer of compilation.atoms.values()) {
    if (!storage.isNew && storage.recordAt(outer).dropped) isAllThere = false;
    if (outer.kind === 'task' && outer.atom.args.length + outer.atom.revertArgs.length === 0) continue;
    addMissing(missing, outer, storage);
    if (outer.kind !== 'map') continue;
    const inner: Missing[] = [];
    for (const node of innerOf(outer)) addMissing(inner, node, storage);
    // What items are given as is there for each of them.
    const own = ownSymbols(outer.atom);
    missing.push(...inner.filter(({ symbol }) => !own.includes(symbol)));
  }
  if (missing.length === 0) {
    if (!isAllThere) refuseDropped(compilation, storage);
    return;
  }
  const lines = missing.slice(0, NAMED).map((each) => describe(each, compilation, storage));
  if (missing.length > NAMED) lines.push(`and ${missing.length - NAMED} more`);
  throw new TaskloomError(
    'MISSING_DEPENDENCIES',
    `Flow '${compilation.root.name}' cannot run: ${lines.join('; ')}`,
    { details: { missing } },
  );
}

/** What is to run yet and was not in the flow, or was done, when a result that it takes was dropped. */
function refuseDropped({ atoms }: Compilation, storage: Storage): void {
  for (const outer of atoms.values()) {
    const { state, intention } = storage.recordAt(outer);
    if (intention !== 'EXECUTE' || state === 'SUCCESS' || state === 'IGNORE') continue;
    const decided = state === 'PENDING' ? shownToDeciders(outer) : [];
    for (const { node } of decided)
      if (storage.recordAt(node).dropped) throw decisionDropped(outer.name, node.name);
    for (const node of outer.kind === 'map' ? [outer, ...innerOf(outer)] : [outer]) {
      for (const source of node.sources) {
        const given = source === null || storage.has(source.symbol) ? null : droppedBy(source, storage);
        if (given !== null) throw argumentDropped(node.name, given.symbol, given.node.name);
      }
    }
  }
}

/** The source that an argument would be taken from, where its value was dropped. */
function droppedBy(nearest: Source, storage: Storage): Source | null {
  for (let source: Source | null = nearest; source !== null; source = source.previous) {
    if (storage.values.isDropped(source)) return source;
    if (storage.recordAt(source.node).state !== 'IGNORE' && !storage.values.lacks(source)) return null;
  }
  return null;
}

/** What of a map runs for each item. */
function innerOf({ inner: { task, retry } }: MapNode): readonly AtomNode[] {
  return retry === null ? [task] : [retry, task];
}

/** A value of the store that a task has a schema for. */
interface Stored {
  readonly value: Value;
  readonly schema: StandardSchemaV1;
  readonly subject: Subject;
}

/**
 * Holds the values of the store against the schemas of the tasks that take them, each value once for each schema.
 *
 * @returns undefined when all fit; where a schema answers later, a promise
 * @throws TaskloomError VALUE_INVALID, or rejects with it: for the first that does not fit, in the order of the tasks
 */
export function validateStore(compilation: Compilation, storage: Storage): undefined | Promise<void> {
  const values = [...storedValues(compilation, storage)];
  for (const [at, { value, schema, subject }] of values.entries()) {
    const checked = check(schema, open(value), subject);
    if (checked instanceof Promise) return restLater(checked, values.slice(at + 1));
  }
  return undefined;
}

async function restLater(first: Promise<unknown>, rest: readonly Stored[]): Promise<void> {
  await first;
  for (const { value, schema, subject } of rest) await check(schema, open(value), subject);
}

function* storedValues(compilation: Compilation, storage: Storage): Generator<Stored, void> {
  const seen = new Map<StandardSchemaV1, Set<string>>();
  for (const node of compilation.atoms.values()) {
    const { name: atom } = node;
    const task = node.kind === 'map' ? node.atom.task : node.atom;
    if (task.kind === 'retry' || task.work.validators === null) continue;
    const own = node.kind === 'map' ? ownSymbols(node.atom) : [];
    const { args: schemas } = task.work.validators;
    const args = task.revertArgs === task.args ? task.args : [...task.args, ...task.revertArgs];
    for (const { name: argument, symbol } of args) {
      const schema = schemas.get(argument);
      const stored =
        schema === undefined || task.inject.has(argument) || own.includes(symbol)
          ? null
          : storage.values.store.get(symbol);
      if (schema === undefined || stored === null || seen.get(schema)?.has(symbol)) continue;
      seen.set(schema, (seen.get(schema) ?? new Set()).add(symbol));
      yield { value: stored.value, schema, subject: { atom, symbol, argument, from: 'store' } };
    }
  }
}

function addMissing(missing: Missing[], node: AtomNode, storage: Storage): void {
  const { args, revertArgs } = node.atom;
  addMissingOf(missing, node, 'execute', args, node.sources, storage);
  if (revertArgs !== args) addMissingOf(missing, node, 'revert', revertArgs, node.revertSources, storage);
}

function addMissingOf(
  missing: Missing[],
  { name: atom, atom: { inject } }: AtomNode,
  action: Missing['action'],
  args: readonly Argument[],
  sources: readonly (Source | null)[],
  storage: Storage,
): void {
  for (let at = 0; at < args.length; at++) {
    const { name, symbol, optional } = args[at] as Argument;
    const isGiven = optional || sources[at] != null || inject.has(name) || storage.has(symbol);
    if (!isGiven) missing.push({ atom, action, argument: name, symbol });
  }
}

function describe(
  { atom, action, argument, symbol }: Missing,
  compilation: Compilation,
  storage: Storage,
): string {
  const kind = compilation.atoms.get(atom)?.kind;
  const what = `${action === 'revert' ? 'the revert of ' : ''}${kind} '${atom}'`;
  const as = argument === symbol ? '' : ` (its argument '${argument}')`;
  const unseen = compilation.providers.get(symbol)?.find(({ node }) => node.name !== atom)?.node.name;
  if (unseen !== undefined) {
    return `${what} requires '${symbol}'${as}, which '${unseen}' provides, but not before it: put them in this order.`;
  }
  if (storage.values.store.secrets.has(symbol)) {
    return `${what} requires '${symbol}'${as}, which is secret and was not kept: give it in the store again.`;
  }
  const near = nearest(symbol, storage.symbols());
  const way = near === null ? hint(symbol, compilation.providers.keys()) : ` The store has '${near}'.`;
  return `${what} requires '${symbol}'${as}: give it in the store, or add a task before it that provides it.${way}`;
}
