/**
 * What a flow must do, as an interpreter of the page taskflow-semantics.md by its naivest reading: closures and walks over
 * the tree, no counters, nothing of src/. Section numbers are of that page; D1 to D15 are the decisions of its part 3,
 * which win.
 *
 *   observe(entry) ─▶ is it allowed now? ─no─▶ throws Violation: [section] why
 *                            │yes
 *                            ▼
 *        own states, intentions, attempts ─▶ due(): what must happen next ─▶ end(): what the caller gets
 *
 * Beside it stand what holds before anything runs (tree.ts), the tables of moves (moves.ts), which value an argument has
 * (symbols.ts), what deciders say and how far it reaches (deciders.ts), and what retries say (policies.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import { type Atom, fresh, hasCodeToUndo, type Intention, putBack, QUIET } from './atom.ts';
import { Deciders } from './deciders.ts';
import { FLOW_MOVES, MOVES } from './moves.ts';
import { attemptOf, decide, type Ended, revertOf } from './policies.ts';
import { Symbols } from './symbols.ts';
import { Tree, validate } from './tree.ts';
import {
  type Action,
  type AtomShape,
  answerFailureOf,
  type End,
  type Entry,
  type FlowState,
  type Options,
  REFUSED,
  type RetryShape,
  type State,
  type TaskShape,
  type Told,
  type Undo,
  type UnitShape,
  type Values,
} from './words.ts';

class Violation extends Error {
  constructor(section: string, message: string) {
    super(`[${section}] ${message}`);
  }
}

/** A retry is asked what a failure means, and has promised the answer. */
interface Question {
  readonly retry: Atom;
  readonly steps: Resolving;
  /** Null until its code was called. */
  id: number | null;
}

/** Yields those whose answer it waits for; returns what is to be done. */
type Resolving = Generator<Atom, () => void>;

/** What must happen next. `settle`: without code of the user's, at once. */
export interface Due {
  readonly atom: string;
  readonly action: Action | 'settle';
  readonly to: State;
}

export class Model {
  readonly tree: Tree;
  readonly symbols: Symbols;
  flow: FlowState = 'PENDING';
  readonly #deciders: Deciders;
  readonly #options: Options;
  readonly #givesBack: boolean;
  readonly #atoms: ReadonlyMap<string, Atom>;
  /** Put back by a retry, and not announced yet. */
  readonly #owedPending = new Set<Atom>();
  /** Ignored by a decider, and not announced yet. */
  readonly #owedIgnore = new Set<Atom>();
  /** 2.3: what stops the run itself. */
  readonly #fatal: string[] = [];
  /** 2.6: whose onFailure is to be called, with what it must be told. */
  #toAsk: { readonly atom: Atom; readonly told: Told }[] = [];
  #questions: readonly Question[] = [];

  /** @param givesBack - Workers take tasks in batches, and may give back what they did not begin. */
  constructor(root: UnitShape, options: Options, givesBack = false) {
    this.tree = new Tree(root);
    this.#options = options;
    this.#givesBack = givesBack;
    validate(this.tree, options);
    this.#deciders = new Deciders(this.tree, (name) => this.#get(name));
    this.symbols = new Symbols(this.tree, options, (name) => this.#get(name));
    this.#atoms = new Map(this.tree.atoms.map((shape) => [shape.name, fresh(shape)]));
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
        this.#finish(this.#get(entry.atom), entry.action, { threw: entry.threw, value: entry.value });
        break;
      case 'asked':
        this.#asked(entry.flow, entry.from, entry.to, entry.history);
        break;
      case 'consulted':
        this.#consulted(this.#get(entry.retry), entry);
        break;
      case 'answered':
        this.#answered(entry.question);
        break;
      case 'passed':
        for (const atom of this.#atoms.values()) if (atom.state === 'RETRYING') atom.pause -= entry.ms;
    }
    this.#noteWhoCanRevert();
  }

  /** 2.5: all that is ready, in the order of the tree. Nothing may be left of it when a run ends, nor while it waits. */
  due(): readonly Due[] {
    if (this.flow !== 'RUNNING' || this.#fatal.length > 0) return [];
    return this.#selectable().filter(({ to }) => to !== 'FAILURE'); // Somebody is asked.
  }

  /** What the flow waits for, beside its tasks. */
  waitsFor(): { readonly answers: readonly number[]; readonly time: boolean } {
    const pauses = (atom: Atom): boolean => atom.pause > 0 && this.#mayExecute(atom, true);
    const time = this.flow === 'RUNNING' && [...this.#atoms.values()].some(pauses);
    return { answers: this.#questions.flatMap(({ id }) => (id === null ? [] : [id])), time };
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
    const pauses = [...this.#atoms.values()].some((atom) => this.#mayExecute(atom, true));
    if (pauses || this.#selectable().length > 0) return 'SUSPENDED';
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

  #results(): Values {
    return this.#options.keep === 'none' ? {} : this.symbols.results();
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
      if (this.#isUnresolved(atom)) return [{ atom: name, action: 'settle', to: 'FAILURE' }];
      if (!this.#mayRevert(atom)) return [];
      return [
        { atom: name, action: this.#isTasksCode(atom, 'revert') ? 'revert' : 'settle', to: 'REVERTING' },
      ];
    });
  }

  #toExecute(atom: Atom): Due {
    const { shape } = atom;
    const to = this.#deciders.votesNo(shape).length > 0 ? 'IGNORE' : 'RUNNING';
    const hasCode = to === 'RUNNING' && this.#isTasksCode(atom, 'execute');
    return { atom: shape.name, action: hasCode ? 'execute' : 'settle', to };
  }

  /**
   * 2.5: PENDING or RETRYING, meant to execute, and every atom before it done and meant to stay so. DESIGN 2: after its
   * delay; and not while a retry has yet to say what becomes of what lies after it.
   */
  #mayExecute(atom: Atom, early = false): boolean {
    if (!early && atom.state === 'RETRYING' && atom.pause > 0) return false;
    if (this.#isHeldUp(atom)) return false;
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
    const isMeant = atom.state === 'SUCCESS' && atom.intention === 'RETRY';
    return isMeant && this.#nothingStandsAfter(atom) && !this.#isHeldUp(atom);
  }

  /** Some retry has yet to say what becomes of it: itself, or one before it. */
  #isHeldUp({ shape }: Atom): boolean {
    const before = this.tree.before(shape);
    return this.#questions.some(({ retry }) => retry.shape === shape || before.has(retry.shape));
  }

  /** 2.11: a failure of which nobody has said yet what it means. */
  #isUnresolved(atom: Atom): boolean {
    return atom.state === 'FAILURE' && atom.intention === 'EXECUTE' && !this.#options.neverResolve;
  }

  #nothingStandsAfter(atom: Atom): boolean {
    return this.#all(this.tree.after(atom.shape)).every(({ state }) => QUIET.includes(state));
  }

  // What was seen.

  #moveFlow(to: FlowState): void {
    check(FLOW_MOVES[this.flow].includes(to), '2.1', `the flow goes from ${this.flow} to ${to}`);
    const isEnd = ['SUCCESS', 'FAILURE', 'REVERTED', 'SUSPENDED'].includes(to);
    if (isEnd) this.#checkEnd(to);
    this.flow = to;
    // 2.10: who was asked is asked again when it goes on.
    if (to !== 'RUNNING') this.#questions = this.#questions.filter(({ id }) => id === null);
    if (to === 'PENDING') this.#startAnew();
    if (to === 'RUNNING')
      for (const atom of this.#atoms.values()) if (this.#isUnresolved(atom)) this.#resolve(atom);
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
    check(this.#toAsk.length === 0, '2.6', `${this.#toAsk[0]?.atom.shape.name} was never asked`);
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
    if (this.#isGivenBack(atom, to)) {
      atom.state = to;
      return;
    }
    const isLegal = isOwed || to === 'PENDING' || MOVES[atom.state].includes(to);
    check(isLegal, '2.2', `${name} goes from ${atom.state} to ${to}`);
    if (isOwed) return;
    if (to === 'PENDING') this.#putBack(atom);
    else if (to === 'IGNORE') this.#ignore(atom);
    else if (to === 'RUNNING' || to === 'REVERTING' || to === 'RETRYING') this.#begin(atom, to);
    else this.#end(atom, to);
  }

  /** The decision on states of queued tasks: RUNNING is also what waits in the batch that a worker has, which it may give back. */
  #isGivenBack({ shape, state, isOn, ended, before }: Atom, to: State): boolean {
    const isTaken = shape.kind === 'task' && (state === 'RUNNING' || state === 'REVERTING');
    return this.#givesBack && isTaken && !isOn && ended === null && to === before;
  }

  #begin(atom: Atom, to: 'RUNNING' | 'REVERTING' | 'RETRYING'): void {
    const { shape } = atom;
    const section = to === 'RUNNING' ? '2.5' : to === 'REVERTING' ? '2.8' : '2.6';
    const isDue = this.due().some((due) => due.atom === shape.name && due.to === to);
    check(isDue, section, `${shape.name} is ${to} when it may not: ${this.#story(atom)}`);
    atom.before = atom.state;
    atom.state = to;
    if (to === 'RUNNING') atom.called = false;
    if (to === 'RETRYING') this.#retry(atom);
  }

  /** 2.6: all after the retry goes back to PENDING and EXECUTE, ignored atoms too; what was asked of it is over. */
  #retry(atom: Atom): void {
    const { shape, attempts } = atom;
    atom.intention = 'EXECUTE';
    atom.pause = shape.kind === 'retry' ? shape.delay * 2 ** (attempts.length - 1) : 0;
    const after = this.#all(this.tree.after(shape));
    for (const each of after) {
      if (each.state !== 'PENDING') this.#owedPending.add(each);
      putBack(each);
    }
    this.#questions = this.#questions.filter(({ retry }) => !after.includes(retry));
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
      (each) => sayers.includes(each) && this.#deciders.reach(each.shape).includes(atom.shape),
    );
    if (sayer === undefined) throw new Violation('2.7', `${name} is IGNORE, and nobody says no to it`);
    for (const each of this.#all(this.#deciders.reach(sayer.shape))) {
      if (each.state !== 'IGNORE' && each !== atom) this.#owedIgnore.add(each);
      each.state = each.intention = 'IGNORE';
    }
  }

  #call(atom: Atom, action: Action, args: Values, undo: Undo | null): void {
    const { shape, state, isOn, ended } = atom;
    const { name } = shape;
    const section = action === 'execute' ? '2.5' : '2.8';
    const fits = state === (action === 'execute' ? 'RUNNING' : 'REVERTING');
    check(fits, section, `${action} of ${name} is called, which is ${state}`);
    check(!isOn && ended === null, section, `${action} of ${name} is called twice`);
    const due = this.symbols.argumentsOf(shape, action);
    check(isDeepStrictEqual(args, due), '2.4', `${action} of ${name} gets ${show(args)}, not ${show(due)}`);
    if (undo !== null) this.#checkUndo(atom, undo);
    atom.isOn = true;
    if (action === 'execute') atom.called = true;
  }

  /** 2.6. What a retry's own code does is known. */
  #consulted(
    atom: Atom,
    { about, args, told, question }: Extract<Entry, { readonly kind: 'consulted' }>,
  ): void {
    const { name } = atom.shape;
    if (about !== 'onFailure') {
      this.#checkTold(name, told, this.told(name));
      this.#call(atom, about, args, null);
      this.#finish(atom, about, this.outcome(name, about));
      return;
    }
    const asked = this.#toAsk.find((each) => each.atom === atom);
    if (asked === undefined) throw new Violation('2.6', `${name} is asked about nothing`);
    this.#checkTold(name, told, asked.told);
    const due = this.symbols.argumentsOf(atom.shape, 'execute');
    check(isDeepStrictEqual(args, due), '2.4', `onFailure of ${name} gets ${show(args)}, not ${show(due)}`);
    this.#toAsk = this.#toAsk.filter((each) => each !== asked);
    const open = this.#questions.find(({ retry, id }) => retry === atom && id === null);
    if (open !== undefined) open.id = question;
  }

  #checkTold(name: string, told: Told, due: Told): void {
    check(isDeepStrictEqual(told, due), '2.6', `${name} is told ${show(told)}, not ${show(due)}`);
  }

  /** One that nobody waits for any more changes nothing. */
  #answered(question: number): void {
    const open = this.#questions.find(({ id }) => id === question);
    if (open === undefined) return;
    this.#questions = this.#questions.filter((each) => each !== open);
    this.#pursue(open.steps);
  }

  /** 2.8, D2: its own outcome, and the failures by now, or when it became ready. */
  #checkUndo({ shape, result, failure, knownFailures, heardFailures }: Atom, undo: Undo): void {
    const told = [undo.result, undo.failure];
    check(isDeepStrictEqual(told, [result, failure]), '2.8', `revert of ${shape.name} is told ${show(told)}`);
    const [known, now] = [knownFailures ?? [], this.#failed()];
    const isTrue = undo.failures.every((each) => heardFailures.has(each));
    const isFull = known.every((each) => undo.failures.includes(each));
    const failed = `revert of ${shape.name} is told that ${show(undo.failures)} failed, not ${show(now)}`;
    check(isTrue && isFull, '2.8', failed);
  }

  #finish(atom: Atom, action: Action, ended: Ended): void {
    const { name } = atom.shape;
    const fits = atom.state === (action === 'execute' ? 'RUNNING' : 'REVERTING');
    check(fits && atom.isOn, '2.5', `${action} of ${name} ended, and was not on`);
    [atom.isOn, atom.ended] = [false, ended];
  }

  #end(atom: Atom, to: State): void {
    const { shape, state, ended } = atom;
    const action = state === 'RUNNING' ? 'execute' : 'revert';
    const outcome = ended ?? (this.#hasCode(atom, action) ? null : this.outcome(shape.name, action));
    const threw = to === 'FAILURE' || to === 'REVERT_FAILURE';
    const what = outcome === null ? 'did not end' : show(outcome);
    check(
      outcome?.threw === threw,
      shape.kind === 'task' ? '2.5' : '2.6',
      `${shape.name} is ${to}, but ${what}`,
    );
    this.#settle(atom, to, outcome?.value);
  }

  #settle(atom: Atom, to: State, value: unknown): void {
    atom.state = to;
    atom.ended = null;
    if (to === 'SUCCESS') [atom.result, atom.failure] = [value, null];
    if (to === 'SUCCESS') atom.attempts = [...atom.attempts, { provided: value, failures: {} }];
    if (to === 'REVERTED') atom.attempts = []; // 2.6: history is emptied
    if (to === 'FAILURE') [atom.result, atom.failure] = [undefined, String(value)];
    if (to === 'REVERT_FAILURE') this.#stop(String(value));
    if (to === 'FAILURE' && this.#options.neverResolve) this.#stop(String(value));
    else if (to === 'FAILURE') this.#resolve(atom);
  }

  #stop(failure: string): void {
    this.#fatal.push(failure);
    this.#questions = [];
  }

  // 2.6: what a failure means.

  #resolve(failed: Atom): void {
    this.#pursue(this.#resolution(failed));
  }

  #pursue(steps: Resolving): void {
    const { done, value } = steps.next();
    if (done) value();
    else this.#questions = [...this.#questions, { retry: value, steps, id: null }];
  }

  /**
   * Steps 1 to 5: the nearest retry is asked, and when it says REVERT, the next one. The page leaves open whether an
   * ignored retry governs: here it does not. D8: one that throws says REVERT, and has failed itself.
   */
  *#resolution(failed: Atom): Resolving {
    const { failure } = failed;
    let [teller, givenUp]: [Atom, Atom | null] = [failed, null];
    for (let shape = this.tree.retryOf(failed.shape); shape !== null; shape = this.tree.retryOf(shape)) {
      const retry = this.#get(shape.name);
      if (retry.state === 'IGNORE') continue;
      this.#note(retry, teller.shape.name, failure ?? '');
      teller = retry;
      if (shape.policy.kind === 'own') this.#toAsk.push({ atom: retry, told: this.told(shape.name) });
      const attempt = retry.attempts.length;
      const decision = decide(shape, attempt, this.#given(shape));
      if (shape.policy.kind === 'own' && shape.policy.isLate) yield retry;
      if (decision === 'RETRY') return () => this.#tryAgain(retry);
      if (decision === 'REVERT_ALL') return () => this.#revertAll();
      if (decision === 'THROW') retry.failure = answerFailureOf(shape.name, attempt);
      givenUp ??= retry;
    }
    if (givenUp === null || this.#options.deferReverts) return () => this.#revertAll();
    const given = givenUp;
    return () => this.#intend([given, ...this.#all(this.tree.after(given.shape))], 'REVERT');
  }

  /** Step 2. */
  #note(retry: Atom, atom: string, failure: string): void {
    const last = retry.attempts.at(-1);
    if (last === undefined) return;
    const noted = { ...last, failures: { [atom]: failure, ...last.failures } };
    retry.attempts = [...retry.attempts.slice(0, -1), noted];
  }

  /** Steps 3 and 6. */
  #tryAgain(retry: Atom): void {
    if (retry.intention === 'REVERT') return;
    retry.intention = 'RETRY';
    this.#intend(this.#all(this.tree.after(retry.shape)), 'REVERT');
  }

  /** Step 4; nobody need say more. */
  #revertAll(): void {
    this.#questions = [];
    this.#intend([...this.#atoms.values()], 'REVERT');
  }

  /** Ignored atoms stay so. */
  #intend(atoms: readonly Atom[], intention: Intention): void {
    for (const atom of atoms) if (atom.state !== 'IGNORE') atom.intention = intention;
  }

  // Small print.

  /** What parameterizedForEach is given to try. */
  #given(shape: RetryShape): unknown {
    const [symbol] = shape.requires;
    return symbol === undefined ? undefined : this.symbols.lookUp(shape, symbol);
  }

  /** What a retry, or an atom without code to call, comes to. D8: what can't be called has failed. */
  outcome(name: string, action: Action): Ended {
    const atom = this.#get(name);
    const { shape, attempts } = atom;
    if (action === 'revert' && !hasCodeToUndo(atom)) return { threw: false, value: undefined };
    if (shape.kind === 'task' || this.symbols.lacks(shape, action)) return { threw: true, value: REFUSED };
    if (action === 'revert') return revertOf(shape, attempts.length);
    return attemptOf(shape, attempts.length + 1, this.#given(shape));
  }

  /** What a retry's execute and revert are told now. */
  told(name: string): Told {
    const { attempts, failure } = this.#get(name);
    return { attempts, failure };
  }

  /** Which code of a retry must be called now, and with what. */
  consulting(): Entry | null {
    const entry = ({ shape }: Atom, about: Action | 'onFailure', told: Told): Entry => {
      const args = this.symbols.argumentsOf(shape, about === 'revert' ? 'revert' : 'execute');
      return { kind: 'consulted', retry: shape.name, about, args, told, question: null };
    };
    const [asked] = this.#toAsk;
    if (asked !== undefined) return entry(asked.atom, 'onFailure', asked.told);
    for (const atom of this.#atoms.values()) {
      const action = atom.state === 'RUNNING' ? 'execute' : 'revert';
      const isOn = atom.shape.kind === 'retry' && (action === 'execute' || atom.state === 'REVERTING');
      if (isOn && atom.ended === null && this.#hasCode(atom, action)) {
        return entry(atom, action, this.told(atom.shape.name));
      }
    }
    return null;
  }

  /** What revert of the task is told now. */
  undo({ name }: TaskShape): Undo {
    const { result, failure } = this.#get(name);
    return { result, failure, failures: this.#failed() };
  }

  /** True when there is code of the user's that is to be called. */
  #hasCode(atom: Atom, action: Action): boolean {
    const isReadyMade = atom.shape.kind === 'retry' && atom.shape.policy.kind !== 'own';
    const isWanted = action === 'execute' ? !isReadyMade : hasCodeToUndo(atom);
    return isWanted && !this.symbols.lacks(atom.shape, action);
  }

  #isTasksCode(atom: Atom, action: Action): boolean {
    return atom.shape.kind === 'task' && this.#hasCode(atom, action);
  }

  #asked(flow: string, from: number, to: number, history: Values): void {
    const ready = this.#selectable().map(({ atom }) => this.#get(atom)); // also while it suspends: it does no harm
    const governed = ready.filter(({ shape }) =>
      this.tree
        .deciders(shape)
        .some(({ flow: { name }, edge }) => name === flow && edge.from === from && edge.to === to),
    );
    const fits = governed.some(({ shape }) =>
      isDeepStrictEqual({ ...history }, this.#deciders.historyFor(shape)),
    );
    check(governed.length > 0, '2.7', `the decider of ${flow} ${from} to ${to} was asked too early`);
    check(fits, '2.7', `the decider of ${flow} ${from} to ${to} was told ${show(history)}`);
  }

  #noteWhoCanRevert(): void {
    const failed = this.#failed();
    for (const atom of this.#atoms.values()) {
      const isOn = atom.state === 'REVERTING' || this.#mayRevert(atom);
      const known = atom.knownFailures?.filter((each) => failed.includes(each)) ?? failed;
      atom.knownFailures = isOn ? known : null;
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

function check(holds: boolean, section: string, message: string): void {
  if (!holds) throw new Violation(section, message);
}

function show(value: unknown): string {
  return JSON.stringify(value);
}
