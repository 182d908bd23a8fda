/** One task that takes a number and gives one of the same name: put behind itself, it goes on with what it gave. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const square = task('square', {
  requires: ['number'],
  provides: 'number',
  execute: ({ number }: { number: bigint }) => number * number,
});
