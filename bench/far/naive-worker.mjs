/** The functions that a hand-written program for Piscina or tinypool would run: those of `tasks.ts`. */
export function noOp() {}

export function addOne(n) {
  return n + 1;
}

export function countItems(items) {
  return items.length;
}
