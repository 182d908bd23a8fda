/**
 * The rules that hold before anything runs: who stands before whom, who sees what of whom, which retry and which deciders
 * govern an atom, and what is refused (2.4, 2.5, 2.7, 2.9). By walks over the tree of flows; there is no compiled graph.
 */
import type { AtomShape, Decider, FlowShape, Options, RetryShape, TaskShape, UnitShape } from './words.ts';

/** A flow that is refused before it runs (2.9), with the code that ours has for it. */
export class Refusal extends Error {
  readonly code: 'DEPENDENCY_AMBIGUOUS' | 'DEPENDENCY_CYCLE' | 'MISSING_DEPENDENCIES';
  /** The one requirement that it would take to drop; null when a link made by hand is at fault. */
  readonly wants: { readonly atom: string; readonly symbol: string } | null;

  constructor(code: Refusal['code'], wants: Refusal['wants']) {
    super(`${code} ${JSON.stringify(wants)}`);
    [this.code, this.wants] = [code, wants];
  }
}

export interface Edge {
  readonly from: number;
  readonly to: number;
  decider: Decider | null;
}

/** The static rules. Makes nothing run. Throws Refusal. */
export class Tree {
  /** In the order of the tree; a flow's retry first. */
  readonly atoms: readonly AtomShape[];
  readonly root: UnitShape;
  readonly #parents = new Map<UnitShape | RetryShape, FlowShape>();
  readonly #targeted = new Map<FlowShape, readonly UnitShape[]>();
  readonly #edges = new Map<FlowShape, readonly Edge[]>();
  readonly #before = new Map<AtomShape, ReadonlySet<AtomShape>>();
  readonly #after = new Map<AtomShape, readonly AtomShape[]>();
  readonly #ranks = new Map<AtomShape, number>();

  constructor(root: UnitShape) {
    this.root = root;
    this.#enter(root);
    this.atoms = this.#atomsIn(root);
    for (const atom of this.atoms) this.#before.set(atom, new Set(this.scopes(atom).flat()));
    for (const atom of this.atoms)
      this.#after.set(
        atom,
        this.atoms.filter((other) => this.before(other).has(atom)),
      );
  }

  /** Atoms that must be done before this one; every ancestor, "transitively, through flows" (2.5). */
  before(atom: AtomShape): ReadonlySet<AtomShape> {
    return this.#before.get(atom) ?? new Set();
  }

  after(atom: AtomShape): readonly AtomShape[] {
    return this.#after.get(atom) ?? [];
  }

  parent(unit: UnitShape | RetryShape): FlowShape | null {
    return this.#parents.get(unit) ?? null;
  }

  /** 1.3: of a flow with a target, that and what it depends on; the others are as if they had not been added. */
  units(flow: FlowShape): readonly UnitShape[] {
    return this.#targeted.get(flow) ?? flow.units;
  }

  /** True when only one of these atoms can be on at a time. */
  isSequence(atoms: readonly AtomShape[] = this.atoms): boolean {
    return atoms.every((atom, at) => at === 0 || this.before(atom).has(atoms[at - 1] as AtomShape));
  }

  /** 2.4: scope levels, innermost first; in each the nearest first. Up to and including `top`. */
  scopes(atom: AtomShape, top: UnitShape = this.root): AtomShape[][] {
    const levels: AtomShape[][] = [];
    let unit: UnitShape | RetryShape = atom;
    while (unit !== top) {
      const flow: FlowShape = this.#parents.get(unit) as FlowShape;
      const retry = flow.retry === null || unit === flow.retry ? [] : [flow.retry];
      const siblings = unit.kind === 'retry' ? [] : this.#siblingsBefore(flow, unit);
      levels.push([...siblings.toReversed().flatMap((each) => this.#atomsIn(each).toReversed()), ...retry]);
      unit = flow;
    }
    return levels;
  }

  /** 2.6: the retry of the innermost enclosing flow that has one; for a retry atom, the next outer one. */
  retryOf(atom: AtomShape): RetryShape | null {
    const own = this.parent(atom);
    let flow = atom.kind === 'retry' && own !== null ? this.parent(own) : own;
    while (flow !== null && flow.retry === null) flow = this.parent(flow);
    return flow?.retry ?? null;
  }

  /** 2.7: the atom's direct successors that are tasks of its own flow. */
  nextTasks(atom: AtomShape): readonly TaskShape[] {
    const flow = this.parent(atom);
    if (flow === null) return [];
    const next = this.units(flow).filter((unit) =>
      atom.kind === 'retry' ? this.#direct(flow, unit).length === 0 : this.#direct(flow, unit).includes(atom),
    );
    return next.filter((unit) => unit.kind === 'task');
  }

  /** 2.7: deciding edges into the atom, and through flow entries, when it is the first of its flow, into the flows around it. */
  deciders(atom: AtomShape): { readonly flow: FlowShape; readonly edge: Edge; readonly decider: Decider }[] {
    const found: { flow: FlowShape; edge: Edge; decider: Decider }[] = [];
    let unit: UnitShape | RetryShape = atom;
    for (let flow = this.parent(unit); flow !== null; flow = this.parent(unit)) {
      const { units, retry } = flow;
      for (const edge of this.edges(flow)) {
        if (units[edge.to] === unit && edge.decider !== null)
          found.push({ flow, edge, decider: edge.decider });
      }
      const isFirst: boolean =
        unit.kind === 'retry' || (retry === null && this.#direct(flow, unit).length === 0);
      if (!isFirst) break;
      unit = flow;
    }
    return found;
  }

  /** Links of a graph flow, found and made, at most one for a pair. */
  edges(flow: FlowShape): readonly Edge[] {
    return this.#edges.get(flow) ?? [];
  }

  /** 3, DESIGN 3: the longest way first; atoms on the longest path from here to the end. */
  rank(atom: AtomShape): number {
    const known =
      this.#ranks.get(atom) ?? 1 + Math.max(0, ...this.after(atom).map((each) => this.rank(each)));
    this.#ranks.set(atom, known);
    return known;
  }

  /** 2.9: flows are built from the inside out, and a graph flow refuses when it is built. */
  #enter(unit: UnitShape): void {
    if (unit.kind === 'task') return;
    if (unit.retry !== null) this.#parents.set(unit.retry, unit);
    for (const each of unit.units) {
      this.#parents.set(each, unit);
      this.#enter(each);
    }
    if (unit.pattern === 'graph') this.#link(unit);
    const target = unit.target === null ? undefined : unit.units[unit.target];
    if (target === undefined) return;
    const wanted = [...this.#siblingsBefore(unit, target), target];
    this.#targeted.set(
      unit,
      unit.units.filter((each) => wanted.includes(each)),
    );
  }

  /** 2.4, graph_flow auto-linking, in the order of add; then the links made by hand. */
  #link(flow: FlowShape): void {
    const edges: Edge[] = [];
    this.#edges.set(flow, edges);
    const own = flow.retry?.provides ?? [];
    const remembered = new Map<UnitShape, Set<string>>();
    for (const [at, unit] of flow.units.entries()) {
      const added = flow.units.slice(0, at);
      const waits = new Set<string>();
      remembered.set(unit, waits);
      for (const symbol of this.#needs(unit)) {
        const providers = added.filter((each) => this.#gives(each).has(symbol));
        if (own.includes(symbol)) continue;
        if (providers.length > 1) throw new Refusal('DEPENDENCY_AMBIGUOUS', this.#whoNeeds(unit, symbol));
        const [provider] = providers;
        if (provider === undefined) waits.add(symbol);
        else this.#connect(flow, edges, provider, unit, symbol);
      }
      for (const symbol of this.#gives(unit)) {
        for (const other of added) {
          if (remembered.get(other)?.delete(symbol)) this.#connect(flow, edges, unit, other, symbol);
        }
      }
    }
    for (const { from, to, decider } of flow.links) {
      const edge = this.#connect(
        flow,
        edges,
        flow.units[from] as UnitShape,
        flow.units[to] as UnitShape,
        null,
      );
      edge.decider = decider ?? edge.decider; // D14: a new one comes with its own depth.
    }
  }

  #connect(flow: FlowShape, edges: Edge[], a: UnitShape, b: UnitShape, symbol: string | null): Edge {
    const [from, to] = [flow.units.indexOf(a), flow.units.indexOf(b)];
    const known = edges.find((edge) => edge.from === from && edge.to === to);
    if (known !== undefined) return known;
    if (a === b || this.#siblingsBefore(flow, a).includes(b)) {
      throw new Refusal('DEPENDENCY_CYCLE', symbol === null ? null : this.#whoNeeds(b, symbol));
    }
    const edge = { from, to, decider: null };
    edges.push(edge);
    return edge;
  }

  /** 2.5: the siblings with an edge to this one. */
  #direct(flow: FlowShape, unit: UnitShape): readonly UnitShape[] {
    const at = flow.units.indexOf(unit);
    if (flow.pattern === 'linear') return flow.units.slice(Math.max(0, at - 1), at);
    const from = new Set(this.edges(flow).flatMap((edge) => (edge.to === at ? [edge.from] : [])));
    return flow.units.filter((_, index) => from.has(index));
  }

  /** Siblings that must have ended before this one, in the order in which they were added. */
  #siblingsBefore(flow: FlowShape, unit: UnitShape): readonly UnitShape[] {
    const found = new Set(this.#direct(flow, unit));
    for (const each of found) for (const earlier of this.#direct(flow, each)) found.add(earlier);
    return flow.units.filter((each) => found.has(each));
  }

  /** What a unit needs from outside: required inside, and no provider in the scopes inside. */
  #needs(unit: UnitShape): ReadonlySet<string> {
    const open = (atom: AtomShape): string[] => {
      const inside = this.scopes(atom, unit).flat();
      return requirementsOf(atom).filter((symbol) => !inside.some((each) => each.provides.includes(symbol)));
    };
    return new Set(this.#atomsIn(unit).flatMap(open));
  }

  #whoNeeds(unit: UnitShape, symbol: string): { atom: string; symbol: string } {
    const atom = this.#atomsIn(unit).find((each) => requirementsOf(each).includes(symbol)) as AtomShape;
    return { atom: atom.name, symbol };
  }

  #gives(unit: UnitShape): ReadonlySet<string> {
    return new Set(this.#atomsIn(unit).flatMap(({ provides }) => provides));
  }

  #atomsIn(unit: UnitShape): AtomShape[] {
    if (unit.kind === 'task') return [unit];
    const inside = this.units(unit).flatMap((each) => this.#atomsIn(each));
    return unit.retry === null ? inside : [unit.retry, ...inside];
  }
}

/** 1.1: those of execute and of revert. 2.4: injected ones are removed, and optional ones make no links. */
function requirementsOf(atom: AtomShape): readonly string[] {
  if (atom.kind === 'retry') return atom.requires;
  const all = [...atom.requires, ...(atom.revertRequires ?? [])];
  return all.filter((symbol) => !atom.inject.includes(symbol));
}

/** 2.4: every required name has a value injected, in the store, or a provider in a visible scope. */
export function validate(tree: Tree, { store }: Options): void {
  for (const atom of tree.atoms) {
    const visible = new Set(tree.scopes(atom).flat());
    for (const symbol of requirementsOf(atom)) {
      if (store.includes(symbol) || [...visible].some(({ provides }) => provides.includes(symbol))) continue;
      throw new Refusal('MISSING_DEPENDENCIES', { atom: atom.name, symbol });
    }
  }
}
