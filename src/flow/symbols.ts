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

/** No symbols. */
export type Nothing = Record<never, never>;

/** Symbols whose names are known only when the flow runs. */
export type Unlisted = Readonly<Record<string, unknown>>;

/**
 * What a unit needs and gives, for the compiler alone: the property never exists. Optional, so that units stay plain
 * data; both sides are read by `NeedsOf` and `GivesOf`.
 */
export interface Typed<Needs, Gives> {
  readonly types?: { readonly needs: Needs; readonly gives: Gives };
}

/** The symbols that a unit requires and that nobody inside provides; of a unit without types, none that is known. */
export type NeedsOf<U> = U extends { readonly types?: { readonly needs: infer Needs } } ? Needs : Nothing;

/** The symbols that a unit provides. */
export type GivesOf<U> = U extends { readonly types?: { readonly gives: infer Gives } } ? Gives : Unlisted;

/** What a task's execute returns; of a unit that doesn't say, unknown. */
export type ResultOf<U> = U extends { readonly types?: { readonly result: infer Result } } ? Result : unknown;

/** One object type in place of an intersection, so that messages can be read. */
export type Plain<T> = { [K in keyof T]: T[K] } & unknown;

/** An error that speaks: a property that nobody has, whose name is the message. */
export type Says<Names, Before extends string, After extends string> = [Names] extends [never]
  ? unknown
  : { readonly [Name in Names & string as `${Before}'${Name}'${After}`]: never };
