/** Orders the nodes, counts the longest path below each, and finds where a flow begins to which nothing has happened. */
import { type AtomNode, type Draft, isAtom, type Node } from './node.ts';

/** How all stands before anything has run. */
export interface Beginning {
  /** By the index of the node: predecessors that are to be waited for; an end of a flow that waits for none is passed at once. */
  readonly waiting: Int32Array;
  /** Atoms that wait for none, in the order of the compilation. */
  readonly first: readonly AtomNode[];
}

/**
 * Returns the nodes, each after its predecessors, and the beginning, and writes each node's rank: the atoms on the longest path
 * from it to the end. Linear in nodes and edges.
 */
export function rankNodes(nodes: readonly Draft<Node>[]): {
  readonly order: readonly Node[];
  readonly beginning: Beginning;
} {
  const unplaced = new Int32Array(nodes.length);
  const order: Draft<Node>[] = [];
  for (const node of nodes) {
    unplaced[node.index] = node.predecessors.length;
    if (node.predecessors.length === 0) order.push(node);
  }
  const waiting = unplaced.slice();
  for (let at = 0; at < order.length; at++) {
    const node = order[at] as Draft<Node>;
    const isPassed = waiting[node.index] === 0 && !isAtom(node as Node);
    for (const next of node.successors) {
      if (isPassed) waiting[next.index] = (waiting[next.index] as number) - 1;
      if (--(unplaced[next.index] as number) === 0) order.push(next as Draft<Node>);
    }
  }
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at] as Draft<Node>;
    let below = 0;
    for (const next of node.successors) below = Math.max(below, next.rank);
    node.rank = below + (isAtom(node as Node) ? 1 : 0);
  }
  const first = (nodes as readonly Node[]).filter((node) => waiting[node.index] === 0).filter(isAtom);
  return { order: Object.freeze(order as Node[]), beginning: { waiting, first } };
}
