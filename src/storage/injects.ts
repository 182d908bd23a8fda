/** The values that definitions fix, closed once per atom however often it runs. */
import type { AtomNode } from '../compile/node.ts';
import type { AnyAtom } from '../flow/unit.ts';
import { close, isPlain, type Value } from '../protocol/codec.ts';

const closedInjects = new WeakMap<AnyAtom, Map<string, Value>>();

/** Throws what `close` throws. */
export function injected({ name: task, atom }: AtomNode, name: string): Value {
  const value = atom.inject.get(name);
  if (isPlain(value)) return value;
  const closed = closedInjects.get(atom) ?? new Map<string, Value>();
  closedInjects.set(atom, closed);
  if (!closed.has(name)) closed.set(name, close(value, `inject.${name} of task '${task}'`));
  return closed.get(name);
}

/** All of an atom, by argument. */
export function injectedValues(node: AtomNode): ReadonlyMap<string, Value> {
  return new Map([...node.atom.inject.keys()].map((name) => [name, injected(node, name)]));
}
