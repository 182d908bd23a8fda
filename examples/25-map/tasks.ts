/** Newton's way to a root of z³ = 1: from each point of the plane it ends at one of three. Where do the borders run? */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** Points on a side of the square that one letter stands for. */
const FINE = 12;
const LETTERS = ['·', '#', 'o'];

/** Only here it is known how many rows there are. */
export const layOut = task('lay-out', {
  requires: ['width'],
  provides: 'rows',
  execute({ width }: { width: number }) {
    // A letter is about twice as high as wide.
    const height = Math.round(width / 2);
    return Array.from({ length: height }, (_, row) => 1 - (2 * row) / height);
  },
});

export const drawRow = task('draw-row', {
  requires: ['top', 'width'],
  execute({ top, width }: { top: number; width: number }) {
    return Array.from({ length: width }, (_, column) => letterAt((2 * column) / width - 1, top, 2 / width));
  },
});

export const frame = task('frame', {
  requires: ['lines', 'width'],
  provides: 'picture',
  execute({ lines, width }: { lines: readonly (readonly string[])[]; width: number }) {
    const edge = `+${'-'.repeat(width)}+`;
    return [edge, ...lines.map((line) => `|${line.join('')}|`), edge].join('\n');
  },
});

/** The letter of the root at which most points of a square end. */
function letterAt(left: number, top: number, side: number): string {
  const votes = [0, 0, 0];
  for (let x = 0; x < FINE; x++) {
    for (let y = 0; y < FINE; y++) {
      const root = rootFrom(left + (side * (x + 0.5)) / FINE, top - (2 * side * (y + 0.5)) / FINE);
      votes[root] = (votes[root] ?? 0) + 1;
    }
  }
  return LETTERS[votes.indexOf(Math.max(...votes))] ?? '?';
}

/** z becomes z - (z³ - 1) / 3z², over and over. 0: ends at 1; 1 and 2: above and below of it. */
function rootFrom(re: number, im: number): 0 | 1 | 2 {
  let [a, b] = [re, im];
  for (let step = 0; step < 60; step++) {
    const [c, d] = [a * a - b * b, 2 * a * b];
    const size = 3 * (c * c + d * d);
    [a, b] = [(2 * a) / 3 + c / size, (2 * b) / 3 - d / size];
  }
  if (a > 0) return 0;
  return b > 0 ? 1 : 2;
}
