/** The parts of an execution graph: atoms in their places, the ends of flows, and who provides what to whom. */

import type { Deciding } from '../flow/decider.ts';
import type { Provided } from '../flow/symbols.ts';
import type { AnyFlow, AnyRetry, AnyTask } from '../flow/unit.ts';

interface AnyAtomNode {
  readonly index: number;
  readonly name: string;
  /** The entry of the flow in which it stands; null for a task that is run without a flow. */
  readonly flow: FlowNode | null;
  /** The retry that decides about its failure: the nearest around it; null for none. */
  readonly retry: RetryNode | null;
  readonly predecessors: readonly Node[];
  readonly successors: readonly Node[];
  /** Atoms on the longest path below this one, itself included. */
  readonly rank: number;
  /** For each of the atom's `args`, its nearest visible provider. */
  readonly sources: readonly (Source | null)[];
  /** The same for `revertArgs`. */
  readonly revertSources: readonly (Source | null)[];
  /** True when a task may read what this one provides, its own revert included. */
  readonly read: boolean;
  /** On the links to it, and on those to the flows of which it is the first. */
  readonly deciding: readonly DecidingEdge[];
}

export interface TaskNode extends AnyAtomNode {
  readonly kind: 'task';
  readonly atom: AnyTask;
}

export interface RetryNode extends AnyAtomNode {
  readonly kind: 'retry';
  readonly atom: AnyRetry;
}

/** An atom in its place in the graph. */
export type AtomNode = TaskNode | RetryNode;

/** Where a flow begins or ends: passed through, never run. */
export interface FlowNode {
  readonly kind: 'entry' | 'exit';
  readonly index: number;
  readonly name: string;
  /** The entry of the flow around this one. */
  readonly flow: FlowNode | null;
  readonly unit: AnyFlow;
  /** On the links to the flow; of an exit none. */
  readonly deciding: readonly DecidingEdge[];
  readonly predecessors: readonly Node[];
  readonly successors: readonly Node[];
  readonly rank: number;
}

export type Node = AtomNode | FlowNode;

export function isAtom(node: Node): node is AtomNode {
  return node.kind === 'task' || node.kind === 'retry';
}

/** Who is asked before an atom runs: the decider of a link, and where that link comes from. */
export interface DecidingEdge extends Deciding {
  readonly from: Node;
}

/** A provider of a symbol, linked to the one that it shadows. */
export interface Source extends Provided {
  readonly node: AtomNode;
  readonly previous: Source | null;
}

/** A node while it is made. */
export type Draft<N extends Node> = N extends Node
  ? { -readonly [K in keyof N]: N[K] extends readonly (infer E)[] ? E[] : N[K] }
  : never;
