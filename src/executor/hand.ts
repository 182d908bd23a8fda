/** What a thread was sent and has not answered, in the order of the numbers under which it knows them. */
import { isBefore, nextOf } from '../protocol/marks.ts';
import type { Ticket } from './ticket.ts';

/** A ticket on its way to a thread, and there. */
export interface Parcel {
  readonly ticket: Ticket;
  /** ms that it will take, as far as can be told. */
  readonly expected: number;
  /** From when it is in a hand. */
  number: number;
}

/** Places of answered ones that are kept in front of the others. */
const MOST_ANSWERED = 1024;

export class Hand {
  readonly #held: (Parcel | undefined)[] = [];
  /** Where the first stands; those before it are answered. */
  #at = 0;
  /** The number of the next one that is sent. */
  next = 0;
  /** ms that all of it will take. */
  work = 0;

  get size(): number {
    return this.#held.length - this.#at;
  }

  get first(): Parcel | undefined {
    return this.#held[this.#at];
  }

  get last(): Parcel | undefined {
    return this.#held.at(-1);
  }

  push(parcel: Parcel): void {
    parcel.number = this.next;
    this.#held.push(parcel);
    this.next = nextOf(this.next);
    this.work += parcel.expected;
  }

  /** Takes out the first: it is answered. */
  shift(): Parcel | undefined {
    const first = this.#held[this.#at];
    if (first === undefined) return undefined;
    // Its place holds on to nothing: a run that has ended would live as long as others go on.
    this.#held[this.#at++] = undefined;
    this.work -= first.expected;
    // No drift of the sum, and no array of all that ever was.
    if (this.size === 0) this.work = 0;
    if (this.size === 0 || this.#at === MOST_ANSWERED) {
      this.#held.splice(0, this.#at);
      this.#at = 0;
    }
    return first;
  }

  /** Takes out what has this number or a later one. */
  cut(number: number): readonly Parcel[] {
    let from = this.#held.length;
    while (from > this.#at && !isBefore((this.#held[from - 1] as Parcel).number, number)) from--;
    const taken = this.#held.splice(from) as Parcel[];
    for (const { expected } of taken) this.work -= expected;
    return taken;
  }

  hasOf(source: object): boolean {
    for (let at = this.#at; at < this.#held.length; at++)
      if (this.#held[at]?.ticket.call.source === source) return true;
    return false;
  }

  find(number: number): Ticket | undefined {
    for (let at = this.#at; at < this.#held.length; at++) {
      const held = this.#held[at] as Parcel;
      if (held.number === number) return held.ticket;
    }
    return undefined;
  }
}
