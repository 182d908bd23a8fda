/** Work that is a number of turns, not a length of time: the same on every thread, and nothing to optimise away. */
export function spin(turns) {
  let x = 1;
  for (let turn = 0; turn < turns; turn++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}
