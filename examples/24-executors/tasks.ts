/** Numbers that are the sum of all that divide them. The tasks do not know where they run, but the second one looks. */
import { isMainThread } from 'node:worker_threads';
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const perfect = task('perfect', {
  requires: ['below'],
  provides: 'numbers',
  execute({ below }: { below: number }) {
    const sums = new Uint32Array(below);
    for (let divisor = 1; divisor < below; divisor++) {
      for (let multiple = 2 * divisor; multiple < below; multiple += divisor) {
        sums[multiple] = (sums[multiple] ?? 0) + divisor;
      }
    }
    return Array.from(sums.keys()).filter((n) => n > 0 && sums[n] === n);
  },
});

export const look = task('look', {
  provides: 'place',
  execute: () => (isMainThread ? 'the main thread' : 'a worker thread'),
});
