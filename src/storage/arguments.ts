/**
 * The arguments of one task, closed. The order of look-up: the task's own inject, the transient store, the kept store,
 * then the nearest visible provider that has a value.
 */
import type { AtomNode, Source } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { AnyAtom } from '../flow/unit.ts';
import { close, type Value } from '../protocol/codec.ts';
import type { PreparedArgument } from '../protocol/messages.ts';
import type { Storage } from './storage.ts';

/**
 * Prepares what execute or revert is called with. An optional argument that nobody gives is left out.
 *
 * @throws TaskloomError PROVIDED_MISSING, SYMBOL_NOT_FOUND, VALUE_NOT_ENCODABLE
 */
export function prepareArguments(
  node: AtomNode,
  action: 'execute' | 'revert',
  storage: Storage,
): readonly PreparedArgument[] {
  const { atom } = node;
  const args = action === 'execute' ? atom.args : atom.revertArgs;
  const sources = action === 'execute' ? node.sources : node.revertSources;
  const prepared: PreparedArgument[] = [];
  for (const [at, { name, symbol, optional }] of args.entries()) {
    if (atom.inject.has(name)) {
      prepared.push({ name, value: injected(node, name), take: null });
      continue;
    }
    const stored = storage.stored(symbol);
    if (stored !== null) {
      prepared.push({ name, value: stored.value, take: null });
      continue;
    }
    const nearest = sources[at] ?? null;
    const found = findProvided(nearest, storage);
    if (found !== null) prepared.push({ name, value: found.value, take: found.take });
    else if (!optional) throw missing(node, name, symbol, nearest, storage);
  }
  return prepared;
}

/** Walks from the nearest provider to those that it shadows, to the first that has the value. */
function findProvided(
  nearest: Source | null,
  storage: Storage,
): Pick<PreparedArgument, 'value' | 'take'> | null {
  for (let source = nearest; source !== null; source = source.previous) {
    const provided = storage.provided(source);
    if (provided !== null) return { value: provided.value, take: source.take };
    if (storage.atomState(source.node.name) !== 'IGNORE' && !storage.lacks(source)) return null;
  }
  return null;
}

/** Closed injects, once per atom however often it runs. */
const closedInjects = new WeakMap<AnyAtom, Map<string, Value>>();

function injected({ name: task, atom }: AtomNode, name: string): Value {
  const closed = closedInjects.get(atom) ?? new Map<string, Value>();
  closedInjects.set(atom, closed);
  if (!closed.has(name)) closed.set(name, close(atom.inject.get(name), `inject.${name} of task '${task}'`));
  return closed.get(name);
}

function missing(
  { name: atom }: AtomNode,
  argument: string,
  symbol: string,
  nearest: Source | null,
  storage: Storage,
): TaskloomError {
  const details = { atom, argument, symbol, provider: nearest?.node.name };
  if (nearest !== null && storage.lacks(nearest)) {
    const part = typeof nearest.take === 'number' ? `position ${nearest.take}` : `property '${nearest.take}'`;
    return new TaskloomError(
      'PROVIDED_MISSING',
      `Task '${atom}' requires '${symbol}', but the result of task '${nearest.node.name}' has no ${part}.`,
      { details },
    );
  }
  return new TaskloomError(
    'SYMBOL_NOT_FOUND',
    `Task '${atom}' requires '${symbol}', and nobody has given it.`,
    { details },
  );
}
