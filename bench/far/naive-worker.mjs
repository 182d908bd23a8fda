/** The functions that a hand-written Piscina program would run: those of `tasks.ts`. */
export function noOp() {}

export function addOne(n) {
  return n + 1;
}
