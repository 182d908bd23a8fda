/**
 * What a unit needs from outside and what it gives, read from its tasks at run time; for graph flows, which link by it,
 * and for who wants to know. One walk with its own stack, so that deep flows and flows that contain themselves (refused
 * later) do no harm.
 */
import { checkUnit } from './recognise.ts';
import type { AnyAtom, AnyFlow, AnyMap, AnyTask, AnyUnit } from './unit.ts';

/** The symbols of a unit, each in the order in which its atoms name them. */
export interface UnitSymbols {
  /** Those that must come from outside: an atom inside requires them, and nobody inside whom it sees provides them. */
  readonly requires: ReadonlySet<string>;
  /** Those that an atom inside provides, retries included. */
  readonly provides: ReadonlySet<string>;
}

/**
 * The symbols that a task or a flow requires from outside and those that it provides (TaskFlow `flow.requires`,
 * `flow.provides`). Optional arguments and injected ones are not required; of a graph flow with a target only what the
 * target depends on counts.
 *
 * @throws TaskloomError UNIT_INVALID, TASKLOOM_TWICE
 */
export function symbolsOf(unit: AnyUnit): UnitSymbols {
  checkUnit(unit, 'symbolsOf()');
  const { needs, gives } = readSymbols(unit);
  return { requires: needs, provides: gives };
}

/** What the walk over a unit finds. */
export interface Found {
  /** Symbols that a task inside takes and that nobody gives who is visible to it inside. */
  readonly needs: ReadonlySet<string>;
  /** Symbols that any task inside gives. */
  readonly gives: ReadonlySet<string>;
  /** The flows whose units were read, itself included. */
  readonly flows: ReadonlySet<AnyFlow>;
}

/** What a graph flow knows of itself, so that nobody need link it again to know what it needs. */
export interface Summary {
  needs(): Iterable<string>;
  gives(): Iterable<string>;
  /** Forgets what costs much and can be read again: the flow was closed. */
  release(): void;
}

const summaries = new WeakMap<AnyFlow, Summary>();

/** Tells what a graph flow knows of itself. */
export function summarize(flow: AnyFlow, summary: Summary): void {
  summaries.set(flow, summary);
}

export function releaseSummary(flow: AnyFlow): void {
  summaries.get(flow)?.release();
}

interface Frame {
  readonly flow: AnyFlow;
  next: number;
  /** Where the trail stood before the unit in hand. */
  mark: number;
  /** Of an unordered flow: what its units gave, hidden until the flow ends. */
  readonly kept: string[];
}

const NO_FLOWS: ReadonlySet<AnyFlow> = new Set();

export function readSymbols(root: AnyUnit): Found {
  if (root.kind === 'flow' || (root.kind === 'task' && root.retry !== null)) return walk(root);
  return { needs: new Set(takenBy(root)), gives: new Set(givenBy(root)), flows: NO_FLOWS };
}

function walk(root: AnyUnit): Found {
  const [needs, gives, flows] = [new Set<string>(), new Set<string>(), new Set<AnyFlow>()];
  const seen = new Visible();
  const open: Frame[] = [];

  const meet = (taken: Iterable<string>, given: Iterable<string>): void => {
    for (const symbol of taken) if (!seen.has(symbol)) needs.add(symbol);
    for (const symbol of given) {
      gives.add(symbol);
      seen.put(symbol);
    }
  };
  const enter = (unit: AnyUnit): void => {
    if (unit.kind === 'task') enterTask(unit);
    else if (unit.kind === 'map') meet(takenBy(unit), givenBy(unit));
    else if (!flows.has(unit)) enterFlow(unit);
  };
  const enterTask = (task: AnyTask): void => {
    if (task.retry !== null) meet(takenBy(task.retry), givenBy(task.retry));
    meet(takenBy(task), givenBy(task));
  };
  const enterFlow = (unit: AnyFlow): void => {
    flows.add(unit);
    const known = summaries.get(unit);
    if (known !== undefined) meet(known.needs(), known.gives());
    else {
      if (unit.retry !== null) meet(takenBy(unit.retry), givenBy(unit.retry));
      open.push({ flow: unit, next: 0, mark: seen.mark(), kept: [] });
    }
  };

  enter(root);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    if (frame.flow.pattern === 'unordered')
      for (const each of seen.takeOff(frame.mark)) frame.kept.push(each);
    const unit = frame.flow.units[frame.next++];
    if (unit !== undefined) {
      frame.mark = seen.mark();
      enter(unit);
      continue;
    }
    open.pop();
    for (const symbol of frame.kept) seen.put(symbol);
  }
  return { needs, gives, flows };
}

/** Every symbol that a task in the tree gives. */
export function allGivenIn(root: AnyFlow): ReadonlySet<string> {
  const gives = new Set<string>();
  const flows = new Set<AnyFlow>([root]);
  const note = (atom: AnyAtom): void => {
    for (const symbol of givenBy(atom)) gives.add(symbol);
  };
  for (const flow of flows) {
    if (flow.retry !== null) note(flow.retry);
    for (const unit of flow.units) {
      if (unit.kind === 'flow') {
        flows.add(unit);
        continue;
      }
      if (unit.kind === 'task' && unit.retry !== null) note(unit.retry);
      note(unit);
    }
  }
  return gives;
}

/** What an atom requires; optional arguments make no links (TaskFlow `graph_flow.py`: `requires` only). */
export function takenBy(atom: AnyAtom): string[] {
  const { args, revertArgs, inject } = atom;
  const all = revertArgs === args ? args : [...args, ...revertArgs];
  const taken = all
    .filter(({ name, optional }) => !optional && !inject.has(name))
    .map(({ symbol }) => symbol);
  return atom.kind === 'map' ? [...taken, ...takenInside(atom)] : taken;
}

/** What a map's task and its retry take from outside of the map. */
function takenInside(atom: AnyMap): string[] {
  const { task } = atom;
  const own = new Set<string>(ownSymbols(atom));
  const retry = task.retry === null ? [] : takenBy(task.retry).filter((symbol) => !own.has(symbol));
  for (const symbol of task.retry === null ? [] : givenBy(task.retry)) own.add(symbol);
  return [...retry, ...takenBy(task).filter((symbol) => !own.has(symbol))];
}

/** The symbols that a map gives to its task for each item. */
export function ownSymbols({ as, indexAs }: AnyMap): readonly string[] {
  return indexAs === null ? [as] : [as, indexAs];
}

/** The symbols that an atom gives. */
export function givenBy(atom: AnyAtom): string[] {
  return atom.provides.map(({ symbol }) => symbol);
}

/** How often each symbol is given before the point of the walk, with an undo. */
class Visible {
  readonly #counts = new Map<string, number>();
  readonly #trail: string[] = [];

  has(symbol: string): boolean {
    return (this.#counts.get(symbol) ?? 0) > 0;
  }

  put(symbol: string): void {
    this.#counts.set(symbol, (this.#counts.get(symbol) ?? 0) + 1);
    this.#trail.push(symbol);
  }

  mark(): number {
    return this.#trail.length;
  }

  takeOff(mark: number): string[] {
    const taken = this.#trail.splice(mark);
    for (const symbol of taken) this.#counts.set(symbol, (this.#counts.get(symbol) ?? 0) - 1);
    return taken;
  }
}
