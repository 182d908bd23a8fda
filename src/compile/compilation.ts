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
import { checkUnit } from '../flow/recognise.ts';
import type { GivesOf, NeedsOf, Typed } from '../flow/symbols.ts';
import type { AnyUnit } from '../flow/unit.ts';
import { buildGraph } from './graph.ts';
import type { AtomNode, Node, Source } from './node.ts';
import { type Beginning, rankNodes } from './ranks.ts';
import { resolveSymbols } from './scopes.ts';

/**
 * A compiled flow, by the symbols that it needs from outside and that it gives. No run changes anything in it, so that many
 * can share it.
 */
export interface Compilation<Needs = unknown, Gives = unknown> extends Typed<Needs, Gives> {
  readonly kind: 'compilation';
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

/** What every compilation of this copy carries: its beginning. */
const MADE: unique symbol = Symbol('compilation');

/**
 * Flattens a flow, or a single task, into its execution graph, for `run` and `createEngine` to take in place of the flow as
 * often as is wanted, with another store each time. What is added to the flow afterwards is not seen.
 *
 * @throws TaskloomError UNIT_INVALID, TASKLOOM_TWICE, FLOW_CONTAINS_ITSELF, UNIT_TWICE, DUPLICATE_NAME
 */
export function compile<U extends AnyUnit>(flow: U): Compilation<NeedsOf<U>, GivesOf<U>> {
  checkUnit(flow, 'compile()');
  const graph = buildGraph(flow);
  const { order, beginning } = rankNodes(graph.nodes);
  const symbols = resolveSymbols(graph);
  const nodes = Object.freeze(graph.nodes);
  const compilation = {
    kind: 'compilation' as const,
    root: flow,
    nodes,
    order,
    atoms: graph.atoms,
    ...symbols,
  };
  return Object.freeze(Object.defineProperty(compilation, MADE, { value: beginning }));
}

export function isCompilation(value: unknown): value is Compilation {
  return typeof value === 'object' && value !== null && MADE in value;
}

/** How the flow stands before anything has run. */
export function beginningOf(compilation: Compilation): Beginning {
  return (compilation as Compilation & { readonly [MADE]: Beginning })[MADE];
}
