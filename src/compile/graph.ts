/** Units → nodes and edges. Walks with its own stack, so that flows nested 10,000 deep compile. */
import { TaskloomError } from '../errors.ts';
import { checkUnit } from '../flow/recognise.ts';
import type { AnyFlow, AnyTask, AnyUnit } from '../flow/unit.ts';
import type { AtomNode, Draft, FlowNode, Node, Source } from './node.ts';

/** What a unit became: the nodes at which it begins and ends (one and the same for a task). */
interface Span {
  readonly first: Draft<Node>;
  last: Draft<Node>;
}

export interface Graph {
  readonly root: AnyUnit;
  readonly nodes: Draft<Node>[];
  readonly atoms: Map<string, Draft<AtomNode>>;
  /** Where each unit of the tree stands. */
  readonly spans: ReadonlyMap<AnyUnit, Span>;
}

/** A flow whose units are being placed. */
interface Frame {
  readonly flow: AnyFlow;
  readonly entry: Draft<FlowNode>;
  next: number;
}

export function buildGraph(root: AnyUnit): Graph {
  checkUnit(root, 'the flow to run');
  const spans = new Map<AnyUnit, Span>();
  const graph = { root, nodes: [], atoms: new Map(), spans } satisfies Graph as Graph & {
    spans: typeof spans;
  };
  const open: Frame[] = [];
  const openFlows = new Set<AnyFlow>();

  const place = (unit: AnyUnit, around: Draft<FlowNode> | null): void => {
    if (unit.kind === 'task') {
      const node = placeTask(graph, unit, around);
      spans.set(unit, { first: node, last: node });
      return;
    }
    refuseSecondPlace(unit, openFlows, spans, around);
    const entry = placeFlowNode(graph, 'entry', unit, around);
    spans.set(unit, { first: entry, last: entry });
    open.push({ flow: unit, entry, next: 0 });
    openFlows.add(unit);
  };

  place(root, null);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const unit = frame.flow.units[frame.next++];
    if (unit !== undefined) {
      place(unit, frame.entry);
      continue;
    }
    open.pop();
    openFlows.delete(frame.flow);
    const span = spans.get(frame.flow) as Span;
    span.last = placeFlowNode(graph, 'exit', frame.flow, frame.entry.flow as Draft<FlowNode> | null);
    connectFlow(frame.flow, span, spans);
  }
  return graph;
}

function placeTask(graph: Graph, task: AnyTask, around: Draft<FlowNode> | null): Draft<AtomNode> {
  const twin = graph.atoms.get(task.name);
  if (twin !== undefined) {
    const places = `once in flow '${twin.flow?.name}' and once in flow '${around?.name}'`;
    throw new TaskloomError(
      'DUPLICATE_NAME',
      `Two tasks are named '${task.name}', ${places}. Rename one, or add task.as('another name').`,
      { details: { name: task.name } },
    );
  }
  const node: Draft<AtomNode> = {
    kind: 'task',
    index: graph.nodes.length,
    name: task.name,
    task,
    flow: around as FlowNode | null,
    predecessors: [],
    successors: [],
    rank: 0,
    sources: NO_SOURCES,
    revertSources: NO_SOURCES,
    read: false,
  };
  graph.nodes.push(node);
  graph.atoms.set(task.name, node);
  return node;
}

const NO_SOURCES: (Source | null)[] = [];

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
    predecessors: [],
    successors: [],
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
  around: Draft<FlowNode> | null,
): void {
  if (!spans.has(flow)) return;
  const details = { flow: flow.name, inside: around?.name };
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
    `Flow '${flow.name}' was added at two places, the second in flow '${around?.name}'. Build it twice, by a function.`,
    { details },
  );
}

function connectFlow(flow: AnyFlow, { first, last }: Span, spans: ReadonlyMap<AnyUnit, Span>): void {
  const spanOf = (unit: AnyUnit): Span => spans.get(unit) as Span;
  switch (flow.pattern) {
    case 'linear': {
      let before = first;
      for (const unit of flow.units) {
        const span = spanOf(unit);
        connect(before, span.first);
        before = span.last;
      }
      connect(before, last);
      return;
    }
    case 'unordered':
    case 'graph':
      for (const link of flow.links) connect(spanOf(link.from).last, spanOf(link.to).first);
      for (const unit of flow.units) {
        const span = spanOf(unit);
        if (span.first.predecessors.length === 0) connect(first, span.first);
        if (span.last.successors.length === 0) connect(span.last, last);
      }
      if (flow.units.length === 0) connect(first, last);
  }
}

function connect(from: Draft<Node>, to: Draft<Node>): void {
  from.successors.push(to as Node);
  to.predecessors.push(from as Node);
}
