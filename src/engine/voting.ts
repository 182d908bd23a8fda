/**
 * Asks the deciders of an atom that is ready, and says which atoms a no reaches (TaskFlow `deciders.py`). Decides; the
 * engine applies.
 */
import { type AtomNode, type DecidingEdge, isAtom, isWork, type Node, nodesBehind } from '../compile/node.ts';
import { type Depth, widest } from '../flow/decider.ts';
import { open } from '../protocol/codec.ts';
import { decisionDropped } from '../storage/dropped.ts';
import type { Storage } from '../storage/storage.ts';
import type { Asking } from './asking.ts';

/**
 * The atoms that are not to run; none when all say yes.
 *
 * @throws what a decider throws; TaskloomError SYMBOL_NOT_FOUND where what it would be shown was dropped
 */
export function* ignoredBy(node: AtomNode, storage: Storage): Asking<readonly AtomNode[]> {
  const edges = node.deciding.filter(({ from }) => !isIgnored(from, storage));
  const history = historyOf(node, edges, storage);
  const naysayers: Depth[] = [];
  for (const { decide, depth } of edges) if (!(yield decide(history))) naysayers.push(depth);
  return naysayers.length === 0 ? [] : reachedBy(widest(naysayers), node);
}

function isIgnored(node: Node, storage: Storage): boolean {
  return isAtom(node) && storage.recordAt(node).state === 'IGNORE';
}

/** The results of the deciding atoms; where a flow is what decides, there is none. */
function historyOf(
  node: AtomNode,
  edges: readonly DecidingEdge[],
  storage: Storage,
): Readonly<Record<string, unknown>> {
  const atoms = edges.map(({ from }) => from).filter(isAtom);
  return Object.fromEntries(
    atoms.map((atom) => {
      const { result, dropped } = storage.recordAt(atom);
      if (dropped) throw decisionDropped(node.name, atom.name);
      return [atom.name, open(result)];
    }),
  );
}

function reachedBy(depth: Depth, node: AtomNode): readonly AtomNode[] {
  switch (depth) {
    case 'ALL':
      return [node, ...[...nodesBehind(node)].filter(isAtom)];
    case 'FLOW':
      return tasksBehind(node);
    case 'NEIGHBORS':
      return [node, ...node.successors.filter(isWork)];
    case 'ATOM':
      return [node];
  }
}

/** The atom and what is reached from it through tasks alone, which is inside of its flow. */
function tasksBehind(start: AtomNode): readonly AtomNode[] {
  const found = new Set<AtomNode>([start]);
  for (const node of found) for (const next of node.successors) if (isWork(next)) found.add(next);
  return [...found];
}
