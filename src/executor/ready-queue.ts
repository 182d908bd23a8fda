/**
 * Tickets that wait for their turn. Sources take turns; within one source the order is priority, then rank, higher
 * first, then arrival.
 */
import { RankedQueue } from './ranked-queue.ts';
import type { Ticket } from './ticket.ts';

export class ReadyQueue {
  /** In the order of their turns; a source without tickets is not in it. */
  readonly #sources = new Map<object, RankedQueue<Ticket>>();
  /** An empty one, for the next source: in a chain of tasks one comes as the other goes. */
  #spare: RankedQueue<Ticket> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(ticket: Ticket): void {
    const { source } = ticket.call;
    let queue = this.#sources.get(source);
    if (queue === undefined) {
      queue = this.#spare ?? new RankedQueue();
      this.#spare = null;
      this.#sources.set(source, queue);
    }
    queue.push(ticket);
    this.#size++;
  }

  /** The first ticket of the source whose turn it is. */
  peek(): Ticket | undefined {
    for (const queue of this.#sources.values()) return queue.peek();
    return undefined;
  }

  /** Takes out the first ticket of the source whose turn it is. */
  next(): Ticket | undefined {
    for (const [source, queue] of this.#sources) {
      const ticket = queue.pop();
      if (queue.size === 0) {
        this.#sources.delete(source);
        this.#spare = queue;
      } else if (this.#sources.size > 1) {
        // Back in line behind the others, as a Map keeps the order of insertion.
        this.#sources.delete(source);
        this.#sources.set(source, queue);
      }
      if (ticket !== undefined) this.#size--;
      return ticket;
    }
    return undefined;
  }

  /** Takes out all. */
  drain(): Ticket[] {
    const tickets = [...this.#sources.values()].flatMap((queue) => [...queue]);
    this.#sources.clear();
    this.#size = 0;
    return tickets;
  }
}
