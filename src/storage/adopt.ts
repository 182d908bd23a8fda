/**
 * A flow meets what was kept of it, by the names of its atoms (TaskFlow, resuming with a changed flow): what is new begins,
 * what is gone is left alone, what is of another kind is refused, and what has another version is treated as the engine is
 * told.
 */
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, nodesBehind } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import { isGoingBack } from '../states.ts';
import type { AtomRecord } from './atom-record.ts';
import type { KeptFlow } from './kept-flow.ts';

/** What to do where a task has another version than the one that its record was made with. */
export type OnVersionChange = 'keep' | 'rerun' | 'refuse';

/** The version of an atom: of a map its task's, of a retry '1.0'. */
export function versionOf({ atom }: AtomNode): string {
  if (atom.kind === 'retry') return '1.0';
  return atom.kind === 'map' ? atom.task.version : atom.version;
}

/**
 * Holds the flow against what was kept. Changes nothing.
 *
 * @returns the atoms that are to run again because of their version, and all that lies behind them
 * @throws TaskloomError ATOM_KIND_CHANGED; VERSION_CHANGED
 */
export function compareKept(
  { atoms }: Compilation,
  kept: KeptFlow,
  onVersionChange: OnVersionChange,
): readonly AtomNode[] {
  if (kept.atoms.size === 0) return [];
  const changed: AtomNode[] = [];
  for (const [name, node] of atoms) {
    const record = kept.atoms.get(name);
    if (record === undefined) continue;
    if (record.kind !== node.kind) throw kindChanged(name, record.kind, node.kind);
    if (record.version !== versionOf(node)) changed.push(node);
  }
  if (changed.length === 0 || onVersionChange === 'keep') return [];
  if (onVersionChange === 'refuse') throw versionChanged(changed, kept);
  return isAnyGoingBack(kept, atoms) ? [] : withAllBehind(changed, kept);
}

/** What is being reverted is reverted; only then, or after a `reset`, the new versions run. */
function isAnyGoingBack(kept: KeptFlow, atoms: Compilation['atoms']): boolean {
  for (const name of atoms.keys()) {
    const intention = kept.atoms.get(name)?.intention;
    if (intention !== undefined && isGoingBack(intention)) return true;
  }
  return false;
}

function withAllBehind(changed: readonly AtomNode[], kept: KeptFlow): readonly AtomNode[] {
  const again = new Set<AtomNode>();
  for (const node of changed) {
    if (kept.atoms.get(node.name)?.state === 'PENDING') continue;
    again.add(node);
    for (const behind of nodesBehind(node)) if (isAtom(behind)) again.add(behind);
  }
  return [...again].filter(({ name }) => kept.atoms.has(name));
}

function kindChanged(name: string, before: AtomRecord['kind'], now: AtomRecord['kind']): TaskloomError {
  return new TaskloomError(
    'ATOM_KIND_CHANGED',
    `'${name}' is a ${now} now, and was a ${before} when the flow was kept. Give it another name.`,
    { details: { atom: name, kept: before, now } },
  );
}

function versionChanged(changed: readonly AtomNode[], kept: KeptFlow): TaskloomError {
  const all = changed.map((node) => ({
    atom: node.name,
    kept: kept.atoms.get(node.name)?.version,
    now: versionOf(node),
  }));
  const shown = all.slice(0, 10).map(({ atom, kept: before, now }) => `'${atom}' from ${before} to ${now}`);
  const more = all.length > shown.length ? ` and ${all.length - shown.length} more` : '';
  return new TaskloomError(
    'VERSION_CHANGED',
    `The flow was kept with other versions of its tasks: ${shown.join(', ')}${more}. Go on with onVersionChange: 'keep' or 'rerun', or under another flowId.`,
    { details: { changed: all } },
  );
}
