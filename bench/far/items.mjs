/** A graph of many small objects: what costs most to cross a thread for its size. */
export function makeItems(count) {
  return Array.from({ length: count }, (_, n) => ({ id: n, at: n / 3, name: `item ${n}` }));
}
