import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReadyQueue } from '../../src/executor/ready-queue.ts';
import { TicketOffice } from '../../src/executor/ticket.ts';
import { Ticket } from '../../src/executor/ticket.ts';
import { callOf, taskIn } from './calls.ts';

const SOURCES = [{}, {}, {}];

function ticketOf(id: number, priority: number, rank: number, source: number): Ticket {
  const task = { ...taskIn('file:///none.mjs', 'any'), priority };
  return new Ticket(id, task, [], null, callOf({ rank, source: SOURCES[source] ?? {} }), new TicketOffice());
}

const order = (a: Ticket, b: Ticket): number =>
  b.task.priority - a.task.priority || b.call.rank - a.call.rank || a.turn - b.turn;

test('gives each source its turn, and within one the order of priority, rank and arrival', () => {
  const level = fc.integer({ min: -2, max: 2 });
  // Null takes one out, anything else puts one in.
  const step = fc.option(fc.tuple(level, level, fc.nat({ max: 2 })), { freq: 2 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ReadyQueue();
      let turns: { readonly source: object; readonly tickets: Ticket[] }[] = [];
      for (const [id, put] of steps.entries()) {
        if (put !== null) {
          const ticket = ticketOf(id, ...put);
          queue.push(ticket);
          const { source } = ticket.call;
          const own = turns.find((turn) => turn.source === source);
          if (own === undefined) turns.push({ source, tickets: [ticket] });
          else own.tickets.push(ticket);
        } else {
          const [first, ...others] = turns;
          const expected = first?.tickets.sort(order).shift();
          if (first !== undefined) turns = first.tickets.length > 0 ? [...others, first] : others;
          expect(queue.next()).toBe(expected);
        }
        expect(queue.size).toBe(turns.reduce((sum, { tickets }) => sum + tickets.length, 0));
      }
      expect(new Set(queue.drain())).toEqual(new Set(turns.flatMap(({ tickets }) => tickets)));
      expect(queue.size).toBe(0);
    }),
  );
});
