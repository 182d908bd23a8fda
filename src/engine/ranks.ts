/**
 * Who goes first among equals of priority: where the longest way lies ahead. In ms, by what the executor has learned of the
 * tasks in earlier runs; in atoms while nothing is known.
 *
 * The order is the same for the same durations, and those are rounded, so that what was measured a little differently orders
 * nothing differently.
 */
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type Node } from '../compile/node.ts';
import type { TaskExecutor } from '../executor/executor.ts';
import type { Work } from '../flow/unit.ts';

/** Durations are rounded to one of so many for each doubling. */
const STEPS = 2;
/** ms that what runs on the main thread and what is not known counts for: next to nothing, but more than nothing. */
const LEAST = 0.001;

/** Gives the rank of each atom. Linear in nodes and edges at the first call where the executor learns durations, else free. */
export function ranksOf(compilation: Compilation, executor: TaskExecutor): (node: AtomNode) => number {
  let rankOf: ((node: AtomNode) => number) | null = null;
  return (node) => {
    rankOf ??= rankNow(compilation, executor);
    return rankOf(node);
  };
}

function rankNow(compilation: Compilation, executor: TaskExecutor): (node: AtomNode) => number {
  const { nodes, order } = compilation;
  const lengths = new Float64Array(executor.durations === undefined ? 0 : nodes.length);
  let isAnyKnown = false;
  const expectedOf = expectations(executor);
  for (let at = order.length - 1; at >= 0 && lengths.length > 0; at--) {
    const node = order[at] as Node;
    let below = 0;
    for (const next of node.successors) below = Math.max(below, lengths[next.index] as number);
    const own = isAtom(node) ? expectedOf(node) : 0;
    if (own !== null) isAnyKnown ||= isAtom(node);
    lengths[node.index] = below + (own ?? LEAST);
  }
  if (!isAnyKnown) return (node) => node.rank;
  return (node) => lengths[node.item?.map.index ?? node.index] as number;
}

/** Many atoms are of few definitions: each is asked about once, mostly. */
function expectations(executor: TaskExecutor): (node: AtomNode) => number | null {
  let last: { readonly work: Work; readonly ms: number | null } | null = null;
  return (node) => {
    const task = node.kind === 'map' ? node.atom.task : node.atom;
    if (task.kind !== 'task') return null;
    if (last?.work !== task.work) last = { work: task.work, ms: expectedOf(task.work, executor) };
    return last.ms;
  };
}

function expectedOf(work: Work, executor: TaskExecutor): number | null {
  const ms = executor.durations?.learned(work, 'execute')?.mean ?? null;
  return ms === null ? null : 2 ** (Math.round(Math.log2(Math.max(ms, LEAST)) * STEPS) / STEPS);
}
