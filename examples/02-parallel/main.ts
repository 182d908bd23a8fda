/**
 * An unordered flow: no task waits for another, so they run on as many threads as the machine has cores.
 *
 *          ┌▶ first  ─▶ count-1
 *   start ─┼▶ second ─▶ count-2
 *          ├▶ third  ─▶ count-3
 *          └▶ fourth ─▶ count-4
 */
import { run, unordered } from 'taskloom';
import { countPrimes } from './tasks.ts';

const flow = unordered('primes').add(
  countPrimes.as('first', { inject: { from: 0, to: 250_000 }, provides: 'count-1' }),
  countPrimes.as('second', { inject: { from: 250_000, to: 500_000 }, provides: 'count-2' }),
  countPrimes.as('third', { inject: { from: 500_000, to: 750_000 }, provides: 'count-3' }),
  countPrimes.as('fourth', { inject: { from: 750_000, to: 1_000_000 }, provides: 'count-4' }),
);

const counts = await run(flow);
for (const [symbol, count] of Object.entries(counts)) console.log(`${symbol}: ${count}`);
const all = counts['count-1'] + counts['count-2'] + counts['count-3'] + counts['count-4'];
console.log(`primes below a million: ${all}`);
