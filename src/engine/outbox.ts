/**
 * Where ready atoms wait for the executor to want them, when there are many: the most urgent first, by priority, then by the
 * longest path behind them, then in the order in which they became ready. So what is sent off stays little, however wide
 * the flow is, and costs memory only then.
 */
import type { Node, TaskNode } from '../compile/node.ts';
import { byUrgency, RankedQueue, type Urgency } from '../executor/ranked-queue.ts';
import type { Action } from './arrival.ts';

/** Atoms that may be sent off and not begun; an executor that takes many at once finds enough of them. */
const MOST_SENT = 1024;
/** The same where each is written before it can begin: while some are being written, others run. */
const MOST_WRITTEN = 4096;

/** An atom that is to be reverted; one that is to be executed stands for itself, for of these there may be a million. */
class Undo {
  readonly node: TaskNode;

  constructor(node: TaskNode) {
    this.node = node;
  }
}

type Errand = TaskNode | Undo;

export class Outbox {
  readonly #send: (node: TaskNode, action: Action) => void;
  readonly #most: number;
  #line = new RankedQueue<Errand>(null);
  /** Sent off and not begun. */
  #sent = 0;
  /** The least urgent of those that were sent since none was; null when none is. */
  #last: Urgency | null = null;

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
    const errand = action === 'execute' ? node : new Undo(node);
    if (this.#sent < this.#most && this.#line.size === 0) this.#sendOff(errand, { priority, rank });
    else this.#line.push(errand, priority, rank);
  }

  /** Sends off what the executor may want, and whatever is more urgent than something that it has. */
  sendMore(): void {
    for (let first = this.#line.urgency; first !== undefined; first = this.#line.urgency) {
      if (this.#sent >= this.#most && (this.#last === null || byUrgency(first, this.#last) >= 0)) return;
      this.#sendOff(this.#line.pop() as Errand, first);
    }
  }

  #sendOff(errand: Errand, { priority, rank }: Urgency): void {
    const last = this.#last;
    const isNow = last?.priority === priority && last.rank === rank;
    // A copy, since it may be that of a whole lane, with all that stood in it.
    if (!isNow && (last === null || byUrgency({ priority, rank }, last) >= 0))
      this.#last = { priority, rank };
    this.#sent++;
    if (errand instanceof Undo) this.#send(errand.node, 'revert');
    else this.#send(errand, 'execute');
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
    const line = new RankedQueue<Errand>(null);
    for (const [errand, { priority, rank }] of this.#line.entries()) {
      const [node, its]: [TaskNode, Action] =
        errand instanceof Undo ? [errand.node, 'revert'] : [errand, 'execute'];
      const isMeant = (action ?? its) === its && (among?.has(node.item?.map ?? node) ?? true);
      if (isMeant) taken.push(node);
      else line.push(errand, priority, rank);
    }
    this.#line = line;
    return taken;
  }
}
