/** The parts of an execution graph: atoms in their places, the ends of flows, and who provides what to whom. */

import type { Deciding } from '../flow/decider.ts';
import type { Provided } from '../flow/symbols.ts';
import type { AnyFlow, AnyMap, AnyRetry, AnyTask } from '../flow/unit.ts';

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
  /** The innermost scope level of its sources; null for a task that is run without a flow. */
  readonly level: ScopeLevel | null;
  /** True when a task may read what this one provides, its own revert included. */
  readonly read: boolean;
  /** On the links to it, and on those to the flows of which it is the first. */
  readonly deciding: readonly DecidingEdge[];
  /** Which item of a map it stands for; null for all that are in the compilation. */
  readonly item: ItemPlace | null;
}

/** An item of a map, by its position. */
export interface ItemPlace {
  readonly map: MapNode;
  readonly index: number;
}

export interface TaskNode extends AnyAtomNode {
  readonly kind: 'task';
  readonly atom: AnyTask;
}

export interface RetryNode extends AnyAtomNode {
  readonly kind: 'retry';
  readonly atom: AnyRetry;
}

export interface MapNode extends AnyAtomNode {
  readonly kind: 'map';
  readonly atom: AnyMap;
  /** What runs for each item, as it stands for all of them; `nodesOfItem` makes those of one. */
  readonly inner: ItemNodes;
}

/** The task of an item, and the retry that decides about it. */
export interface ItemNodes {
  readonly task: TaskNode;
  readonly retry: RetryNode | null;
}

/** An atom in its place in the graph. */
export type AtomNode = TaskNode | RetryNode | MapNode;

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
  return node.kind !== 'entry' && node.kind !== 'exit';
}

/** A task or a map: what a retry decides about and a decider's no reaches. */
export function isWork(node: Node): node is TaskNode | MapNode {
  return node.kind === 'task' || node.kind === 'map';
}

/** All that lies behind a node in the graph, also outside of its flow. */
export function nodesBehind(start: Node): ReadonlySet<Node> {
  const found = new Set<Node>(start.successors);
  for (const node of found) for (const next of node.successors) found.add(next);
  return found;
}

/** The nodes that stand for one item of a map, made for as long as it is in hand. Its retry is named after it, whatever name that has. */
export function nodesOfItem(map: MapNode, index: number): ItemNodes {
  const item = { map, index };
  const name = nameOfItem(map.name, index);
  const { task, retry } = map.inner;
  if (retry === null) return { task: { ...task, name, item }, retry };
  const retryNode = { ...retry, name: `${name}_retry`, item };
  return { task: { ...task, name, item, retry: retryNode }, retry: retryNode };
}

/** `thumbnails[17]`, and the same with what the retry of an item is called by default. */
const ITEM = /^(.*)\[(0|[1-9]\d*)\](_retry)?$/s;

/** What the name of an item says; null for a name that is none. */
export function readItemName(
  name: string,
): { readonly map: string; readonly index: number; readonly isRetry: boolean } | null {
  if (!name.endsWith(']') && !name.endsWith(']_retry')) return null;
  const [, map, index, retry] = ITEM.exec(name) ?? [];
  return map === undefined ? null : { map, index: Number(index), isRetry: retry !== undefined };
}

/** What the item at a position is called in events and in storage. */
export function nameOfItem(map: string, index: number): string {
  return `${map}[${index}]`;
}

/** Who is asked before an atom runs: the decider of a link, and where that link comes from. */
export interface DecidingEdge extends Deciding {
  readonly from: Node;
}

/** A provider of a symbol, linked to the one that it shadows. */
export interface Source extends Provided {
  readonly node: AtomNode;
  readonly previous: Source | null;
  /** Its place among all that was provided before it on the walk that found it. */
  readonly at: number;
}

/** A flow as a scope level of the atoms in it: what was provided from `start` on belongs to it, what was before to `outer`. */
export interface ScopeLevel {
  readonly start: number;
  readonly outer: ScopeLevel | null;
}

/** The level to which a provider belongs, seen from an atom in `level`. */
export function levelOf(source: Source, level: ScopeLevel | null): ScopeLevel | null {
  let found = level;
  while (found !== null && source.at < found.start) found = found.outer;
  return found;
}

/** A node while it is made. */
export type Draft<N extends Node> = N extends Node
  ? { -readonly [K in keyof N]: N[K] extends readonly (infer E)[] ? E[] : N[K] }
  : never;
