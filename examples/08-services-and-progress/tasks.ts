/** A task that asks the main thread for something while it runs, and says how far it is. */
import { type Context, taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** What the engine must offer; a call crosses threads, so each gives a promise. */
interface Prices {
  priceOf(item: string): Promise<number | undefined>;
}

export const invoice = task('invoice', {
  requires: ['items'],
  provides: 'cents',
  async execute({ items }: { items: string[] }, context: Context<Prices>) {
    let cents = 0;
    for (const [at, item] of items.entries()) {
      const price = await context.services.priceOf(item);
      if (price === undefined) context.log.warn('has no price', { item });
      cents += price ?? 0;
      context.progress((at + 1) / items.length, { item });
    }
    return cents;
  },
});
