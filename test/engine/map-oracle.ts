/**
 * The oracle of a flow with a map: it decides what each call of a task does, and follows what is called, in which order, by
 * rules of its own. It knows nothing of compile/ and engine/.
 */
import type { AtomState } from 'taskloom';

/** A flow as a drawing. Executions are counted from 1, through all attempts and rounds. */
export interface Drawing {
  /** Of each item, which of its executions throw. */
  readonly items: readonly (readonly number[])[];
  /** Attempts of an item in a round; null: no retry. */
  readonly attempts: number | null;
  /** The retry of an item answers by a promise. */
  readonly isAsking: boolean;
  /** Rounds of the flow; null: no retry. */
  readonly rounds: number | null;
  readonly reverts: boolean;
  readonly reduce: null | 'index' | 'arrival';
  /** What is folded is promised. */
  readonly isLate: boolean;
  readonly concurrency: number | null;
  /** `once`: an iterator in the store, which can't be gone through again. */
  readonly source: 'list' | 'sync' | 'async' | 'once';
  /** Turns of the event loop that each item of an asynchronous source takes. */
  readonly pause: number;
  /** Which executions of the task beside the map throw, and of that behind it. */
  readonly beside: readonly number[];
  readonly after: readonly number[];
}

/** What a revert is told. */
export interface Undo {
  readonly result: unknown;
  readonly failure: Error | undefined;
}

class Item {
  readonly failsOn: readonly number[];
  executions = 0;
  /** Those of this round. */
  attempts = 0;
  /** How the last execution of this round ended. */
  last: 'none' | 'done' | 'failed' = 'none';
  /** There is something to undo. */
  isStanding = false;
  /** It has failed for good: nobody tried it again, and nobody will. */
  hasFailed = false;

  constructor(failsOn: readonly number[]) {
    this.failsOn = failsOn;
  }
}

export class Oracle {
  /** What happened that must not, as it was seen. */
  readonly violations: string[] = [];
  readonly #drawing: Drawing;
  readonly #items: readonly Item[];
  readonly #before = new Item([]);
  readonly #beside: Item;
  readonly #after: Item;
  readonly #begun = new Set<string>();
  #rounds = 0;
  /** The round can't end well, whatever comes first. */
  #isDoomed = false;
  /** Something has failed for good, so that what ran may be taken back. */
  #hasFailed = false;
  /** The engine has seen that: no further item begins. */
  #isFalling = false;
  #failedNow = false;
  #isSuspended = false;
  /** Positions in the order in which they were done, and as they were folded. */
  #done: number[] = [];
  #folded: number[] = [];

  constructor(drawing: Drawing) {
    this.#drawing = drawing;
    this.#items = drawing.items.map((failsOn) => new Item(failsOn));
    this.#beside = new Item(drawing.beside);
    this.#after = new Item(drawing.after);
  }

  // What the test does.

  run(): void {
    this.#isSuspended = false;
  }

  suspend(): void {
    this.#isSuspended = true;
    // What the failure means may be asked in the next run only, maybe after others have begun.
    this.#failedNow = false;
  }

  /** An atom is RUNNING or REVERTING. */
  began(action: 'execute' | 'revert', atom: string): void {
    if (action === 'revert' && atom.startsWith('m[') && !this.#drawing.reverts) return;
    this.#check(!this.#isSuspended, `${action} ${atom} begins, and the flow is suspended`);
    if (action === 'execute' && atom !== 'before')
      this.#check(!this.#isFalling, `execute ${atom} begins after the failure`);
    this.#begun.add(`${action} ${atom}`);
  }

  /** The engine has done all that it can for now. */
  rest(): void {
    if (this.#failedNow) this.#isFalling = true;
    const begun = [...this.#begun].filter((each) => each.includes('['));
    this.#check(begun.length <= (this.#drawing.concurrency ?? Infinity), `at once: ${begun}`);
  }

  // What tasks are called for.

  executeItem(index: number): string {
    const item = this.#items[index] as Item;
    this.#enter('execute', `m[${index}]`);
    this.#check(this.#before.last === 'done', `m[${index}] before what comes before it`);
    this.#check(item.attempts < (this.#drawing.attempts ?? 1), `m[${index}] has no attempt left`);
    this.#execute(item, `m[${index}]`);
    if (item.last === 'done') this.#done.push(index);
    else if (item.attempts === (this.#drawing.attempts ?? 1)) this.#fail(item);
    else item.hasFailed = this.#isFalling;
    return this.#outcome(item, `m[${index}]`);
  }

  revertItem(index: number, undo: Undo): void {
    const item = this.#items[index] as Item;
    this.#enter('revert', `m[${index}]`);
    const isTriedAgain = item.last === 'failed' && item.attempts < (this.#drawing.attempts ?? 1);
    this.#check(isTriedAgain || this.#hasFailed, `m[${index}] is reverted, and nothing failed`);
    this.#check(!this.#after.isStanding, `m[${index}] is reverted before what came after it`);
    this.#revert(item, `m[${index}]`, undo);
  }

  executeBefore(): string {
    this.#enter('execute', 'before');
    this.#endRound();
    this.#rounds++;
    this.#check(this.#rounds <= (this.#drawing.rounds ?? 1), `round ${this.#rounds}`);
    const attempts = Array.from({ length: this.#drawing.attempts ?? 1 }, (_, at) => at + 1);
    this.#isDoomed =
      [this.#beside, this.#after].some(({ executions, failsOn }) => failsOn.includes(executions + 1)) ||
      this.#items.some(({ executions, failsOn }) =>
        attempts.every((at) => failsOn.includes(executions + at)),
      );
    this.#execute(this.#before, 'before');
    return this.#outcome(this.#before, 'before');
  }

  revertBefore(undo: Undo): void {
    this.#enter('revert', 'before');
    const standing = this.#items.some(({ isStanding }) => isStanding) && this.#drawing.reverts;
    this.#check(
      !standing && !this.#beside.isStanding && !this.#after.isStanding,
      'before is reverted before what came after it',
    );
    this.#revert(this.#before, 'before', undo);
  }

  executeBeside(): string {
    this.#enter('execute', 'beside');
    this.#check(this.#before.last === 'done', 'beside before what comes before it');
    this.#execute(this.#beside, 'beside');
    if (this.#beside.last === 'failed') this.#fail(this.#beside);
    return this.#outcome(this.#beside, 'beside');
  }

  revertBeside(undo: Undo): void {
    this.#enter('revert', 'beside');
    this.#check(this.#hasFailed && !this.#after.isStanding, 'beside is reverted too early');
    this.#revert(this.#beside, 'beside', undo);
  }

  executeAfter(all: unknown): string {
    this.#enter('execute', 'after');
    this.#check(this.#beside.last === 'done', 'after before what comes before it');
    this.#check(this.#same(all, this.result()), `the map gave ${JSON.stringify(all)}`);
    this.#execute(this.#after, 'after');
    if (this.#after.last === 'failed') this.#fail(this.#after);
    return this.#outcome(this.#after, 'after');
  }

  revertAfter(undo: Undo): void {
    this.#enter('revert', 'after');
    this.#check(this.#hasFailed, 'after is reverted, and nothing failed');
    this.#revert(this.#after, 'after', undo);
  }

  fold(so: string, value: string, index: number): string {
    this.#check(value === this.#valueOf(index), `${value} is folded for m[${index}]`);
    this.#folded.push(index);
    return `${so} ${value}`;
  }

  // What must be true of an end.

  /** What the map must have given. */
  result(): unknown {
    const { reduce } = this.#drawing;
    const all = this.#items.map((_, index) => this.#valueOf(index));
    this.#check(
      this.#items.every(({ last }) => last === 'done'),
      'a result before all items are done',
    );
    if (reduce === null) return all;
    const order = reduce === 'index' ? [...all.keys()] : this.#done;
    this.#check(this.#same(this.#folded, order), `folded in the order ${this.#folded}, not ${order}`);
    return order.map((index) => ` ${this.#valueOf(index)}`).join('');
  }

  /** Whether the flow must have ended well. */
  succeeds(): boolean {
    if (!this.#isDoomed) return true;
    this.#check(this.#rounds === (this.#drawing.rounds ?? 1), `ended after round ${this.#rounds}`);
    this.#endRound();
    return false;
  }

  /** The states that an item may have: when the flow is suspended, or at its end. */
  statesOf(index: number, flow: 'SUSPENDED' | 'SUCCESS' | 'REVERTED'): readonly AtomState[] {
    const { last, isStanding, hasFailed } = this.#items[index] as Item;
    if (flow === 'SUCCESS') return ['SUCCESS'];
    if (last === 'none') return ['PENDING'];
    // What was to be tried again is back where it began, or stopped on the way there.
    const undone: AtomState[] = last === 'done' || hasFailed ? ['REVERTED'] : ['REVERTED', 'PENDING'];
    if (flow === 'REVERTED') return undone;
    const done = last === 'done' ? 'SUCCESS' : 'FAILURE';
    if (this.#drawing.reverts) return isStanding ? [done] : undone;
    return last === 'done' && !this.#hasFailed ? [done] : [done, ...undone];
  }

  /** What must be among the failures at the end, and what may be. */
  failures(): { readonly must: readonly string[]; readonly may: readonly string[] } {
    const named = [...this.#items.entries()].map(([index, item]) => [`m[${index}]`, item] as const);
    const all = [...named, ['beside', this.#beside] as const, ['after', this.#after] as const];
    return {
      must: all.filter(([, { hasFailed }]) => hasFailed).map(([name]) => name),
      may: all.filter(([, { last }]) => last === 'failed').map(([name]) => name),
    };
  }

  get #all(): readonly Item[] {
    return [...this.#items, this.#before, this.#beside, this.#after];
  }

  #valueOf(index: number): string {
    return `m[${index}] ${this.#items[index]?.executions}`;
  }

  #endRound(): void {
    if (this.#rounds > 0) this.#check(this.#isDoomed, `round ${this.#rounds} was given up`);
    for (const item of this.#all) {
      const isLeft = item.isStanding && (this.#drawing.reverts || !this.#items.includes(item));
      this.#check(!isLeft, 'something that ran is left as it was');
    }
    if (this.#rounds === (this.#drawing.rounds ?? 1)) return;
    for (const item of this.#all)
      Object.assign(item, { attempts: 0, last: 'none', isStanding: false, hasFailed: false });
    [this.#hasFailed, this.#isFalling, this.#failedNow] = [false, false, false];
    [this.#done, this.#folded] = [[], []];
  }

  #fail(item: Item): void {
    item.hasFailed = true;
    this.#hasFailed = true;
    this.#failedNow ||= !this.#isSuspended;
  }

  #enter(action: string, atom: string): void {
    this.#check(this.#begun.delete(`${action} ${atom}`), `${action} ${atom} is called and has not begun`);
  }

  #execute(item: Item, name: string): void {
    this.#check(item.last !== 'done', `${name} was done and is executed again`);
    const isLeft = item.isStanding && (this.#drawing.reverts || !this.#items.includes(item));
    this.#check(!isLeft, `${name} is executed again before it was reverted`);
    item.executions++;
    item.attempts++;
    item.isStanding = true;
    item.last = item.failsOn.includes(item.executions) ? 'failed' : 'done';
  }

  #outcome({ last, executions }: Item, name: string): string {
    if (last === 'failed') throw new Error(`${name} ${executions} failed`);
    return `${name} ${executions}`;
  }

  #revert(item: Item, name: string, { result, failure }: Undo): void {
    this.#check(item.isStanding, `${name} is reverted, and there is nothing to undo`);
    item.isStanding = false;
    const [gave, threw] = [`${name} ${item.executions}`, `${name} ${item.executions} failed`];
    const isTold = item.last === 'done' ? result === gave && !failure : failure?.message === threw;
    this.#check(isTold, `${name} is reverted with ${result}, ${failure}`);
  }

  #same(one: unknown, other: unknown): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
  }

  #check(holds: boolean, what: string): void {
    if (!holds) this.violations.push(what);
  }
}
