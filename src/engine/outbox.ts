/**
 * Where ready atoms wait for the executor to want them, when there are many: the most urgent first, by priority, then by the
 * longest path behind them, then in the order in which they became ready. So what is sent off stays little, however wide
 * the flow is, and costs memory only then.
 */
import type { Node, TaskNode } from '../compile/node.ts';
import { byUrgency, type Ranked, RankedQueue } from '../executor/ranked-queue.ts';
import type { Action } from './arrival.ts';

/** Atoms that may be sent off and not begun; an executor that takes many at once finds enough of them. */
const MOST_SENT = 1024;
/** The same where each is written before it can begin: while some are being written, others run. */
const MOST_WRITTEN = 4096;

/** An atom that is to be executed or reverted. */
interface Errand extends Ranked {
  readonly node: TaskNode;
  readonly action: Action;
}

export class Outbox {
  readonly #send: (node: TaskNode, action: Action) => void;
  readonly #most: number;
  #line = new RankedQueue<Errand>();
  #turns = 0;
  /** Sent off and not begun. */
  #sent = 0;
  /** The least urgent of those that were sent since none was; null when none is. */
  #last: Errand | null = null;

  constructor(send: (node: TaskNode, action: Action) => void, isWritten: boolean) {
    this.#send = send;
    this.#most = isWritten ? MOST_WRITTEN : MOST_SENT;
  }

  /** How many wait here. */
  get size(): number {
    return this.#line.size;
  }

  /** Sends it off at once while the executor has not many, else keeps it for `sendMore`. */
  put(node: TaskNode, action: Action, rank: number): void {
    const { priority } = node.atom;
    const errand = { node, action, priority, rank, turn: this.#turns++ };
    if (this.#sent < this.#most && this.#line.size === 0) this.#sendOff(errand);
    else this.#line.push(errand);
  }

  /** Sends off what the executor may want, and whatever is more urgent than something that it has. */
  sendMore(): void {
    for (let first = this.#line.peek(); first !== undefined; first = this.#line.peek()) {
      if (this.#sent >= this.#most && (this.#last === null || byUrgency(first, this.#last) >= 0)) return;
      this.#line.pop();
      this.#sendOff(first);
    }
  }

  #sendOff(errand: Errand): void {
    if (this.#last === null || byUrgency(errand, this.#last) >= 0) this.#last = errand;
    this.#sent++;
    this.#send(errand.node, errand.action);
  }

  /** Something that was sent has begun, or is not wanted any more. */
  noteBegun(): void {
    if (--this.#sent === 0) this.#last = null;
  }

  /** Something that had begun waits again. */
  noteReturned(): void {
    this.#sent++;
  }

  /** True when the executor is about to have too little. */
  get isLow(): boolean {
    return this.#line.size > 0 && this.#sent * 2 <= this.#most;
  }

  /** Takes back what was not sent: all of it, or one action, or that of some atoms; hands over the nodes. */
  takeBack(action?: Action, among?: ReadonlySet<Node>): readonly TaskNode[] {
    if (this.#line.size === 0) return [];
    const taken: TaskNode[] = [];
    const line = new RankedQueue<Errand>();
    for (const errand of this.#line) {
      const isMeant =
        (action ?? errand.action) === errand.action &&
        (among?.has(errand.node.item?.map ?? errand.node) ?? true);
      if (isMeant) taken.push(errand.node);
      else line.push(errand);
    }
    this.#line = line;
    return taken;
  }
}
