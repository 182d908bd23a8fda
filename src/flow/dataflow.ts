/**
 * What a flow needs and gives, computed from its units by the compiler. A help and not the guard: flows built at run
 * time have types that say little, and compile/ checks them all.
 *
 * Walks over tuples are written with accumulators, so that the compiler runs them as loops: 300 units take about a
 * second, the naive way ends at 80. Arrays without a known length count as one unit of their element type.
 */
import type { GivesOf, NeedsOf, Nothing, Plain, Unlisted } from './symbols.ts';

/** What a walk finds: a checked tuple to intersect the arguments with, and the symbols of the flow afterwards. */
interface Walked<Units, Needs, Gives> {
  readonly units: Units;
  readonly needs: Needs;
  readonly gives: Gives;
}

/** Linear: a unit sees what is given before it; of two givers the later one counts. */
export type InOrder<
  U extends readonly unknown[],
  Needs,
  Gives,
  Units extends readonly unknown[] = readonly [],
> = U extends readonly [infer Head, ...infer Rest]
  ? Head extends readonly unknown[]
    ? InOrder<Head, Needs, Gives> extends Walked<infer Inner, infer N, infer G>
      ? InOrder<Rest, N, G, readonly [...Units, number extends Head['length'] ? FitsAll<Head, Gives> : Inner]>
      : never
    : InOrder<
        Rest,
        Needs & Left<NeedsOf<Head>, Gives>,
        Override<Gives, GivesOf<Head>>,
        readonly [...Units, Fits<NeedsOf<Head>, Gives>]
      >
  : Walked<
      readonly [...Units, ...FitsEach<U, Gives>],
      Needs & Left<AllNeeds<U[number]>, Gives>,
      Override<Gives, AllGives<U[number]>>
    >;

/** Unordered and graph: the sum of what all units need and give. */
type Sum<U extends readonly unknown[], Needs = Nothing, Gives = Nothing> = U extends readonly [
  infer Head,
  ...infer Rest,
]
  ? Head extends readonly unknown[]
    ? Sum<Head, Needs, Gives> extends Walked<unknown, infer N, infer G>
      ? Sum<Rest, N, G>
      : never
    : Sum<Rest, Needs & NeedsOf<Head>, Override<Gives, GivesOf<Head>>>
  : Walked<unknown, Needs & AllNeeds<U[number]>, Override<Gives, AllGives<U[number]>>>;

/** Unordered: siblings don't see each other; `Own` is what the flow's retry gives, which all see. */
export type Apart<U extends readonly unknown[], Needs, Gives, Own> =
  Sum<U, Needs, Gives> extends Walked<unknown, infer N, infer G> ? Walked<unknown, Left<N, Own>, G> : never;

/** Graph: a unit sees what any other unit gives, wherever it was added. */
export type Together<U extends readonly unknown[], Needs, Gives> =
  Sum<U, Needs, Gives> extends Walked<unknown, infer N, infer G>
    ? Walked<FitTogether<U, Needs, G>, Left<N, G>, G>
    : Walked<U, Needs, Gives>;

/** Graph, where links may be missing: what is given inside may come from outside all the same. */
export type Loosely<U extends readonly unknown[], Needs, Gives> =
  Sum<U, Needs, Gives> extends Walked<unknown, infer N, infer G>
    ? Walked<U, Left<N, G> & Partial<N>, G>
    : Walked<U, Needs, Gives>;

type FitTogether<U, Waiting, Gives> = {
  readonly [I in keyof U]: U[I] extends readonly unknown[]
    ? number extends U[I]['length']
      ? FitsAll<U[I], Gives> & Fits<Waiting, AllGives<U[I][number]>>
      : FitTogether<U[I], Waiting, Gives>
    : Fits<NeedsOf<U[I]>, Gives> & Fits<Waiting, GivesOf<U[I]>>;
};

/** `unknown` when every symbol that is given has a type that is taken; else a message that names those that have not. */
type Fits<Needs, Gives> = [ClashesOf<Needs, Gives>] extends [never]
  ? unknown
  : {
      readonly [K in ClashesOf<Needs, Gives> as `The symbol '${K}' is given with a type that is not taken`]: {
        readonly given: K extends keyof Gives ? Gives[K] : never;
        readonly taken: K extends keyof Needs ? Needs[K] : never;
      };
    };

type ClashesOf<Needs, Gives> = keyof Needs & keyof Gives extends infer Shared
  ? Shared extends keyof Needs & keyof Gives & string
    ? unknown extends Gives[Shared]
      ? never
      : [Gives[Shared]] extends [Needs[Shared]]
        ? never
        : Shared
    : never
  : never;

/** An array without a known length, as a whole: beside another array type the compiler would lose its tuple. */
type FitsAll<U extends readonly unknown[], Gives> = Fits<AllNeeds<U[number]>, Gives>;

type FitsEach<U extends readonly unknown[], Gives> = {
  readonly [I in keyof U]: Fits<AllNeeds<U[I]>, Gives>;
};

/** The needs that are not given. What may be given under a name that isn't known is neither demanded nor refused. */
type Left<Needs, Gives> = string extends keyof Gives
  ? Partial<Needs>
  : [keyof Needs & keyof Gives] extends [never]
    ? Needs
    : { [K in keyof Needs as Exclude<K, keyof Gives>]: Needs[K] };

/** What is visible after a unit that gives `Later`. Intersections are cheap; a new type only where a name comes twice. */
type Override<Gives, Later> = string extends keyof Gives | keyof Later
  ? Gives & Later
  : [keyof Gives & keyof Later] extends [never]
    ? Gives & Later
    : Plain<{ [K in keyof Gives as Exclude<K, keyof Later>]: Gives[K] } & Later>;

/** Of an array whose length isn't known: the needs and gives of any of its elements. */
type AllNeeds<E> = Intersection<E extends readonly unknown[] ? NeedsOf<E[number]> : NeedsOf<E>>;
type AllGives<E> = Intersection<E extends readonly unknown[] ? GivesOf<E[number]> : GivesOf<E>>;

type Intersection<T> = [T] extends [never]
  ? Nothing
  : (T extends unknown ? (each: T) => void : never) extends (all: infer All) => void
    ? All
    : Unlisted;
