/**
 * Tickets that wait for their turn. Sources take turns; within one source the order is priority, then rank, higher
 * first, then arrival.
 */
import { type Linked, LinkedList } from '../linked-list.ts';
import { RankedQueue } from './ranked-queue.ts';
import type { Ticket } from './ticket.ts';

/** Sources without tickets that are remembered, beside as many as have some. */
const MOST_IDLE = 32;

const turnOf = ({ turn }: Ticket): number => turn;

/** The tickets of one source. */
class Source implements Linked<Source> {
  readonly key: object;
  readonly tickets = new RankedQueue<Ticket>(turnOf);
  before: Source | null = null;
  after: Source | null = null;

  constructor(key: object) {
    this.key = key;
  }
}

export class ReadyQueue {
  /** Replaced when most have no tickets: in a chain of tasks one comes as the other goes. */
  #sources = new Map<object, Source>();
  /** Those with tickets, in the order of their turns. */
  readonly #turns = new LinkedList<Source>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(ticket: Ticket): void {
    const key = ticket.call.source;
    let source = this.#sources.get(key);
    if (source === undefined) {
      source = new Source(key);
      this.#sources.set(key, source);
    }
    if (source.tickets.size === 0) this.#turns.add(source);
    source.tickets.push(ticket, ticket.priority, ticket.rank);
    this.#size++;
  }

  /** The first ticket of the source whose turn it is. */
  peek(): Ticket | undefined {
    return this.#turns.first?.tickets.peek();
  }

  /** Takes out the first ticket of the source whose turn it is. */
  next(): Ticket | undefined {
    const source = this.#turns.first;
    if (source === null) return undefined;
    const ticket = source.tickets.pop();
    this.#size--;
    this.#turns.delete(source);
    if (source.tickets.size > 0) this.#turns.add(source);
    else if (this.#sources.size > 2 * this.#turns.size + MOST_IDLE) this.#forgetIdle();
    return ticket;
  }

  /** Takes out all. */
  drain(): Ticket[] {
    const sources = this.#turns.all();
    for (const source of sources) this.#turns.delete(source);
    this.#sources = new Map();
    this.#size = 0;
    return sources.flatMap(({ tickets }) => Array.from(tickets.entries(), ([ticket]) => ticket));
  }

  #forgetIdle(): void {
    this.#sources = new Map(this.#turns.all().map((source) => [source.key, source]));
  }
}
