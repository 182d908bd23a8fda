/**
 * Tickets that wait for their turn. Sources take turns; within one source the order is priority, then rank, higher
 * first, then arrival. Taking one costs the logarithm of its source's share.
 */
import TinyQueue from 'tinyqueue';
import type { Ticket } from './ticket.ts';

export class ReadyQueue {
  /** In the order of their turns; a source without tickets is not in it. */
  readonly #sources = new Map<object, TinyQueue<Ticket>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(ticket: Ticket): void {
    const { source } = ticket.call;
    const queue = this.#sources.get(source);
    if (queue === undefined) this.#sources.set(source, new TinyQueue([ticket], byOrder));
    else queue.push(ticket);
    this.#size++;
  }

  /** Takes out the first ticket of the source whose turn it is. */
  next(): Ticket | undefined {
    for (const [source, queue] of this.#sources) {
      const ticket = queue.pop();
      // Back in line behind the others, as a Map keeps the order of insertion.
      this.#sources.delete(source);
      if (queue.length > 0) this.#sources.set(source, queue);
      if (ticket === undefined) continue;
      this.#size--;
      return ticket;
    }
    return undefined;
  }

  /** Takes out all. */
  drain(): Ticket[] {
    const tickets = [...this.#sources.values()].flatMap((queue) => queue.data);
    this.#sources.clear();
    this.#size = 0;
    return tickets;
  }
}

/** Negative when `a` goes first. Ids count up, so that they are the order of arrival. */
export function byOrder(a: Ticket, b: Ticket): number {
  return b.task.priority - a.task.priority || b.call.rank - a.call.rank || a.id - b.id;
}
