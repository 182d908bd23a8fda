/**
 * A flow is data, so a function can make it: here one task for each square of a board, in a loop. All cores count.
 *
 *            ┌─▶ a1 ─▶ tours from a1
 *   board ───┼─▶ b1 ─▶ tours from b1
 *            …
 *            └─▶ e5 ─▶ tours from e5
 */
import { run, unordered } from 'taskloom';
import { countTours } from './tasks.ts';

const SIZE = 5;

/** The squares in the order in which they are numbered: a1, b1, … */
const squares = Array.from(
  { length: SIZE * SIZE },
  (_, at) => `${'abcde'.charAt(at % SIZE)}${Math.floor(at / SIZE) + 1}`,
);

const board = unordered('board').add(
  squares.map((square, start) => countTours.as(square, { inject: { size: SIZE, start }, provides: square })),
);

// Which symbols there are, the compiler cannot know: it takes their values for unknown ones.
const tours = await run(board);
for (let row = SIZE; row > 0; row--) {
  const counts = squares.slice((row - 1) * SIZE, row * SIZE).map((square) => `${tours[square]}`.padStart(5));
  console.log(`${row}${counts.join('')}`);
}
console.log('     a    b    c    d    e');
console.log(`counted by ${board.units.length} tasks`);
