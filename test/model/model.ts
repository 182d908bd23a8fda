/**
 * What a flow must do, as an interpreter of the page taskflow-semantics.md by its naivest reading: closures and walks over
 * the tree, no counters, nothing of src/. Section numbers are of that page; D1 to D15 are the decisions of its part 3,
 * which win.
 *
 *   observe(entry) ─▶ is it allowed now? ─no─▶ throws Violation: [section] why
 *                            │yes
 *                            ▼
 *        own states, intentions, attempts ─▶ due(): what must happen next ─▶ end(): what the caller gets
 */
import { isDeepStrictEqual } from 'node:util';
import { Tree, validate } from './tree.ts';
import {
  type Action,
  type AtomShape,
  type Depth,
  type End,
  type Entry,
  executed,
  type FlowState,
  injected,
  type Options,
  type Policy,
  REFUSED,
  type RetryShape,
  type State,
  stored,
  type TaskShape,
  type Undo,
  type UnitShape,
  type Values,
} from './words.ts';

class Violation extends Error {
  constructor(section: string, message: string) {
    super(`[${section}] ${message}`);
  }
}

type Intention = 'EXECUTE' | 'REVERT' | 'RETRY' | 'IGNORE';

interface Atom {
  readonly shape: AtomShape;
  state: State;
  intention: Intention;
  /** Of its last execution: the task's code was called. */
  called: boolean;
  /** Of what it does now: its code is on, or has ended so. */
  isOn: boolean;
  ended: { readonly threw: boolean; readonly value: unknown } | null;
  /** What execute returned, and what it threw, if that was the last thing that it did (D3). */
  result: unknown;
  failure: string | null;
  /** Of a retry: how many there are in its history (2.6). */
  attempts: number;
  /** The failures that were known when it could be reverted. */
  knownFailures: readonly string[] | null;
  /** All that were known since then. */
  heardFailures: Set<string>;
}

/** What must happen next. `settle`: without code of the user's, at once. */
export interface Due {
  readonly atom: string;
  readonly action: Action | 'settle';
  readonly to: State;
}

/** 2.2. What the engine may announce; a reset, and a retry's, put anything back to PENDING. */
const MOVES: Readonly<Record<State, readonly State[]>> = {
  PENDING: ['RUNNING', 'IGNORE'],
  RUNNING: ['SUCCESS', 'FAILURE'],
  SUCCESS: ['REVERTING', 'RETRYING'],
  FAILURE: ['REVERTING'],
  REVERTING: ['REVERTED', 'REVERT_FAILURE'],
  REVERTED: [],
  REVERT_FAILURE: [],
  IGNORE: [],
  // 2.2 knows no way back from here. Ours has one, in states.ts: a retry may wait for its delay.
  RETRYING: ['RUNNING', 'REVERTING'],
};

/** 2.1. D6: PENDING from every state but RUNNING. */
const FLOW_MOVES: Readonly<Record<FlowState, readonly FlowState[]>> = {
  PENDING: ['RUNNING'],
  RUNNING: ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDING'],
  SUCCESS: ['PENDING', 'RUNNING'],
  FAILURE: ['PENDING', 'RUNNING'],
  REVERTED: ['PENDING'],
  SUSPENDING: ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED'],
  SUSPENDED: ['PENDING', 'RUNNING'],
  RESUMING: [],
};

const QUIET: readonly State[] = ['PENDING', 'REVERTED', 'IGNORE'];

export class Model {
  readonly tree: Tree;
  flow: FlowState = 'PENDING';
  readonly #options: Options;
  readonly #atoms: ReadonlyMap<string, Atom>;
  /** Put back by a retry, and not announced yet. */
  readonly #owedPending = new Set<Atom>();
  /** Ignored by a decider, and not announced yet. */
  readonly #owedIgnore = new Set<Atom>();
  /** 2.3: what stops the run itself. */
  readonly #fatal: string[] = [];

  constructor(root: UnitShape, options: Options) {
    this.tree = new Tree(root);
    this.#options = options;
    validate(this.tree, options);
    this.#atoms = new Map(this.tree.atoms.map((shape) => [shape.name, fresh(shape)]));
  }

  state(name: string): State {
    return this.#get(name).state;
  }

  /** Takes in what was seen, in the order in which it was seen. Throws Violation. */
  observe(entry: Entry): void {
    switch (entry.kind) {
      case 'flow':
        this.#moveFlow(entry.to);
        break;
      case 'moved':
        this.#move(this.#get(entry.atom), entry.to);
        break;
      case 'called':
        this.#call(this.#get(entry.atom), entry.action, entry.args, entry.undo);
        break;
      case 'ended':
        this.#finish(this.#get(entry.atom), entry.action, entry.threw, entry.value);
        break;
      case 'asked':
        this.#asked(entry.flow, entry.from, entry.to, entry.history);
    }
    this.#noteWhoCanRevert();
  }

  /** 2.5: all that is ready, in the order of the tree. Nothing may be left of it when a run ends, nor while it waits. */
  due(): readonly Due[] {
    return this.flow === 'RUNNING' && this.#fatal.length === 0 ? this.#selectable() : [];
  }

  /** What a worker has, or may have. */
  inHand(): readonly Due[] {
    const busy = [...this.#atoms.values()].filter(
      ({ state }) => state === 'RUNNING' || state === 'REVERTING',
    );
    return busy.map(({ shape, state }) => ({
      atom: shape.name,
      action: state === 'RUNNING' ? 'execute' : 'revert',
      to: state,
    }));
  }

  /** 2.3.5: where the flow stands when nothing more is begun. */
  ending(): FlowState {
    if (this.#fatal.length > 0) return 'FAILURE';
    if (this.#selectable().length > 0) return 'SUSPENDED';
    const isDone = [...this.#atoms.values()].every(({ state }) => state === 'SUCCESS' || state === 'IGNORE');
    return isDone ? 'SUCCESS' : 'REVERTED';
  }

  /** 2.13, with D3: where the run ended, and what the caller gets. */
  end(): End {
    const atoms = [...this.#atoms.values()];
    const failures = atoms.flatMap(({ failure }) => (failure === null ? [] : [failure]));
    return {
      flow: this.flow,
      states: Object.fromEntries(atoms.map(({ shape, state }) => [shape.name, state])),
      thrown: this.flow === 'FAILURE' ? this.#fatal : this.flow === 'REVERTED' ? failures : [],
      results: this.flow === 'SUCCESS' ? this.#results() : null,
    };
  }

  /** 2.4: the value that the atom's argument has; undefined when nobody gives it. */
  lookUp(shape: AtomShape, symbol: string): unknown {
    if (shape.kind === 'task' && shape.inject.includes(symbol)) return injected(shape.name, symbol);
    if (this.#options.store.includes(symbol)) return stored(symbol);
    return this.#nearest(this.tree.scopes(shape).flat(), symbol);
  }

  // 2.5, 2.7, 2.8: who may do what.

  #selectable(): Due[] {
    const owed = [...this.#owedIgnore, ...this.#owedPending];
    if (owed.length > 0) {
      return owed.map(({ shape, state }) => ({ atom: shape.name, action: 'settle', to: state }));
    }
    return [...this.#atoms.values()].flatMap((atom): Due[] => {
      const name = atom.shape.name;
      if (this.#mayExecute(atom)) return [this.#toExecute(atom)];
      if (this.#mayRetry(atom)) return [{ atom: name, action: 'settle', to: 'RETRYING' }];
      if (!this.#mayRevert(atom)) return [];
      return [{ atom: name, action: hasCodeToUndo(atom) ? 'revert' : 'settle', to: 'REVERTING' }];
    });
  }

  #toExecute(atom: Atom): Due {
    const { shape } = atom;
    const to = this.#votesNo(atom).length > 0 ? 'IGNORE' : 'RUNNING';
    const hasCode = shape.kind === 'task' && to === 'RUNNING' && this.#missing(shape).length === 0;
    return { atom: shape.name, action: hasCode ? 'execute' : 'settle', to };
  }

  /** 2.5: PENDING or RETRYING, meant to execute, and every atom before it done and meant to stay so. */
  #mayExecute(atom: Atom): boolean {
    const isDone = ({ state, intention }: Atom): boolean =>
      (state === 'SUCCESS' || state === 'IGNORE') && (intention === 'EXECUTE' || intention === 'IGNORE');
    return (
      (atom.state === 'PENDING' || atom.state === 'RETRYING') &&
      atom.intention === 'EXECUTE' &&
      this.#all(this.tree.before(atom.shape)).every(isDone)
    );
  }

  /** 2.5, 2.8: it ran, is meant to be undone, and nothing after it stands. */
  #mayRevert(atom: Atom): boolean {
    const ran = atom.state === 'SUCCESS' || atom.state === 'FAILURE' || atom.state === 'RETRYING';
    return ran && atom.intention === 'REVERT' && this.#nothingStandsAfter(atom);
  }

  #mayRetry(atom: Atom): boolean {
    return atom.state === 'SUCCESS' && atom.intention === 'RETRY' && this.#nothingStandsAfter(atom);
  }

  #nothingStandsAfter(atom: Atom): boolean {
    return this.#all(this.tree.after(atom.shape)).every(({ state }) => QUIET.includes(state));
  }

  /** 2.7: the depths of those who say no. Sources that are IGNORE are not asked; all see one history. */
  #votesNo(atom: Atom): Depth[] {
    return this.tree.deciders(atom.shape).flatMap(({ flow, edge, decider }) => {
      const source = flow.units[edge.from] as UnitShape;
      if (source.kind === 'flow') return decider.noOn.includes(0) ? [decider.depth] : [];
      const { state, result } = this.#get(source.name);
      const no = decider.noOn.some((execution) => result === executed(source.name, execution));
      return state !== 'IGNORE' && no ? [decider.depth] : [];
    });
  }

  #decidersHistory(atom: Atom): Values {
    const sources = this.tree
      .deciders(atom.shape)
      .map(({ flow, edge }) => flow.units[edge.from] as UnitShape);
    const tasks = sources.filter(({ kind, name }) => kind === 'task' && this.#get(name).state !== 'IGNORE');
    return Object.fromEntries(tasks.map(({ name }) => [name, this.#get(name).result]));
  }

  /** 2.7: how far the widest "no" reaches. */
  #reach(atom: Atom): AtomShape[] {
    const votes = this.#votesNo(atom);
    const depth = (['ALL', 'FLOW', 'NEIGHBORS', 'ATOM'] as const).find((each) => votes.includes(each));
    if (depth === 'ALL') return [atom.shape, ...this.tree.after(atom.shape)];
    if (depth === 'NEIGHBORS') return [atom.shape, ...this.tree.nextTasks(atom.shape)];
    if (depth !== 'FLOW') return depth === 'ATOM' ? [atom.shape] : [];
    const reached = new Set([atom.shape]);
    for (const each of reached) for (const next of this.tree.nextTasks(each)) reached.add(next);
    return [...reached];
  }

  // What was seen.

  #moveFlow(to: FlowState): void {
    check(FLOW_MOVES[this.flow].includes(to), '2.1', `the flow goes from ${this.flow} to ${to}`);
    const isEnd = ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED'].includes(to);
    if (isEnd) this.#checkEnd(to);
    this.flow = to;
    if (to === 'PENDING') this.#startAnew();
  }

  /** 2.3.5, 2.10: GAME_OVER. */
  #checkEnd(to: FlowState): void {
    check(this.inHand().length === 0, '2.3', `the flow ends ${to} while something runs`);
    const ending = this.ending();
    const left =
      this.#selectable()
        .map((due) => `${due.atom} ${due.to}`)
        .join(', ') || 'nothing';
    check(this.flow === 'SUSPENDING' || ending !== 'SUSPENDED', '2.3', `the flow ends ${to}; due is ${left}`);
    check(ending === to, '2.3', `the flow ends ${to}, not ${ending}; due is ${left}`);
  }

  /** 2.8, D6: a reset is announced atom by atom, then for the flow. */
  #startAnew(): void {
    const left = [...this.#atoms.values()].filter(({ state }) => state !== 'PENDING');
    check(left.length === 0, '2.8', `reset, but ${left[0]?.shape.name} is ${left[0]?.state}`);
    for (const atom of this.#atoms.values()) putBack(atom);
    this.#fatal.length = 0;
  }

  #move(atom: Atom, to: State): void {
    const { name } = atom.shape;
    const isOwed = to === 'IGNORE' && this.#owedIgnore.delete(atom);
    const isLegal = isOwed || to === 'PENDING' || MOVES[atom.state].includes(to);
    check(isLegal, '2.2', `${name} goes from ${atom.state} to ${to}`);
    if (isOwed) return;
    if (to === 'PENDING') this.#putBack(atom);
    else if (to === 'IGNORE') this.#ignore(atom);
    else if (to === 'RUNNING' || to === 'REVERTING' || to === 'RETRYING') this.#begin(atom, to);
    else if (atom.shape.kind === 'retry') this.#endRetry(atom, atom.shape, to);
    else this.#endTask(atom, atom.shape, to);
  }

  #begin(atom: Atom, to: 'RUNNING' | 'REVERTING' | 'RETRYING'): void {
    const { shape } = atom;
    const section = to === 'RUNNING' ? '2.5' : to === 'REVERTING' ? '2.8' : '2.6';
    const isDue = this.due().some((due) => due.atom === shape.name && due.to === to);
    check(isDue, section, `${shape.name} is ${to} when it may not: ${this.#story(atom)}`);
    atom.state = to;
    if (to === 'RUNNING') atom.called = false;
    if (to === 'RETRYING') this.#retry(atom);
  }

  /** 2.6: all after the retry goes back to PENDING and EXECUTE, ignored atoms too. */
  #retry(atom: Atom): void {
    atom.intention = 'EXECUTE';
    for (const each of this.#all(this.tree.after(atom.shape))) {
      if (each.state !== 'PENDING') this.#owedPending.add(each);
      putBack(each);
    }
  }

  #putBack(atom: Atom): void {
    if (this.#owedPending.delete(atom)) return;
    const { name } = atom.shape;
    check(
      !['RUNNING', 'SUSPENDING'].includes(this.flow),
      '2.6',
      `${name} goes from ${atom.state} to PENDING`,
    );
    check(atom.state !== 'PENDING', '2.2', `${name} is PENDING twice`);
    putBack(atom);
  }

  /** 2.7. The first one heard of may be any that the "no" reaches. */
  #ignore(atom: Atom): void {
    const { name } = atom.shape;
    const sayers = this.due().flatMap((due) => (due.to === 'IGNORE' ? [this.#get(due.atom)] : []));
    const sayer = [atom, ...sayers].find(
      (each) => sayers.includes(each) && this.#reach(each).includes(atom.shape),
    );
    if (sayer === undefined) throw new Violation('2.7', `${name} is IGNORE, and nobody says no to it`);
    for (const each of this.#all(this.#reach(sayer))) {
      if (each.state !== 'IGNORE' && each !== atom) this.#owedIgnore.add(each);
      each.state = each.intention = 'IGNORE';
    }
  }

  #call(atom: Atom, action: Action, args: Values, undo: Undo | null): void {
    const { shape, state, isOn, ended } = atom;
    const { name } = shape;
    if (shape.kind === 'retry') throw new Violation('2.6', `the code of retry ${name} was called`);
    const section = action === 'execute' ? '2.5' : '2.8';
    const fits = state === (action === 'execute' ? 'RUNNING' : 'REVERTING');
    check(fits, section, `${action} of ${name} is called, which is ${state}`);
    check(!isOn && ended === null, section, `${action} of ${name} is called twice`);
    const due = this.argumentsOf(shape);
    check(
      isDeepStrictEqual({ ...args }, due),
      '2.4',
      `${action} of ${name} gets ${show(args)}, not ${show(due)}`,
    );
    if (undo !== null) this.#checkUndo(atom, undo);
    atom.isOn = true;
    if (action === 'execute') atom.called = true;
  }

  /** 2.8, D2: its own outcome, and the failures by now, or when it became ready. */
  #checkUndo({ shape, result, failure, knownFailures, heardFailures }: Atom, undo: Undo): void {
    const told = [undo.result, undo.failure];
    check(isDeepStrictEqual(told, [result, failure]), '2.8', `revert of ${shape.name} is told ${show(told)}`);
    const [known, now] = [knownFailures ?? [], this.#failed()];
    const isTrue = undo.failures.every((each) => heardFailures.has(each));
    const isFull = known.every((each) => undo.failures.includes(each) || !now.includes(each));
    const failed = `revert of ${shape.name} is told that ${show(undo.failures)} failed, not ${show(now)}`;
    check(isTrue && isFull, '2.8', failed);
  }

  #finish(atom: Atom, action: Action, threw: boolean, value: unknown): void {
    const { name } = atom.shape;
    const fits = atom.state === (action === 'execute' ? 'RUNNING' : 'REVERTING');
    check(fits && atom.isOn, '2.5', `${action} of ${name} ended, and was not on`);
    [atom.isOn, atom.ended] = [false, { threw, value }];
  }

  #endTask(atom: Atom, shape: TaskShape, to: State): void {
    const { ended, called } = atom;
    const isUndone = to === 'REVERTED' && !hasCodeToUndo(atom);
    const isRefused = to === 'FAILURE' && !called && this.#missing(shape).length > 0;
    const threw = to === 'FAILURE' || to === 'REVERT_FAILURE';
    const fits = ended === null ? isUndone || isRefused : ended.threw === threw;
    check(
      fits,
      '2.5',
      `${shape.name} is ${to}, but its code ${ended === null ? 'did not end' : show(ended)}`,
    );
    this.#settle(atom, to, ended === null && to === 'FAILURE' ? REFUSED : ended?.value); // D8
  }

  #endRetry(atom: Atom, shape: RetryShape, to: State): void {
    const value = this.attempt(shape);
    const fits =
      to === 'REVERTED' || (to === 'SUCCESS' ? value !== undefined : to === 'FAILURE' && value === undefined);
    check(fits, '2.6', `${shape.name} is ${to}, and provides ${value}`);
    if (to === 'SUCCESS') atom.attempts++;
    if (to === 'REVERTED') atom.attempts = 0; // 2.6: history is emptied
    this.#settle(atom, to, to === 'FAILURE' ? REFUSED : value);
  }

  #settle(atom: Atom, to: State, value: unknown): void {
    atom.state = to;
    atom.ended = null;
    if (to === 'SUCCESS') [atom.result, atom.failure] = [value, null];
    if (to === 'REVERT_FAILURE') this.#fatal.push(String(value));
    if (to !== 'FAILURE') return;
    [atom.result, atom.failure] = [undefined, String(value)];
    if (this.#options.neverResolve) this.#fatal.push(atom.failure);
    else this.#determine(atom)();
  }

  // 2.6: what a failure means.

  /** Steps 1 to 5; returns what is to be done. The page leaves open whether an ignored retry governs: here it does not. */
  #determine(atom: Atom): () => void {
    let shape = this.tree.retryOf(atom.shape);
    while (shape !== null && this.#get(shape.name).state === 'IGNORE') shape = this.tree.retryOf(shape);
    if (shape === null) return () => this.#intend([...this.#atoms.values()], 'REVERT');
    const retry = this.#get(shape.name);
    const after = this.#all(this.tree.after(shape));
    switch (decide(shape.policy, retry.attempts)) {
      case 'RETRY':
        return () => {
          if (retry.intention !== 'REVERT') retry.intention = 'RETRY'; // step 6
          this.#intend(after, 'REVERT');
        };
      case 'REVERT_ALL':
        return () => this.#intend([...this.#atoms.values()], 'REVERT');
      case 'REVERT': {
        const outer = this.#outerThatDecides(retry);
        const parents = this.#determine(retry);
        return this.#options.deferReverts || outer
          ? parents
          : () => this.#intend([retry, ...after], 'REVERT');
      }
    }
  }

  /** Step 5 without deferReverts: some retry further out answers RETRY or REVERT_ALL. */
  #outerThatDecides({ shape }: Atom): boolean {
    const outer = this.tree.retryOf(shape);
    if (outer === null) return false;
    const { attempts, state } = this.#get(outer.name);
    const isSilent = state === 'IGNORE' || decide(outer.policy, attempts) === 'REVERT';
    return !isSilent || this.#outerThatDecides(this.#get(outer.name));
  }

  /** Ignored atoms stay so. */
  #intend(atoms: readonly Atom[], intention: Intention): void {
    for (const atom of atoms) if (atom.state !== 'IGNORE') atom.intention = intention;
  }

  // Small print.

  /** What execute and revert of the task are called with. */
  argumentsOf(task: TaskShape): Values {
    const names = [...task.requires, ...task.optional];
    const given = names.map((symbol) => [symbol, this.lookUp(task, symbol)] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== undefined)); // D7
  }

  /** 1.2: what the retry provides in its next attempt; undefined when it fails itself. */
  attempt({ name, policy }: RetryShape): unknown {
    const { attempts } = this.#get(name);
    if (policy.kind === 'times') return attempts + 1;
    return policy.kind === 'forEach' ? policy.values[attempts] : null;
  }

  /** What revert of the task is told now. */
  undo({ name }: TaskShape): Undo {
    const { result, failure } = this.#get(name);
    return { result, failure, failures: this.#failed() };
  }

  #missing(task: TaskShape): readonly string[] {
    return task.requires.filter((symbol) => this.lookUp(task, symbol) === undefined);
  }

  /** 2.4.4: ignored providers are skipped. */
  #nearest(providers: readonly AtomShape[], symbol: string): unknown {
    const stands = ({ name }: AtomShape): boolean => this.#get(name).state !== 'IGNORE';
    const provider = providers.find((each) => each.provides === symbol && stands(each));
    return provider === undefined ? undefined : this.#get(provider.name).result;
  }

  /** DESIGN 2: every provided symbol, as a task after the whole flow would see it. */
  #results(): Values {
    const nearest = this.tree.atoms.toReversed();
    const symbols = nearest.flatMap(({ provides }) => (provides === null ? [] : [provides]));
    const values = symbols.map((symbol) => [symbol, this.#nearest(nearest, symbol)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }

  #asked(flow: string, from: number, to: number, history: Values): void {
    const ready = this.#selectable().map(({ atom }) => this.#get(atom)); // also while it suspends: it does no harm
    const governed = ready.filter(({ shape }) =>
      this.tree
        .deciders(shape)
        .some(({ flow: { name }, edge }) => name === flow && edge.from === from && edge.to === to),
    );
    const fits = governed.some((atom) => isDeepStrictEqual({ ...history }, this.#decidersHistory(atom)));
    check(governed.length > 0, '2.7', `the decider of ${flow} ${from} to ${to} was asked too early`);
    check(fits, '2.7', `the decider of ${flow} ${from} to ${to} was told ${show(history)}`);
  }

  #noteWhoCanRevert(): void {
    const failed = this.#failed();
    for (const atom of this.#atoms.values()) {
      const isOn = atom.state === 'REVERTING' || this.#mayRevert(atom);
      atom.knownFailures = isOn ? (atom.knownFailures ?? failed) : null;
      atom.heardFailures = new Set(isOn ? [...atom.heardFailures, ...failed] : []);
    }
  }

  #failed(): readonly string[] {
    return [...this.#atoms.values()].flatMap(({ shape, failure }) => (failure === null ? [] : [shape.name]));
  }

  #story({ shape, state, intention }: Atom): string {
    const around = this.#all([...this.tree.before(shape), ...this.tree.after(shape)]);
    const others = around.map((each) => `${each.shape.name} ${each.state}/${each.intention}`);
    return `it is ${state}/${intention}, the flow ${this.flow}, around it ${others.join(', ') || 'nothing'}`;
  }

  #all(shapes: Iterable<AtomShape>): readonly Atom[] {
    return [...shapes].map(({ name }) => this.#get(name));
  }

  #get(name: string): Atom {
    const atom = this.#atoms.get(name);
    if (atom === undefined) throw new Violation('2.9', `there is no atom ${name}`);
    return atom;
  }
}

function fresh(shape: AtomShape): Atom {
  const nothing = {
    called: false,
    isOn: false,
    ended: null,
    result: undefined,
    failure: null,
    knownFailures: null,
    heardFailures: new Set<string>(),
  };
  return { shape, state: 'PENDING', intention: 'EXECUTE', attempts: 0, ...nothing };
}

function putBack(atom: Atom): void {
  Object.assign(atom, fresh(atom.shape));
}

/** 2.8: one whose code never began has nothing to undo. */
function hasCodeToUndo({ shape, called }: Atom): boolean {
  return shape.kind === 'task' && shape.revertFailsOn !== null && called;
}

/** 1.2: what a failure in the attempt that many means. */
function decide(policy: Policy, attempts: number): 'RETRY' | 'REVERT' | 'REVERT_ALL' {
  switch (policy.kind) {
    case 'alwaysRevert':
      return 'REVERT';
    case 'alwaysRevertAll':
      return 'REVERT_ALL';
    case 'times':
    case 'forEach': {
      const most = policy.kind === 'times' ? policy.attempts : policy.values.length;
      return attempts < most ? 'RETRY' : policy.revertAll ? 'REVERT_ALL' : 'REVERT';
    }
  }
}

function check(holds: boolean, section: string, message: string): void {
  if (!holds) throw new Violation(section, message);
}

function show(value: unknown): string {
  return JSON.stringify(value);
}
