/** One CPU-heavy task, written once and used under four names. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const countPrimes = task('count-primes', {
  requires: ['from', 'to'],
  provides: 'count',
  execute({ from, to }: { from: number; to: number }) {
    let count = 0;
    for (let n = Math.max(2, from); n < to; n++) if (isPrime(n)) count++;
    return count;
  },
});

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
