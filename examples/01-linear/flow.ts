/**
 * The first flow: one task after the other, on worker threads.
 *
 *   limit ─▶ sieve ─ primes ─▶ widest-gap ─▶ gap, after
 */
import { linear } from 'taskloom';
import { sieve, widestGap } from './tasks.ts';

export default linear('prime-gaps').add(sieve, widestGap);
