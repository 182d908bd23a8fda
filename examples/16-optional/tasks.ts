/** Cells on a grid without end, and the rule by which they live. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** How many neighbours a cell needs to be born, and how many to survive. */
export interface Rule {
  readonly born: readonly number[];
  readonly survive: readonly number[];
}

/** Reads a rule as it is written everywhere: 'B36/S23'. */
export const readRule = task('read-rule', {
  requires: ['notation'],
  provides: 'rule',
  execute({ notation }: { notation: string }): Rule {
    const [born = '', survive = ''] = notation.split('/').map((part) => part.slice(1));
    return { born: Array.from(born, Number), survive: Array.from(survive, Number) };
  },
});

/** `rule` is optional for the engine, so it is for the compiler, and a default stands in for it. */
export const evolve = task('evolve', {
  requires: ['picture', 'generations'],
  optional: ['rule'],
  provides: 'alive',
  execute({ picture, generations, rule = { born: [3], survive: [2, 3] } }: Evolution) {
    let cells = new Set(
      picture.flatMap((line, y) => [...line].flatMap((cell, x) => (cell === '#' ? [`${x},${y}`] : []))),
    );
    for (let generation = 0; generation < generations; generation++) cells = next(cells, rule);
    return cells.size;
  },
});

interface Evolution {
  readonly picture: readonly string[];
  readonly generations: number;
  readonly rule?: Rule;
}

function next(cells: ReadonlySet<string>, { born, survive }: Rule): Set<string> {
  const neighbours = new Map<string, number>();
  for (const cell of cells) {
    const [x = 0, y = 0] = cell.split(',').map(Number);
    for (let near = 0; near < 9; near++) {
      const place = `${x - 1 + (near % 3)},${y - 1 + Math.floor(near / 3)}`;
      if (near !== 4) neighbours.set(place, (neighbours.get(place) ?? 0) + 1);
    }
  }
  const lives = ([cell, count]: [string, number]) => (cells.has(cell) ? survive : born).includes(count);
  return new Set([...neighbours].filter(lives).map(([cell]) => cell));
}
