/**
 * Where ready atoms wait for the executor to want them, when there are many: the most urgent first, by priority, then by the
 * longest path behind them, then in the order in which they became ready. So what is sent off stays little, however wide
 * the flow is, and costs memory only then.
 */
import TinyQueue from 'tinyqueue';
import type { Node, RetryNode, TaskNode } from '../compile/node.ts';
import type { Action } from './arrival.ts';

/** Atoms that may be sent off and not begun; an executor that takes many at once finds enough of them. */
const MOST_SENT = 1024;

/** An atom that is to be executed or reverted. */
export interface Errand {
  readonly node: TaskNode | RetryNode;
  readonly action: Action;
  readonly send: () => void;
}

interface Entry extends Errand {
  readonly turn: number;
}

export class Outbox {
  #line = new TinyQueue<Entry>([], byUrgency);
  #turns = 0;
  /** Sent off and not begun. */
  #sent = 0;
  /** The least urgent of those that were sent since none was; null when none is. */
  #last: Entry | null = null;

  /** How many wait here. */
  get size(): number {
    return this.#line.length;
  }

  /** Sends it off at once while the executor has not many, else keeps it for `sendMore`. */
  put(node: Errand['node'], action: Action, send: () => void): void {
    const entry = { node, action, send, turn: this.#turns++ };
    if (this.#sent < MOST_SENT && this.#line.length === 0) this.#send(entry);
    else this.#line.push(entry);
  }

  /** Sends off what the executor may want, and whatever is more urgent than something that it has. */
  sendMore(): void {
    for (let first = this.#line.peek(); first !== undefined; first = this.#line.peek()) {
      if (this.#sent >= MOST_SENT && (this.#last === null || byUrgency(first, this.#last) >= 0)) return;
      this.#line.pop();
      this.#send(first);
    }
  }

  #send(entry: Entry): void {
    if (this.#last === null || byUrgency(entry, this.#last) > 0) this.#last = entry;
    this.#sent++;
    entry.send();
  }

  /** Something that was sent has begun, or is not wanted any more. */
  noteBegun(): void {
    if (--this.#sent === 0) this.#last = null;
  }

  /** True when the executor is about to have too little. */
  get isLow(): boolean {
    return this.#line.length > 0 && this.#sent * 2 <= MOST_SENT;
  }

  /** Takes back what was not sent: all of it, or one action, or that of some atoms; hands over the nodes. */
  takeBack(action?: Action, among?: ReadonlySet<Node>): readonly Errand['node'][] {
    const isMeant = (entry: Entry): boolean =>
      (action ?? entry.action) === entry.action && (among?.has(entry.node.item?.map ?? entry.node) ?? true);
    const entries = this.#line.data;
    if (!entries.some(isMeant)) return [];
    this.#line = new TinyQueue(
      entries.filter((entry) => !isMeant(entry)),
      byUrgency,
    );
    return entries.filter(isMeant).map(({ node }) => node);
  }
}

/** Negative when `a` goes first. */
function byUrgency(a: Entry, b: Entry): number {
  return b.node.atom.priority - a.node.atom.priority || b.node.rank - a.node.rank || a.turn - b.turn;
}
