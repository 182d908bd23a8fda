/** What is read of providers on behalf of an atom: to execute it, to revert it, and to decide about it. */
import { type AtomNode, isAtom, type Source } from '../compile/node.ts';

/** What is read to execute an atom; of a map, for its items too. */
export function readToExecute(node: AtomNode): readonly Source[] {
  const { task, retry } = node.kind === 'map' ? node.inner : { task: null, retry: null };
  return [...node.sources, ...(task?.sources ?? []), ...(retry?.sources ?? [])].filter(isSource);
}

/** What is read to revert it, where it has something to undo. */
export function readToRevert(node: AtomNode): readonly Source[] {
  const parts = node.kind === 'map' ? [node.inner.task, node.inner.retry] : [node];
  return parts
    .flatMap((part) => (part !== null && canRevert(part) ? part.revertSources : []))
    .filter(isSource);
}

/** Whether its revert, or those of a map's items, is told the result; a retry is told its history. */
export function takesItsResult(node: AtomNode): boolean {
  if (node.kind !== 'map') return node.kind === 'task' && canRevert(node);
  const { task, retry } = node.inner;
  return canRevert(task) || (retry !== null && canRevert(retry));
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

function isSource(source: Source | null): source is Source {
  return source !== null;
}
