/** What is done with each order of the batch. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

interface Order {
  readonly item: string;
  readonly pieces: number;
}

export const parse = task('parse', {
  requires: ['line'],
  provides: 'order',
  execute({ line }: { line: string }) {
    return JSON.parse(line) as Order;
  },
});

export const price = task('price', {
  requires: ['order'],
  provides: 'cents',
  execute({ order }: { order: Order }) {
    if (!(order.pieces > 0)) throw new RangeError(`cannot sell ${order.pieces} of ${order.item}`);
    return order.pieces * (100 + order.item.length);
  },
});
