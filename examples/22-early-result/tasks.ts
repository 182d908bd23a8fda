/** Queens on a board, none of which attacks another: one way to place them is found at once, all of them take a while. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const placeQueens = task('place-queens', {
  requires: ['size'],
  provides: 'placed',
  execute({ size }: { size: number }) {
    const columns = placings(size).next().value ?? [];
    return columns.map((column, row) => `${'abcdefgh'.charAt(column)}${row + 1}`).join(' ');
  },
});

export const countAll = task('count-all', {
  requires: ['size'],
  provides: 'count',
  execute({ size }: { size: number }) {
    let count = 0;
    for (const _ of placings(size)) count += 1;
    return count;
  },
});

/** For each row the column of its queen. */
function* placings(size: number, queens: readonly number[] = []): Generator<readonly number[], void> {
  if (queens.length === size) yield queens;
  for (let column = 0; column < size && queens.length < size; column++) {
    const safe = queens.every(
      (other, row) => other !== column && Math.abs(other - column) !== queens.length - row,
    );
    if (safe) yield* placings(size, [...queens, column]);
  }
}
