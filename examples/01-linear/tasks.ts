/** A task module: worker threads import this file and look the tasks up by their names. So it holds tasks only. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const sieve = task('sieve', {
  requires: ['limit'],
  provides: 'primes',
  execute({ limit }: { limit: number }) {
    const composite = new Uint8Array(limit);
    const primes: number[] = [];
    for (let n = 2; n < limit; n++) {
      if (composite[n] === 1) continue;
      primes.push(n);
      for (let multiple = n * n; multiple < limit; multiple += n) composite[multiple] = 1;
    }
    return primes;
  },
});

export const widestGap = task('widest-gap', {
  requires: ['primes'],
  provides: { gap: 'width', after: 'prime' },
  execute({ primes }: { primes: number[] }) {
    let widest = { width: 0, prime: 0 };
    for (const [at, prime] of primes.entries()) {
      const width = (primes[at + 1] ?? prime) - prime;
      if (width > widest.width) widest = { width, prime };
    }
    return widest;
  },
});
