/** How values flow between atoms by name: arguments, what is provided, and the types that hold them. */

/** An argument of a task and the symbol that it takes its value from. */
export interface Argument {
  readonly name: string;
  readonly symbol: string;
  readonly optional: boolean;
}

/** Which part of a result a symbol stands for: the whole, a position of an array, or a property of an object. */
export type Take = null | number | string;

/** A symbol that an atom gives, and the part of its result that it is. */
export interface Provided {
  readonly symbol: string;
  readonly take: Take;
}
