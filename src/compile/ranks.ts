/** Orders the nodes and counts the longest path below each: who is started first among those that are ready. */
import { type Draft, isAtom, type Node } from './node.ts';

/**
 * Returns the nodes, each after its predecessors, and writes each node's rank: the atoms on the longest path from it
 * to the end. Linear in nodes and edges.
 */
export function rankNodes(nodes: readonly Draft<Node>[]): readonly Node[] {
  const waiting = new Int32Array(nodes.length);
  const order: Draft<Node>[] = [];
  for (const node of nodes) {
    waiting[node.index] = node.predecessors.length;
    if (node.predecessors.length === 0) order.push(node);
  }
  for (let at = 0; at < order.length; at++) {
    for (const next of (order[at] as Draft<Node>).successors) {
      if (--(waiting[next.index] as number) === 0) order.push(next as Draft<Node>);
    }
  }
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at] as Draft<Node>;
    let below = 0;
    for (const next of node.successors) below = Math.max(below, next.rank);
    node.rank = below + (isAtom(node as Node) ? 1 : 0);
  }
  return Object.freeze(order as Node[]);
}
