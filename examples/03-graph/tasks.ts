/** The tasks of the diamond. Who comes before whom is nowhere written: requires and provides say it. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const sample = task('sample', {
  requires: ['seed', 'size'],
  provides: 'numbers',
  execute({ seed, size }: { seed: number; size: number }) {
    let state = seed;
    return Array.from({ length: size }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state % 1000;
    });
  },
});

export const mean = task('mean', {
  requires: ['numbers'],
  provides: 'average',
  execute({ numbers }: { numbers: number[] }) {
    return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  },
});

export const sort = task('sort', {
  requires: ['numbers'],
  provides: ['smallest', 'median', 'largest'],
  execute({ numbers }: { numbers: number[] }): [number, number, number] {
    const sorted = numbers.toSorted((a, b) => a - b);
    return [sorted.at(0) ?? 0, sorted.at(sorted.length >> 1) ?? 0, sorted.at(-1) ?? 0];
  },
});

export const report = task('report', {
  requires: ['average', 'median', 'smallest', 'largest'],
  provides: 'text',
  execute(values: { average: number; median: number; smallest: number; largest: number }) {
    const { average, median, smallest, largest } = values;
    return `${smallest} … ${median} … ${largest}, on average ${average.toFixed(2)}`;
  },
});

export const farewell = task('farewell', {
  provides: 'last',
  execute: () => 'and nothing more',
});
