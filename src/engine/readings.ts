/** What is read of providers on behalf of an atom: to execute it, to revert it, and to decide about it. */
import { type AtomNode, isAtom, type Source } from '../compile/node.ts';

/** What is read to execute an atom; of a map, for its items too. */
export function readToExecute(node: AtomNode): readonly Source[] {
  const sources = partsOf(node).flatMap((part) => part.sources);
  return [...node.sources, ...(node.kind === 'map' ? sources : [])].flatMap((source) => ofFlow(source, node));
}

/** What is read to revert it, where it has something to undo. */
export function readToRevert(node: AtomNode): readonly Source[] {
  const sources = partsOf(node).flatMap((part) => (canRevert(part) ? part.revertSources : []));
  return sources.flatMap((source) => ofFlow(source, node));
}

/** Whether its revert, or those of a map's items, is told the result; a retry is told its history. */
export function takesItsResult(node: AtomNode): boolean {
  return node.kind !== 'retry' && partsOf(node).some(canRevert);
}

/** The results that are shown to who decides about it, whole. */
export function shownToDeciders({ deciding }: AtomNode): readonly Source[] {
  const atoms = deciding.map(({ from }) => from).filter(isAtom);
  return atoms.map((node) => ({ symbol: node.name, take: null, node, previous: null, at: 0 }));
}

function canRevert(node: AtomNode): boolean {
  const { atom } = node;
  if (atom.kind === 'map') return false;
  return (atom.kind === 'task' ? atom.work.revert : atom.revert) !== null;
}

/** What runs: the atom itself, or for each item of a map. */
function partsOf(node: AtomNode): readonly AtomNode[] {
  if (node.kind !== 'map') return [node];
  const { task, retry } = node.inner;
  return retry === null ? [task] : [task, retry];
}

/** What the retry of an item gives is none of the flow's results; what that shadows may be one. */
function ofFlow(source: Source | null, node: AtomNode): readonly Source[] {
  const isOfItem = node.kind === 'map' && source !== null && source.node === node.inner.retry;
  const found = isOfItem ? source.previous : source;
  return found === null ? [] : [found];
}
