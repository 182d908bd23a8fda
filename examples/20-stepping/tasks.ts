/** Takes a number apart, and puts it together again. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const factor = task('factor', {
  requires: ['number'],
  provides: 'factors',
  execute({ number }: { number: number }) {
    const factors: number[] = [];
    let rest = number;
    for (let divisor = 2; divisor * divisor <= rest; divisor++) {
      for (; rest % divisor === 0; rest /= divisor) factors.push(divisor);
    }
    return rest > 1 ? [...factors, rest] : factors;
  },
});

export const multiply = task('multiply', {
  requires: ['factors'],
  provides: 'product',
  execute: ({ factors }: { factors: readonly number[] }) =>
    factors.reduce((product, each) => product * each, 1),
});
