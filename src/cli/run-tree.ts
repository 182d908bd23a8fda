/**
 * The tree of a run's atoms, made of what is kept of it alone: the flow's module is not imported, and no value is opened. Made of
 * flat lists, since a flow may be deeper than a stack, and have a million items.
 */
import { type OutlineLine, readOutline } from '../compile/outline.ts';
import { TaskloomError } from '../errors.ts';
import type { Backend } from '../persistence/backend.ts';
import type { AtomDetail, AtomWithoutResult, FlowDetail } from '../persistence/records.ts';
import type { AtomState } from '../states.ts';

/** How many atoms, or items, are in each state. */
export type Counts = Map<AtomState, number>;

/** An atom as it is shown. */
export type ShownAtom = Pick<AtomDetail, 'name' | 'kind' | 'state' | 'attempt' | 'elapsed' | 'error'>;

interface Items {
  readonly states: Counts;
  /** Those with an error: the first ones. */
  readonly failed: readonly ShownAtom[];
  /** How many have one. */
  readonly failures: number;
}

/** A flow, or an atom, of the tree. */
export interface Branch {
  readonly depth: number;
  readonly kind: string;
  readonly name: string;
  /** Null of flows. */
  readonly atom: ShownAtom | null;
  /** Of maps; null of all others. */
  readonly items: Items | null;
  /** Of all atoms in it; of an atom its own. */
  readonly states: Counts;
  /** Something in it failed, or is left as it failed. */
  isBad: boolean;
  readonly children: Branch[];
}

export interface RunTree {
  /** Each before those in it. */
  readonly branches: readonly Branch[];
  /** Atoms that were kept, and that the flow has no more. */
  readonly removed: readonly string[];
  /** What failed, as it is kept, in the order of names: the first ones. */
  readonly failures: readonly AtomWithoutResult[];
}

/** Atoms that are read at a time: what else is kept with each, its errors among it, may be some KB. */
const PAGE = 1_000;
const ATOMS: ReadonlySet<string> = new Set<AtomDetail['kind']>(['task', 'retry', 'map']);
const BAD: ReadonlySet<AtomState> = new Set(['FAILURE', 'REVERT_FAILURE']);

interface Gathering extends Items {
  readonly failed: ShownAtom[];
  failures: number;
}

/** @param most - So many failures are kept whole, and so many failed items of each map */
export async function readTree(backend: Backend, detail: FlowDetail, most: number): Promise<RunTree> {
  const lines = linesOf(detail);
  const atoms = new Map<string, ShownAtom>();
  const items = new Map<string, Gathering>();
  const failures: AtomWithoutResult[] = [];
  for await (const atom of allAtoms(backend, detail.flowId)) {
    const shown = shownOf(atom);
    if (atom.error !== null && failures.length < most) failures.push(atom);
    if (atom.map === null) atoms.set(atom.name, shown);
    if (atom.map === null || atom.kind !== 'item') continue;
    const known: Gathering = items.get(atom.map) ?? { states: new Map(), failed: [], failures: 0 };
    items.set(atom.map, known);
    add(known.states, atom.state, 1);
    if (!isBad(shown)) continue;
    known.failures++;
    if (known.failed.length < most) known.failed.push(shown);
  }
  const branches = lines.map((line) => branchOf(line, atoms, items));
  grow(branches);
  const named = new Set(branches.map(({ name }) => name));
  return { branches, failures, removed: [...atoms.keys()].filter((name) => !named.has(name)) };
}

export function add(counts: Counts, state: AtomState, more: number): void {
  counts.set(state, (counts.get(state) ?? 0) + more);
}

/** It failed, or a run that was taken back failed there. */
function isBad({ state, error }: Pick<ShownAtom, 'state' | 'error'>): boolean {
  return error !== null || BAD.has(state);
}

/** @throws TaskloomError STORAGE_CORRUPT */
function linesOf({ outline, flowId }: FlowDetail): readonly OutlineLine[] {
  try {
    return readOutline(outline).map(([depth, kind, name]) => [Number(depth), String(kind), String(name)]);
  } catch (cause) {
    const message = `The outline of the run '${flowId}' cannot be read.`;
    throw new TaskloomError('STORAGE_CORRUPT', message, { details: { flowId }, cause });
  }
}

async function* allAtoms(backend: Backend, flowId: string): AsyncGenerator<AtomWithoutResult> {
  for (let after: string | undefined; ; ) {
    const query = { limit: PAGE, ...(after !== undefined && { after }) };
    const page = await backend.atomsWithoutResults(flowId, query);
    yield* page;
    after = page.at(-1)?.name;
    if (page.length < PAGE) return;
  }
}

function shownOf({ name, kind, state, attempt, elapsed, error }: AtomWithoutResult): ShownAtom {
  return { name, kind, state, attempt, elapsed, error };
}

function branchOf(
  [depth, kind, name]: OutlineLine,
  atoms: ReadonlyMap<string, ShownAtom>,
  items: ReadonlyMap<string, Items>,
): Branch {
  const isAtom = ATOMS.has(kind);
  const atom = isAtom ? (atoms.get(name) ?? untouched(name, kind as AtomDetail['kind'])) : null;
  const states: Counts = new Map(atom === null ? [] : [[atom.state, 1]]);
  const bad = atom !== null && isBad(atom);
  return { depth, kind, name, atom, items: items.get(name) ?? null, states, isBad: bad, children: [] };
}

/** Nothing is kept of what nothing happened to. */
function untouched(name: string, kind: AtomDetail['kind']): ShownAtom {
  return { name, kind, state: 'PENDING', attempt: 0, elapsed: null, error: null };
}

/** Gives each branch those that lie in it, and each flow the counts of its atoms. */
function grow(branches: readonly Branch[]): void {
  const above: Branch[] = [];
  const parents = branches.map((branch) => {
    while ((above.at(-1)?.depth ?? -1) >= branch.depth) above.pop();
    const parent = above.at(-1) ?? null;
    parent?.children.push(branch);
    above.push(branch);
    return parent;
  });
  for (let at = branches.length - 1; at >= 0; at--) {
    const [branch, parent] = [branches[at], parents[at]];
    if (branch === undefined || parent === null || parent === undefined) continue;
    for (const [state, count] of branch.states) add(parent.states, state, count);
    parent.isBad ||= branch.isBad;
  }
}
