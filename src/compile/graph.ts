/** Units → nodes and edges. Walks with its own stack, so that flows nested 10,000 deep compile. */
import { TaskloomError } from '../errors.ts';
import type { AnyAtom, AnyFlow, AnyMap, AnyRetry, AnyTask, AnyUnit } from '../flow/unit.ts';
import {
  type AtomNode,
  type DecidingEdge,
  type Draft,
  type FlowNode,
  type ItemNodes,
  type MapNode,
  type Node,
  type RetryNode,
  readItemName,
  type Source,
} from './node.ts';

/** What became of a flow, or of a task with a retry: the nodes at which it begins and ends. */
interface Span {
  readonly first: Draft<Node>;
  /** Where the units inside begin: the flow's retry, or its entry. */
  readonly head: Draft<Node>;
  last: Draft<Node>;
}

export interface Graph {
  readonly root: AnyUnit;
  readonly nodes: Draft<Node>[];
  readonly atoms: Map<string, Draft<AtomNode>>;
  /** Where each flow stands, and each task that has a retry; the others begin and end at their own node. */
  readonly spans: Map<AnyUnit, Span>;
}

/** Where a unit begins. */
function firstOf({ spans, atoms }: Graph, unit: AnyUnit): Draft<Node> {
  return spans.get(unit)?.first ?? (atoms.get(unit.name) as Draft<AtomNode>);
}

/** Where the units inside of a unit begin; of a task or a map without a retry, its node. */
export function headOf({ spans, atoms }: Graph, unit: AnyUnit): Draft<Node> {
  return spans.get(unit)?.head ?? (atoms.get(unit.name) as Draft<AtomNode>);
}

function lastOf({ spans, atoms }: Graph, unit: AnyUnit): Draft<Node> {
  return spans.get(unit)?.last ?? (atoms.get(unit.name) as Draft<AtomNode>);
}

/** A flow whose units are being placed. */
interface Frame {
  readonly flow: AnyFlow;
  /** Asked for once: a graph flow with a target finds them each time. */
  readonly units: readonly AnyUnit[];
  readonly entry: Draft<FlowNode>;
  /** Decides about the failures of its units. */
  readonly retry: Draft<RetryNode> | null;
  next: number;
}

export function buildGraph(root: AnyUnit): Graph {
  const graph: Graph = { root, nodes: [], atoms: new Map(), spans: new Map() };
  const open: Frame[] = [];
  const openFlows = new Set<AnyFlow>();

  const place = (unit: AnyUnit, around: Frame | null): void => {
    if (unit.kind === 'task' && unit.retry !== null) {
      placeRetried(graph, unit, unit.retry, around);
      return;
    }
    if (unit.kind !== 'flow') {
      placeAtom(graph, unit.name, unit, around?.entry ?? null, around?.retry ?? null);
      return;
    }
    refuseSecondPlace(unit, openFlows, graph.spans, around);
    const frame = openFlow(graph, unit, around);
    open.push(frame);
    openFlows.add(unit);
  };

  place(root, null);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const unit = frame.units[frame.next++];
    if (unit !== undefined) {
      place(unit, frame);
      continue;
    }
    open.pop();
    openFlows.delete(frame.flow);
    const span = graph.spans.get(frame.flow) as Span;
    span.last = placeFlowNode(graph, 'exit', frame.flow, frame.entry.flow as Draft<FlowNode> | null);
    connectFlow(frame, span, graph);
  }
  for (const node of graph.nodes) if (node.kind === 'map') shareEdges(node);
  handDownDeciders(graph.nodes);
  refuseNamesOfItems(graph.atoms);
  return graph;
}

/** An atom with the name of an item of a map could not be told from it. */
function refuseNamesOfItems(atoms: ReadonlyMap<string, Draft<AtomNode>>): void {
  for (const name of atoms.keys()) {
    const map = readItemName(name)?.map;
    if (map === undefined || atoms.get(map)?.kind !== 'map') continue;
    throw new TaskloomError(
      'DUPLICATE_NAME',
      `An atom is named '${name}', as an item of map '${map}' is. Rename one.`,
      { details: { name } },
    );
  }
}

/** Whoever decides about a flow decides about its first atoms; nodes stand after the entries around them. */
function handDownDeciders(nodes: readonly Draft<Node>[]): void {
  for (const node of nodes) {
    for (const before of node.predecessors) {
      if (before.kind !== 'entry' || before.deciding.length === 0) continue;
      node.deciding = [...node.deciding, ...before.deciding];
    }
  }
}

/** Places the entry of a flow, and its retry behind it. */
function openFlow(graph: Graph, flow: AnyFlow, around: Frame | null): Frame {
  const entry = placeFlowNode(graph, 'entry', flow, around?.entry ?? null);
  const outer = around?.retry ?? null;
  let head: Draft<Node> = entry;
  let retry = outer;
  if (flow.retry !== null) {
    retry = placeAtom(
      graph,
      flow.retry.name ?? `${flow.name}_retry`,
      flow.retry,
      entry,
      outer,
    ) as Draft<RetryNode>;
    head = retry;
    connect(entry, retry);
  }
  graph.spans.set(flow, { first: entry, head, last: entry });
  return { flow, units: flow.units, entry, retry, next: 0 };
}

/** A task with a retry of its own stands as in a flow of its name with nothing else in it. */
function placeRetried(graph: Graph, task: AnyTask, retry: AnyRetry, around: Frame | null): void {
  const flow: AnyFlow = { kind: 'flow', name: task.name, pattern: 'linear', retry, units: [task], links: [] };
  const frame = openFlow(graph, flow, around);
  const node = placeAtom(graph, task.name, task, frame.entry, frame.retry);
  const span = graph.spans.get(flow) as Span;
  span.last = placeFlowNode(graph, 'exit', flow, around?.entry ?? null);
  connect(span.head, node);
  connect(node, span.last);
  graph.spans.set(task, span);
}

function placeAtom(
  graph: Graph,
  name: string,
  atom: AnyAtom,
  around: Draft<FlowNode> | null,
  retry: Draft<RetryNode> | null,
): Draft<AtomNode> {
  const twin = graph.atoms.get(name);
  if (twin !== undefined) {
    const places = `once in flow '${twin.flow?.name}' and once in flow '${around?.name}'`;
    throw new TaskloomError(
      'DUPLICATE_NAME',
      `Two atoms are named '${name}', ${places}. Rename one; a task may be added as task.as('another name').`,
      { details: { name } },
    );
  }
  const node = newAtomNode(name, atom, graph.nodes.length, around, retry);
  if (atom.kind === 'map') (node as { inner: ItemNodes }).inner = innerNodes(name, atom, node);
  graph.nodes.push(node);
  graph.atoms.set(name, node);
  return node;
}

/** Shared by all nodes that have none; nodes get another list instead of a longer one. */
const NO_NODES: Node[] = [];
const NO_EDGES: DecidingEdge[] = [];
export const NO_SOURCES: (Source | null)[] = [];

function newAtomNode(
  name: string,
  atom: AnyAtom,
  index: number,
  around: Draft<FlowNode> | null,
  retry: Draft<RetryNode> | null,
): Draft<AtomNode> {
  return {
    kind: atom.kind,
    index,
    name,
    atom,
    flow: around as FlowNode | null,
    retry: retry as RetryNode | null,
    predecessors: NO_NODES,
    successors: NO_NODES,
    rank: 0,
    sources: NO_SOURCES,
    revertSources: NO_SOURCES,
    level: null,
    read: false,
    deciding: NO_EDGES,
    item: null,
  } as Draft<AtomNode>;
}

/** What runs for each item of a map: in no edge of the graph, but with those of the map as its own. */
function innerNodes(name: string, { task }: AnyMap, map: Draft<AtomNode>): ItemNodes {
  const around = map.flow as Draft<FlowNode> | null;
  const retry =
    task.retry === null
      ? null
      : (newAtomNode(
          task.retry.name ?? `${name}_retry`,
          task.retry,
          map.index,
          around,
          null,
        ) as Draft<RetryNode>);
  return { task: newAtomNode(name, task, map.index, around, retry), retry } as ItemNodes;
}

function shareEdges({ inner, predecessors, successors }: Draft<MapNode>): void {
  for (const node of [inner.task, inner.retry]) {
    if (node !== null) Object.assign(node, { predecessors, successors });
  }
}

function placeFlowNode(
  graph: Graph,
  kind: FlowNode['kind'],
  unit: AnyFlow,
  around: Draft<FlowNode> | null,
): Draft<FlowNode> {
  const node: Draft<FlowNode> = {
    kind,
    index: graph.nodes.length,
    name: unit.name,
    flow: around as FlowNode | null,
    unit,
    deciding: NO_EDGES,
    predecessors: NO_NODES,
    successors: NO_NODES,
    rank: 0,
  };
  graph.nodes.push(node);
  return node;
}

/** One flow object can't stand twice: its atoms would. */
function refuseSecondPlace(
  flow: AnyFlow,
  openFlows: ReadonlySet<AnyFlow>,
  spans: ReadonlyMap<AnyUnit, Span>,
  around: Frame | null,
): void {
  if (!spans.has(flow)) return;
  const inside = around?.flow.name;
  const details = { flow: flow.name, inside };
  if (openFlows.has(flow)) {
    const path = [...openFlows].map((open) => `'${open.name}'`).slice(-5);
    throw new TaskloomError(
      'FLOW_CONTAINS_ITSELF',
      `Flow '${flow.name}' contains itself: ${path.join(' holds ')} holds '${flow.name}'. Remove the inner one.`,
      { details },
    );
  }
  throw new TaskloomError(
    'UNIT_TWICE',
    `Flow '${flow.name}' was added at two places, the second in flow '${inside}'. Build it twice, by a function.`,
    { details },
  );
}

function connectFlow({ flow, units }: Frame, { head, last }: Span, graph: Graph): void {
  switch (flow.pattern) {
    case 'linear': {
      let before = head;
      for (const unit of units) {
        connect(before, firstOf(graph, unit));
        before = lastOf(graph, unit);
      }
      connect(before, last);
      return;
    }
    case 'unordered':
    case 'graph':
      for (const { from, to, deciding } of flow.links) {
        const [before, after] = [lastOf(graph, from), firstOf(graph, to)];
        connect(before, after);
        if (deciding !== null) after.deciding = [...after.deciding, { ...deciding, from: before as Node }];
      }
      for (const unit of units) {
        const [begin, end] = [firstOf(graph, unit), lastOf(graph, unit)];
        if (begin.predecessors.length === 0) connect(head, begin);
        if (end.successors.length === 0) connect(end, last);
      }
      if (units.length === 0) connect(head, last);
  }
}

function connect(from: Draft<Node>, to: Draft<Node>): void {
  from.successors = withOneMore(from.successors, to as Node);
  to.predecessors = withOneMore(to.predecessors, from as Node);
}

/** Most nodes have few neighbours; a list that grows by itself would hold room for sixteen more. */
function withOneMore(nodes: Node[], node: Node): Node[] {
  if (nodes.length < 4) return nodes.concat(node);
  nodes.push(node);
  return nodes;
}
