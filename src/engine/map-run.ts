/**
 * One going through the items of a map: executes those that are left, or reverts those that ran. It only says what comes next
 * for each item; its host sends that off, and calls back what became of it.
 *
 *   source ─▶ in hand: [retry executes ─▶] task executes ─▶ SUCCESS ─▶ kept, or folded into one
 *                            ▲                  └▶ FAILURE ─▶ the retry is asked ─▶ given up: the map has failed
 *                            └── task reverts ◀───── RETRY ──────┘
 *
 * 1. An item is taken from its source only when the executor will soon want it: `#ahead` are sent and have not begun.
 * 2. After `stop` nothing more is sent. When nothing is in hand any more, the run is over, whatever is left to do.
 * 3. What an item's states say is all that is known of it: a run that is begun later goes on with every item where it stood.
 */
import { type ItemNodes, type MapNode, nodesOfItem, type RetryNode, type TaskNode } from '../compile/node.ts';
import { type Failure, failureFrom } from '../failure.ts';
import { absentTakes, close, open, type Value } from '../protocol/codec.ts';
import type { AtomState, Intention } from '../states.ts';
import type { ItemRecords } from '../storage/item-records.ts';
import type { Action, MapOutcome } from './arrival.ts';
import { Folding, newFold } from './folding.ts';
import { ItemSupply } from './item-supply.ts';
import type { MapHost } from './map-host.ts';

/** Items that may be sent and not begun: so few at first, twice as many each time that they do not suffice. */
const FIRST_AHEAD = 4;
const MOST_AHEAD = 1024;
/** Items that may be in hand at all, those that wait for another attempt among them. */
const MOST_IN_HAND = 4096;
/** Results that may wait for their turn to be folded. */
const MOST_EARLY = 4096;

export class MapRun {
  readonly #node: MapNode;
  readonly #action: Action;
  readonly #items: ItemRecords;
  readonly #host: MapHost;
  readonly #start = performance.now();
  readonly #inHand = new Map<number, ItemNodes>();
  /** Those of which the executor has something that it has not begun. */
  readonly #waiting = new Set<number>();
  /** Those whose retry is being asked. */
  readonly #asked = new Set<number>();
  /** Found in the midst, or, of a revert, what is left of all; from the end. */
  #rest: number[] = [];
  #ahead = FIRST_AHEAD;
  readonly #supply: ItemSupply;
  #folding: Folding | null = null;
  #isStopped = false;
  #failure: Failure | null = null;

  constructor(node: MapNode, action: Action, items: ItemRecords, host: MapHost) {
    this.#node = node;
    this.#action = action;
    this.#items = items;
    this.#host = host;
    this.#supply = new ItemSupply(node.name, items, (promise, found) => host.later(promise, found));
  }

  /** Takes up what was left of an earlier run. */
  begin(): void {
    const items = this.#items;
    if (this.#action === 'revert') {
      items.close();
      this.#rest = Array.from({ length: items.length }, (_, index) => index);
      return;
    }
    this.#rest = items
      .open()
      .filter((index) => items.stateOf(index) !== 'SUCCESS')
      .reverse();
    const { reduce } = this.#node.atom;
    try {
      if (reduce !== null) {
        const isBegun = items.fold !== null;
        items.fold ??= newFold(reduce);
        this.#folding = new Folding(reduce, items.fold, {
          later: (promise, found, failed) => this.#host.later(promise, found, failed),
          failed: (thrown) => this.#fail(thrown),
        });
        if (!isBegun) this.#foldAgain(this.#folding);
      }
      if (!items.exhausted && !this.#isStopped) items.source ??= this.#host.openSource();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** What an earlier process had folded is not kept; the results that it folded are. */
  #foldAgain(folding: Folding): void {
    const items = this.#items;
    for (let index = 0; index < items.length; index++) {
      if (items.stateOf(index) === 'SUCCESS') folding.put(index, items.results[index]);
    }
  }

  /** Sends off as much as is wanted, and says how the run ended when it did; else null. */
  advance(): MapOutcome | null {
    while (this.#hasRoom() && this.#takeOne()) {}
    if (this.#inHand.size > 0 || this.#folding?.isBusy) return null;
    const isThrough = this.#isThrough();
    return isThrough || this.#isStopped ? this.#outcome(isThrough) : null;
  }

  /** True when every item has come to its end. */
  #isThrough(): boolean {
    const items = this.#items;
    if (this.#rest.length > 0) return false;
    if (this.#action === 'revert') return true;
    return items.exhausted && items.open().every((index) => items.stateOf(index) === 'SUCCESS');
  }

  /** From here on nothing more is sent. */
  stop(): void {
    this.#isStopped = true;
    for (const index of this.#asked) this.#release(index);
    this.#asked.clear();
  }

  began(index: number): void {
    this.#waiting.delete(index);
    if (this.#waiting.size === 0) this.#ahead = Math.min(MOST_AHEAD, this.#ahead * 2);
  }

  returned(index: number): void {
    if (this.#inHand.has(index)) this.#waiting.add(index);
  }

  /** What was sent for an item ended, or came to nothing. */
  ended(index: number): void {
    this.#waiting.delete(index);
    this.#step(index);
  }

  decided(index: number, decision: 'RETRY' | 'REVERT' | 'REVERT_ALL'): void {
    const nodes = this.#inHand.get(index);
    // After a stop nobody waits for the answer; it is asked for again.
    if (nodes === undefined || !this.#asked.delete(index)) return;
    if (decision !== 'RETRY') {
      this.#giveUp(nodes.task, decision === 'REVERT_ALL');
      return;
    }
    this.#host.takeBack(nodes.task);
    this.#step(index);
  }

  /** True when the executor is about to have too little. */
  get isHungry(): boolean {
    return !this.#isStopped && this.#waiting.size * 2 <= this.#ahead && this.#hasRoom();
  }

  /** The part of the items that is done, where that can be told; else null. */
  get fraction(): number | null {
    const size = this.#items.exhausted ? this.#items.length : (this.#items.source?.size ?? 0);
    return size === 0 ? null : (this.#items.length - this.#inHand.size) / size;
  }

  #hasRoom(): boolean {
    return (
      !this.#isStopped &&
      this.#inHand.size < Math.min(this.#node.atom.concurrency, MOST_IN_HAND) &&
      this.#waiting.size < this.#ahead &&
      (this.#items.fold?.early.size ?? 0) < MOST_EARLY
    );
  }

  /** Takes one more item in hand. False when none is there now. */
  #takeOne(): boolean {
    const index = this.#rest.pop() ?? (this.#action === 'execute' ? this.#takeNew() : undefined);
    if (index === undefined) return false;
    this.#inHand.set(index, nodesOfItem(this.#node, index));
    this.#step(index);
    return true;
  }

  #takeNew(): number | undefined {
    try {
      return this.#supply.takeNew();
    } catch (thrown) {
      this.#fail(thrown);
      return undefined;
    }
  }

  /** Says what comes next for an item, by what is known of it. */
  #step(index: number): void {
    const nodes = this.#inHand.get(index);
    if (nodes === undefined) return;
    const { state, intention } = this.#host.recordOf(nodes.task);
    if (this.#action === 'revert') this.#stepBack(index, nodes, state);
    else if (state === 'SUCCESS') this.#done(index, nodes.task);
    else if (state === 'REVERT_FAILURE') this.#giveUpRevert(nodes.task);
    else if (state === 'FAILURE' && nodes.retry === null) this.#giveUp(nodes.task);
    else if (this.#isStopped) this.#release(index);
    else this.#stepOn(index, nodes, state, intention);
  }

  #stepOn(index: number, nodes: ItemNodes, state: AtomState, intention: Intention): void {
    const { task, retry } = nodes;
    const retryState = retry === null ? 'SUCCESS' : this.#host.recordOf(retry).state;
    if (retry !== null && retryState === 'FAILURE') this.#giveUp(retry);
    else if (state === 'PENDING' && retry !== null && retryState !== 'SUCCESS')
      this.#host.send(retry, 'execute');
    else if (GOES_ON.has(state) && intention !== 'REVERT') this.#send(index, task, 'execute');
    else if (retry === null) this.#release(index);
    else if (state === 'REVERTED') {
      this.#host.restart({ task, retry });
      this.#step(index);
    } else if (intention === 'REVERT') this.#send(index, task, 'revert');
    else {
      this.#asked.add(index);
      this.#host.ask({ task, retry });
    }
  }

  /** First the task is reverted, then its retry. */
  #stepBack(index: number, { task, retry }: ItemNodes, state: AtomState): void {
    const retryState = retry === null ? null : (this.#items.readRetry(index)?.state ?? null);
    if (state === 'REVERT_FAILURE') this.#giveUpRevert(task);
    else if (retry !== null && retryState === 'REVERT_FAILURE') this.#giveUpRevert(retry);
    else if (this.#isStopped) {
      this.#rest.push(index);
      this.#release(index);
    } else if (RAN.has(state)) {
      this.#host.takeBack(task);
      this.#send(index, task, 'revert');
    } else if (retry !== null && retryState !== null && RAN.has(retryState)) this.#host.send(retry, 'revert');
    else this.#release(index);
  }

  #send(index: number, task: TaskNode, action: Action): void {
    this.#waiting.add(index);
    this.#host.send(task, action);
  }

  #done(index: number, task: TaskNode): void {
    this.#folding?.put(index, this.#host.recordOf(task).result);
    this.#release(index);
  }

  /** An item is in hand no more, whatever became of it. */
  #release(index: number): void {
    this.#inHand.delete(index);
    // One that is not done is executed again some time, and needs what it got.
    if (this.#action === 'execute' && this.#items.stateOf(index) !== 'SUCCESS') return;
    const { task, reduce } = this.#node.atom;
    const isUndone = task.work.revert !== null;
    const retry = (task.retry?.revert ?? null) !== null;
    this.#items.settle(index, { result: reduce === null || isUndone, input: isUndone, retry });
  }

  #giveUp(culprit: TaskNode | RetryNode, all = false): void {
    const { failure } = this.#host.recordOf(culprit);
    if (culprit.item !== null) this.#release(culprit.item.index);
    if (failure !== null) this.#failWith(culprit, failure, all);
  }

  #giveUpRevert(culprit: TaskNode | RetryNode): void {
    const { revertFailure } = this.#host.recordOf(culprit);
    if (culprit.item !== null) this.#release(culprit.item.index);
    this.#failure ??= revertFailure;
    this.stop();
    if (revertFailure !== null) this.#host.revertFailed(culprit, revertFailure);
  }

  #fail(thrown: unknown): void {
    this.#failWith(this.#node, failureFrom(thrown), false);
  }

  #failWith(culprit: TaskNode | RetryNode | MapNode, failure: Failure, all: boolean): void {
    this.#failure ??= failure;
    this.stop();
    this.#host.failed(culprit, failure, all);
  }

  #outcome(isThrough: boolean): MapOutcome {
    const elapsed = performance.now() - this.#start;
    const failure = this.#failure;
    if (failure !== null) {
      this.#items.close();
      return { kind: this.#action === 'execute' ? 'failed' : 'revert-failed', failure, elapsed };
    }
    if (!isThrough) return { kind: 'partial' };
    if (this.#action === 'revert') return { kind: 'reverted', result: undefined, elapsed };
    const { fold } = this.#items;
    const takes = this.#node.atom.provides.map(({ take }) => take);
    try {
      const result: Value = fold === null ? { list: this.#items.results } : close(fold.accumulated, 'result');
      const isWhole = takes.every((take) => take === null);
      return { kind: 'executed', result, absent: isWhole ? [] : absentTakes(open(result), takes), elapsed };
    } catch (thrown) {
      this.#fail(thrown);
      return { kind: 'failed', failure: failureFrom(thrown), elapsed };
    }
  }
}

/** What is to be executed, when nothing else is meant. */
const GOES_ON: ReadonlySet<AtomState> = new Set(['PENDING', 'RUNNING', 'PARTIAL']);
/** What there is something to undo of. */
const RAN: ReadonlySet<AtomState> = new Set([
  'SUCCESS',
  'FAILURE',
  'RUNNING',
  'REVERTING',
  'RETRYING',
  'PARTIAL',
]);
