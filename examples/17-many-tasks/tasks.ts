/** A knight visits each square of a small board once. In how many ways, from a given square on? */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const countTours = task('count-tours', {
  requires: ['size', 'start'],
  provides: 'tours',
  execute({ size, start }: { size: number; start: number }) {
    const jumps = jumpsOn(size);
    const all = 2 ** (size * size) - 1;
    /** `visited` has one bit for each square. */
    const toursFrom = (square: number, visited: number): number => {
      if (visited === all) return 1;
      let tours = 0;
      for (const next of jumps[square] ?? []) {
        if ((visited & (1 << next)) === 0) tours += toursFrom(next, visited | (1 << next));
      }
      return tours;
    };
    return toursFrom(start, 1 << start);
  },
});

/** For each square, those that a knight reaches from there. */
function jumpsOn(size: number): number[][] {
  const squares = Array.from({ length: size * size }, (_, at) => ({
    x: at % size,
    y: Math.floor(at / size),
  }));
  return squares.map((from) =>
    squares.flatMap((to, at) => (Math.abs(to.x - from.x) * Math.abs(to.y - from.y) === 2 ? [at] : [])),
  );
}
