/**
 * Flows that can't be added to any more. A graph flow reads the symbols of a unit once, when the unit is added; what
 * came later inside of that unit would be linked to nothing, so it is refused instead.
 */
import { TaskloomError } from '../errors.ts';
import type { AnyFlow } from './unit.ts';

const closedBy = new WeakMap<AnyFlow, string>();

/** Closes flows because the graph flow named `graph` has read their symbols. */
export function closeFlows(flows: Iterable<AnyFlow>, graph: string): void {
  for (const flow of flows) if (!closedBy.has(flow)) closedBy.set(flow, graph);
}

/** Throws FLOW_CLOSED when the flow was closed. */
export function refuseClosed(flow: AnyFlow): void {
  const graph = closedBy.get(flow);
  if (graph === undefined) return;
  throw new TaskloomError(
    'FLOW_CLOSED',
    `Flow '${flow.name}' is part of graph flow '${graph}', which linked it by its symbols: add to '${flow.name}' before you add it to '${graph}'.`,
    { details: { flow: flow.name, graph } },
  );
}
