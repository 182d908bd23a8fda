/** For type tests: two types that are the same, not only assignable. */
export type Exactly<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Fails to compile unless its type argument is `true`. */
export function expectType<T extends true>(): T | undefined {
  return undefined;
}
