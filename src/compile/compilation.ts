/**
 * What a flow means: its atoms in one execution graph, frozen. Every flow becomes an entry and an exit node around its
 * units, so that a flow's successor starts only after all of the flow, and the edges stay as many as the units.
 *
 *   linear(a, b)       entry ─▶ a ─▶ b ─▶ exit
 *   unordered(a, b)    entry ─▶ a ─▶ exit
 *                            └▶ b ─▶┘
 *
 * From TaskFlow (`engines/action_engine/compiler.py`).
 */
import type { AnyUnit } from '../flow/unit.ts';
import { buildGraph } from './graph.ts';
import type { AtomNode, Node, Source } from './node.ts';
import { rankNodes } from './ranks.ts';
import { resolveSymbols } from './scopes.ts';

export interface Compilation {
  readonly root: AnyUnit;
  /** In the order in which the units were added, depth first; `nodes[n].index === n`. */
  readonly nodes: readonly Node[];
  /** Every node after its predecessors. */
  readonly order: readonly Node[];
  /** The atoms by name, in the order of `nodes`. */
  readonly atoms: ReadonlyMap<string, AtomNode>;
  /** Who provides each symbol, in the order of `nodes`. */
  readonly providers: ReadonlyMap<string, readonly Source[]>;
  /** For each provided symbol, the provider that a task after the whole flow would see. */
  readonly results: ReadonlyMap<string, Source>;
}

/**
 * Flattens a flow, or a single task, into its execution graph.
 *
 * @throws TaskloomError UNIT_INVALID, FLOW_CONTAINS_ITSELF, UNIT_TWICE, DUPLICATE_NAME
 */
export function compile(root: AnyUnit): Compilation {
  const graph = buildGraph(root);
  const order = rankNodes(graph.nodes);
  const symbols = resolveSymbols(graph);
  return Object.freeze({ root, nodes: Object.freeze(graph.nodes), order, atoms: graph.atoms, ...symbols });
}
