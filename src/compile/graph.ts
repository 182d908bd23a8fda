/** Units → nodes and edges. Walks with its own stack, so that flows nested 10,000 deep compile. */
import { TaskloomError } from '../errors.ts';
import type { AnyAtom, AnyFlow, AnyMap, AnyRetry, AnyTask, AnyUnit, Link } from '../flow/unit.ts';
import { UnitLinks } from './links.ts';
import {
  type AtomNode,
  type DecidingEdge,
  type Draft,
  type FlowNode,
  type ItemNodes,
  isWork,
  type MapNode,
  type Node,
  type RetryNode,
  readItemName,
  type Source,
} from './node.ts';

/** What became of a flow, or of a task with a retry: the nodes at which it begins and ends. */
export interface Span {
  readonly first: Draft<Node>;
  /** Where the units inside begin: the flow's retry, or its entry. */
  readonly head: Draft<Node>;
  last: Draft<Node>;
  /** Asked for once: a graph flow with a target finds them each time. */
  readonly units: readonly AnyUnit[];
  /** By the position of the unit: where the units inside of it begin; of a task or a map without a retry, its node. */
  readonly heads: Draft<Node>[];
  /** Of a graph flow, when its units are placed. */
  links: UnitLinks | null;
}

export interface Graph {
  readonly root: AnyUnit;
  readonly nodes: Draft<Node>[];
  readonly atoms: Map<string, Draft<AtomNode>>;
  /** Where each flow stands, and each task that has a retry; the others begin and end at their own node. */
  readonly spans: Map<AnyUnit, Span>;
}

/** Where the unit at a position begins. */
function firstAt(at: number, { units, heads }: Span, { spans }: Graph): Draft<Node> {
  const head = heads[at] as Draft<Node>;
  return isWork(head as Node) ? head : (spans.get(units[at] as AnyUnit) as Span).first;
}

function lastAt(at: number, { units, heads }: Span, { spans }: Graph): Draft<Node> {
  const head = heads[at] as Draft<Node>;
  return isWork(head as Node) ? head : (spans.get(units[at] as AnyUnit) as Span).last;
}

/** A flow whose units are being placed. */
interface Frame {
  readonly flow: AnyFlow;
  readonly span: Span;
  readonly entry: Draft<FlowNode>;
  /** Decides about the failures of its units. */
  readonly retry: Draft<RetryNode> | null;
}

export function buildGraph(root: AnyUnit): Graph {
  const graph: Graph = { root, nodes: [], atoms: new Map(), spans: new Map() };
  const open: Frame[] = [];
  const openFlows = new Set<AnyFlow>();

  /** Returns the head of the unit. */
  const place = (unit: AnyUnit, around: Frame | null): Draft<Node> => {
    if (unit.kind === 'task' && unit.retry !== null) return placeRetried(graph, unit, unit.retry, around);
    if (unit.kind !== 'flow')
      return placeAtom(graph, unit.name, unit, around?.entry ?? null, around?.retry ?? null);
    refuseSecondPlace(unit, openFlows, graph.spans, around);
    const frame = openFlow(graph, unit, around);
    open.push(frame);
    openFlows.add(unit);
    return frame.span.head;
  };

  place(root, null);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const { flow, span, entry } = frame;
    const unit = span.units[span.heads.length];
    if (unit !== undefined) {
      span.heads.push(place(unit, frame));
      continue;
    }
    open.pop();
    openFlows.delete(flow);
    span.last = placeFlowNode(graph, 'exit', flow, entry.flow as Draft<FlowNode> | null);
    connectFlow(flow, span, graph);
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
    if (node.kind !== 'entry' || node.deciding.length === 0) continue;
    for (const next of node.successors as Draft<Node>[]) next.deciding = [...next.deciding, ...node.deciding];
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
  const span: Span = { first: entry, head, last: entry, units: flow.units, heads: [], links: null };
  graph.spans.set(flow, span);
  return { flow, span, entry, retry };
}

/** A task with a retry of its own stands as in a flow of its name with nothing else in it. */
function placeRetried(graph: Graph, task: AnyTask, retry: AnyRetry, around: Frame | null): Draft<Node> {
  const flow: AnyFlow = { kind: 'flow', name: task.name, pattern: 'linear', retry, units: [task], links: [] };
  const { span, entry, retry: own } = openFlow(graph, flow, around);
  const node = placeAtom(graph, task.name, task, entry, own);
  span.last = placeFlowNode(graph, 'exit', flow, around?.entry ?? null);
  connect(span.head, node);
  connect(node, span.last);
  graph.spans.set(task, span);
  return span.head;
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

function connectFlow(flow: AnyFlow, span: Span, graph: Graph): void {
  const { head, last, units } = span;
  if (flow.pattern === 'linear') {
    let before = head;
    for (let at = 0; at < units.length; at++) {
      connect(before, firstAt(at, span, graph));
      before = lastAt(at, span, graph);
    }
    connect(before, last);
    return;
  }
  if (flow.pattern === 'graph') connectLinked(flow, span, graph);
  for (let at = 0; at < units.length; at++) {
    const [begin, end] = [firstAt(at, span, graph), lastAt(at, span, graph)];
    if (begin.predecessors.length === 0) connect(head, begin);
    if (end.successors.length === 0) connect(end, last);
  }
  if (units.length === 0) connect(head, last);
}

function connectLinked(flow: AnyFlow, span: Span, graph: Graph): void {
  const { links } = flow;
  span.links = new UnitLinks(span.units, links);
  const { from, to } = span.links;
  for (let at = 0; at < links.length; at++) {
    const [before, after] = [lastAt(from[at] as number, span, graph), firstAt(to[at] as number, span, graph)];
    connect(before, after);
    const { deciding } = links[at] as Link;
    if (deciding !== null) after.deciding = [...after.deciding, { ...deciding, from: before as Node }];
  }
}

function connect(from: Draft<Node>, to: Draft<Node>): void {
  from.successors = withOneMore(from.successors, to as Node);
  to.predecessors = withOneMore(to.predecessors, from as Node);
}

/** Most nodes have one or two neighbours, which a literal holds at the least cost; a list that grows would have room for sixteen more. */
function withOneMore(nodes: Node[], node: Node): Node[] {
  if (nodes.length === 0) return [node];
  if (nodes.length === 1) return [nodes[0] as Node, node];
  if (nodes.length < 4) return nodes.concat(node);
  nodes.push(node);
  return nodes;
}
