/**
 * Who may run, and who may be undone: two counters for each node, kept up to date along its own edges, so that a
 * completion never walks the graph. Reads states, changes none.
 *
 * 1. `waiting`: predecessors that are not done. A node is done when it waits for none and its own atom is SUCCESS or
 *    IGNORE and meant to stay so; the ends of flows are done as soon as they wait for none.
 * 2. `busy`: successors that are not quiet. A node is quiet when none of its successors is busy and its own atom is
 *    PENDING, REVERTED or IGNORE; the ends of flows are quiet as soon as their successors are.
 * 3. An atom may execute when it waits for none; it may revert when none of its successors is busy
 *    (TaskFlow `selector.py`).
 */
import { beginningOf, type Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type Node, type RetryNode } from '../compile/node.ts';
import { type AtomState, type Intention, isRevertGivenBack } from '../states.ts';

/** What the selector reads of an atom. */
export interface Standing {
  readonly state: AtomState;
  readonly intention: Intention;
}

/** Atoms that became ready, in the order of the compilation. */
export interface Ready {
  readonly execute: readonly AtomNode[];
  readonly revert: readonly AtomNode[];
  /** Retries of which all that ran in their flow is taken back, so that it can run again. */
  readonly restart: readonly RetryNode[];
}

export class Selector {
  readonly #compilation: Compilation;
  readonly #standingOf: (node: AtomNode) => Standing;
  readonly #waiting: Int32Array;
  readonly #busy: Int32Array;
  /** With what a new flow begins, until it is handed out. */
  #first: readonly AtomNode[] | null = null;
  #toExecute: AtomNode[] = [];
  #toRevert: AtomNode[] = [];

  constructor(compilation: Compilation, standingOf: (node: AtomNode) => Standing) {
    this.#compilation = compilation;
    this.#standingOf = standingOf;
    this.#waiting = new Int32Array(compilation.nodes.length);
    this.#busy = new Int32Array(compilation.nodes.length);
  }

  /**
   * Counts anew from the states of all atoms. Linear in nodes and edges.
   *
   * @param isNew - Nothing has happened to any atom: then the compilation knows
   */
  rebuild(isNew: boolean): void {
    this.#toExecute = [];
    this.#toRevert = [];
    this.#first = null;
    if (isNew) {
      const { waiting, first } = beginningOf(this.#compilation);
      this.#waiting.set(waiting);
      this.#busy.fill(0);
      this.#first = first;
      return;
    }
    const { order } = this.#compilation;
    for (const node of order) {
      let waiting = 0;
      for (const before of node.predecessors) if (!this.isDone(before)) waiting++;
      this.#waiting[node.index] = waiting;
      if (isAtom(node)) this.#offerExecute(node);
    }
    for (let at = order.length - 1; at >= 0; at--) {
      const node = order[at] as Node;
      let busy = 0;
      for (const after of node.successors) if (!this.#isQuiet(after)) busy++;
      this.#busy[node.index] = busy;
      if (isAtom(node)) this.#offerRevert(node);
    }
  }

  /** To be told after every change of an atom's state or intention, with what it was before. */
  changed(node: AtomNode, stateBefore: AtomState, intentionBefore: Intention): void {
    const now = this.#standingOf(node);
    const [wasQuiet, isQuiet] = [isQuietIn(stateBefore), isQuietIn(now.state)];
    if (!isDoneIn(stateBefore, intentionBefore) && ownDone(now)) this.#spreadDone(node);
    if (wasQuiet && !isQuiet) this.#spreadBusy(node);
    if (!wasQuiet && isQuiet) this.#spreadQuiet(node);
    // One that is REVERTING is on its way, also when a worker gave it back; only `rebuild` finds those that a dead process left so.
    const isOnItsWay = now.state === 'REVERTING' || isRevertGivenBack(now.state, stateBefore);
    if (!isOnItsWay) this.#offerRevert(node);
  }

  /** Counts anew for what lies behind a retry, all of which is PENDING, and the retry about to run again. */
  restart(retry: RetryNode, behind: ReadonlySet<Node>): void {
    for (const node of behind) {
      const waitsFor = (before: Node): boolean =>
        before === retry || behind.has(before) || !this.isDone(before);
      this.#waiting[node.index] = count(node.predecessors, waitsFor);
    }
  }

  /** An atom that was handed over and not begun after all: it is handed over again, if it is still ready. */
  offerAgain(node: AtomNode): void {
    this.#offerExecute(node);
  }

  /** True when some atom may be executed or reverted now. Linear in atoms. */
  hasMore(): boolean {
    for (const node of this.#compilation.atoms.values()) {
      if (this.#mayExecute(node) || this.#mayRevert(node)) return true;
    }
    return false;
  }

  /** The atoms that became ready since the last call and still are. */
  next(): Ready {
    const execute = this.#takeToExecute();
    if (this.#toRevert.length === 0) return { execute, revert: NONE, restart: NONE };
    const back = inOrder(this.#toRevert, (node) => this.#mayRevert(node));
    this.#toRevert = [];
    const isRestart = (node: AtomNode): node is RetryNode => this.#standingOf(node).intention === 'RETRY';
    return { execute, revert: back.filter((node) => !isRestart(node)), restart: back.filter(isRestart) };
  }

  /** What a new flow begins with is in order, and none of it has begun: nothing comes in between. */
  #takeToExecute(): readonly AtomNode[] {
    const first = this.#first;
    if (first !== null) {
      this.#first = null;
      return first;
    }
    const offered = this.#toExecute;
    this.#toExecute = [];
    return inOrder(offered, (node) => this.#mayExecute(node));
  }

  /** True when it, and all before it, is as it should be for what lies behind. */
  isDone(node: Node): boolean {
    return this.#waiting[node.index] === 0 && (!isAtom(node) || ownDone(this.#standingOf(node)));
  }

  #isQuiet(node: Node): boolean {
    return this.#busy[node.index] === 0 && (!isAtom(node) || ownQuiet(this.#standingOf(node)));
  }

  #mayExecute(node: AtomNode): boolean {
    const { state, intention } = this.#standingOf(node);
    return this.#waiting[node.index] === 0 && EXECUTABLE.has(state) && intention === 'EXECUTE';
  }

  #mayRevert(node: AtomNode): boolean {
    const { state, intention } = this.#standingOf(node);
    if (this.#busy[node.index] !== 0) return false;
    return intention === 'REVERT' ? REVERTIBLE.has(state) : intention === 'RETRY' && state === 'SUCCESS';
  }

  #offerExecute(node: AtomNode): void {
    if (this.#mayExecute(node)) this.#toExecute.push(node);
  }

  #offerRevert(node: AtomNode): void {
    if (this.#mayRevert(node)) this.#toRevert.push(node);
  }

  #spreadDone(start: AtomNode): void {
    if (this.#waiting[start.index] !== 0) return;
    const done: Node[] = [start];
    for (let node = done.pop(); node !== undefined; node = done.pop()) {
      for (const next of node.successors) {
        if (this.#add(this.#waiting, next, -1) !== 0) continue;
        if (this.isDone(next)) done.push(next);
        else if (isAtom(next)) this.#offerExecute(next);
      }
    }
  }

  #spreadBusy(start: AtomNode): void {
    if (this.#busy[start.index] !== 0) return;
    const busy: Node[] = [start];
    for (let node = busy.pop(); node !== undefined; node = busy.pop()) {
      for (const before of node.predecessors) {
        const wasQuiet = this.#isQuiet(before);
        this.#add(this.#busy, before, 1);
        if (wasQuiet) busy.push(before);
      }
    }
  }

  #spreadQuiet(start: AtomNode): void {
    if (this.#busy[start.index] !== 0) return;
    const quiet: Node[] = [start];
    for (let node = quiet.pop(); node !== undefined; node = quiet.pop()) {
      for (const before of node.predecessors) {
        if (this.#add(this.#busy, before, -1) !== 0) continue;
        if (this.#isQuiet(before)) quiet.push(before);
        else if (isAtom(before)) this.#offerRevert(before);
      }
    }
  }

  #add(counters: Int32Array, node: Node, change: number): number {
    const value = (counters[node.index] as number) + change;
    counters[node.index] = value;
    return value;
  }
}

const NONE: readonly never[] = [];
const EXECUTABLE: ReadonlySet<AtomState> = new Set(['PENDING', 'RUNNING', 'RETRYING', 'PARTIAL']);
const REVERTIBLE: ReadonlySet<AtomState> = new Set([
  'SUCCESS',
  'FAILURE',
  'REVERTING',
  'RETRYING',
  'PARTIAL',
]);

function ownDone({ state, intention }: Standing): boolean {
  return isDoneIn(state, intention);
}

/** Whether an atom in this state, and meant so, is done for those behind it. */
function isDoneIn(state: AtomState, intention: Intention): boolean {
  return (state === 'SUCCESS' || state === 'IGNORE') && (intention === 'EXECUTE' || intention === 'IGNORE');
}

function ownQuiet({ state }: Standing): boolean {
  return isQuietIn(state);
}

function isQuietIn(state: AtomState): boolean {
  return state === 'PENDING' || state === 'REVERTED' || state === 'IGNORE';
}

function count<T>(list: readonly T[], matches: (each: T) => boolean): number {
  let found = 0;
  for (const each of list) if (matches(each)) found++;
  return found;
}

/** Those that fit, in the order of the compilation, each once. */
function inOrder(nodes: readonly AtomNode[], fits: (node: AtomNode) => boolean): readonly AtomNode[] {
  const found: AtomNode[] = [];
  let isSorted = true;
  for (const node of nodes) {
    if (!fits(node)) continue;
    isSorted &&= node.index > (found.at(-1)?.index ?? -1);
    found.push(node);
  }
  if (isSorted) return found;
  return found.sort((a, b) => a.index - b.index).filter((node, at, all) => node !== all[at - 1]);
}
