/** Flows of no-ops in the shapes that are measured. */
import { type AnyUnit, graph, linear, unordered } from 'taskloom';
import { noOp } from './tasks.ts';

type MakeFlow = (count: number) => AnyUnit;

export const linearNoOps: MakeFlow = (count) => linear('linear').add(manyNoOps(count));

export const unorderedNoOps: MakeFlow = (count) => unordered('unordered').add(manyNoOps(count));

/** A square whose cells wait for those above and to the left of them; `count` rounded to a square. */
export const gridOfNoOps: MakeFlow = (count) => gridOf(manyNoOps(count), Math.floor(Math.sqrt(count)));

/** The first `side` × `side` of the tasks as a square. Its diagonals are ready one after the other, as a wave. */
export function gridOf(tasks: readonly AnyUnit[], side: number): AnyUnit {
  const cells = tasks.slice(0, side * side);
  const grid = graph('grid').add(cells);
  cells.forEach((cell, at) => {
    const [above, left] = [cells[at - side], at % side === 0 ? undefined : cells[at - 1]];
    if (above !== undefined) grid.link(above, cell);
    if (left !== undefined) grid.link(left, cell);
  });
  return grid;
}

function manyNoOps(count: number): readonly AnyUnit[] {
  return Array.from({ length: count }, (_, n) => noOp.as(`no-op-${n}`));
}
