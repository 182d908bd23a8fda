/**
 * What passes between a task and the main thread while the task runs.
 *
 *   main thread                        worker thread
 *   services.priceOf  ◀── calls ────── invoice: context.services.priceOf(item)
 *   on('progress')    ◀── progress ──           context.progress(fraction, details)
 *   on('log')         ◀── log lines ──          context.log.warn(message, details)
 *   on('atom')        ◀── outcome ───           return
 */
import { createEngine } from 'taskloom';
import { invoice } from './tasks.ts';

// It lives here and stays here: a database handle or a cache could not be sent to a thread.
const prices = new Map([
  ['bread', 350],
  ['milk', 129],
]);

const engine = createEngine(invoice, {
  store: { items: ['bread', 'moon', 'milk', 'bread'] },
  services: { priceOf: (item: string) => prices.get(item) },
});
engine.on('progress', ({ name, fraction, details }) => {
  console.log(`${name} ${Math.round(fraction * 100)} %: ${(details as { item: string }).item}`);
});
engine.on('log', ({ name, level, message, details }) => {
  console.log(`${name} [${level}] ${message}: ${JSON.stringify(details)}`);
});
engine.on('atom', ({ name, state }) => console.log(`${name} is ${state}`));

const { cents } = await engine.run();
await engine.close();
console.log(`to pay: ${cents} cents`);
