/**
 * Runs the first flow: what it needs is in the store, what it gives comes back.
 *
 *   limit ─▶ sieve ─ primes ─▶ widest-gap ─▶ gap, after
 */
import { run } from 'taskloom';
import flow from './flow.ts';

const { gap, after } = await run(flow, { store: { limit: 1_000_000 } });
console.log(`Below a million, the widest gap between primes is ${gap}, after ${after}.`);
