/**
 * The arguments of one task, closed. The order of look-up: the task's own inject, the item of a map that it runs for, the
 * transient store, the kept store, then the nearest visible provider that has a value.
 */
import { type AtomNode, levelOf, type ScopeLevel, type Source } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Argument } from '../flow/symbols.ts';
import type { Value } from '../protocol/codec.ts';
import type { PreparedArgument } from '../protocol/messages.ts';
import { argumentDropped, revertDropped } from './dropped.ts';
import { injected } from './injects.ts';
import type { Storage } from './storage.ts';

const NO_ARGUMENTS: readonly PreparedArgument[] = [];

/**
 * Prepares what execute or revert is called with. An optional argument that nobody gives is left out, as is of a map's own
 * what is no value (`StoreValues.live`).
 *
 * @throws TaskloomError PROVIDED_MISSING; SYMBOL_NOT_FOUND, also where what is needed was dropped; VALUE_NOT_ENCODABLE
 */
export function prepareArguments(
  node: AtomNode,
  action: 'execute' | 'revert',
  storage: Storage,
): readonly PreparedArgument[] {
  const { atom } = node;
  const args = action === 'execute' ? atom.args : atom.revertArgs;
  const sources = action === 'execute' ? node.sources : node.revertSources;
  if (action === 'revert' && isDropped(node, storage)) throw revertDropped(node.name);
  if (args.length === 0) return NO_ARGUMENTS;
  // As long as it becomes: a list that grows takes room for many.
  const prepared = new Array<PreparedArgument>(args.length);
  let count = 0;
  for (let at = 0; at < args.length; at++) {
    const argument = prepareArgument(node, args[at] as Argument, sources[at] ?? null, storage);
    if (argument !== null) prepared[count++] = argument;
  }
  prepared.length = count;
  return prepared;
}

/** Null for what is left out. */
function prepareArgument(
  node: AtomNode,
  { name, symbol, optional }: Argument,
  nearest: Source | null,
  storage: Storage,
): PreparedArgument | null {
  if (node.atom.inject.has(name)) return { name, value: injected(node, name), take: null };
  const given = givenByItem(node, symbol, storage) ?? storage.values.store.get(symbol);
  if (given !== null) return { name, value: given.value, take: null };
  if (storage.values.store.live(symbol) !== null) {
    if (node.kind === 'map') return null;
    throw notForTasks(node, symbol);
  }
  const found = findProvided(node, symbol, nearest, storage);
  if (found !== null) return { name, value: found.value, take: found.take };
  if (optional) return null;
  throw missing(node, name, symbol, nearest, storage);
}

/** What the revert of a task would be told is not here. A retry's is told its history, which is. */
function isDropped(node: AtomNode, storage: Storage): boolean {
  if (node.item !== null) return storage.itemsOf(node.item.map).isDropped;
  return node.kind === 'task' && storage.recordAt(node).dropped;
}

/** What a map gives to its task: the item, and where it stands. */
export function givenByItem(
  { item }: AtomNode,
  symbol: string,
  storage: Storage,
): { readonly value: Value } | null {
  if (item === null) return null;
  const { as, indexAs } = item.map.atom;
  if (symbol === as) return { value: storage.itemsOf(item.map).input(item.index) };
  return symbol === indexAs ? { value: item.index } : null;
}

/**
 * Walks from the nearest provider to those that it shadows, to the first that has the value. Only those that were ignored let
 * it leave their scope level (TaskFlow `storage.py`, `_ProviderLocator`).
 */
function findProvided(
  node: AtomNode,
  symbol: string,
  nearest: Source | null,
  storage: Storage,
): Pick<PreparedArgument, 'value' | 'take'> | null {
  let within: { readonly level: ScopeLevel | null } | null = null;
  for (let source = nearest; source !== null; source = source.previous) {
    const found = ofItem(node, source);
    if (storage.recordAt(found.node).state === 'IGNORE') continue;
    const level = levelOf(source, node.level);
    if (within !== null && within.level !== level) return null;
    const provided = storage.values.provided(found);
    if (provided !== null) return { value: provided.value, take: found.take };
    if (storage.values.isDropped(found)) throw argumentDropped(node.name, symbol, found.node.name);
    if (!storage.values.lacks(found)) return null;
    within = { level };
  }
  return null;
}

/** What the retry of a map's task gives, is given by that of this very item. */
export function ofItem({ item, retry }: AtomNode, source: Source): Source {
  const isOwn = item !== null && retry !== null && source.node === item.map.inner.retry;
  return isOwn ? { ...source, node: retry } : source;
}

function notForTasks({ name }: AtomNode, symbol: string): TaskloomError {
  return new TaskloomError(
    'VALUE_NOT_ENCODABLE',
    `Task '${name}' requires '${symbol}', and what the store has there can be gone through by a map only: give a list.`,
    { details: { atom: name, symbol, path: `store.${symbol}` } },
  );
}

function missing(
  { name: atom, kind }: AtomNode,
  argument: string,
  symbol: string,
  nearest: Source | null,
  storage: Storage,
): TaskloomError {
  const details = { atom, argument, symbol, provider: nearest?.node.name };
  if (nearest !== null && storage.values.lacks(nearest)) {
    const part = typeof nearest.take === 'number' ? `position ${nearest.take}` : `property '${nearest.take}'`;
    return new TaskloomError(
      'PROVIDED_MISSING',
      `Task '${atom}' requires '${symbol}', but the result of task '${nearest.node.name}' has no ${part}.`,
      { details },
    );
  }
  const what = kind === 'map' ? 'Map' : 'Task';
  return new TaskloomError(
    'SYMBOL_NOT_FOUND',
    `${what} '${atom}' requires '${symbol}', and nobody has given it.`,
    { details },
  );
}
