/**
 * The types of a task's definition: from the lists that are written down and the functions' own types to the symbols
 * that the task needs and gives. Where the two disagree, the definition lacks a property whose name is the message.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context } from './context.ts';
import type { Nothing, Plain, Says, Typed, Unlisted } from './symbols.ts';
import type { AnyRetry, AnyTask, Undo } from './unit.ts';

type Names = readonly string[];

/** `'x'`: the whole result. `['x', 'y']`: positions of an array. `{ x: 'key' }`: properties of an object. */
export type Provides = string | Names | { readonly [symbol: string]: string };

/** Schemas by argument or by provided symbol: Standard Schema, so those of zod, valibot, arktype and others. */
export type Schemas = { readonly [name: string]: StandardSchemaV1 };

/** What execute gets when its first parameter has no type of its own: what the schemas output, where there are any. */
export type Listed<R extends Names, O extends Names, V = Nothing> = {
  readonly [K in R[number]]: Output<V, K>;
} & {
  readonly [K in O[number]]?: Output<V, K>;
};

type Output<V, K> = K extends keyof V
  ? V[K] extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<V[K]>
    : unknown
  : unknown;

/** The arguments as they are given from outside, before their schemas make of them what the functions get. */
export type Taken<Args, V> = [keyof V] extends [never]
  ? Args
  : string extends keyof V
    ? Args
    : {
        [K in keyof Args]: K extends keyof V
          ? V[K] extends StandardSchemaV1
            ? StandardSchemaV1.InferInput<V[K]>
            : Args[K]
          : Args[K];
      };

/** How a task does its work, undoes it, and what flows in and out. */
export interface Definition<R, O, Args, Result, P, B, I, RR, RevertArgs, BR, V = Nothing> {
  /** Arguments that must have a value; each takes the symbol of its own name, unless rebind or inject say otherwise. */
  readonly requires?: R;
  /** Arguments that are left out when nobody provides them. */
  readonly optional?: O;
  /** `{ argument: symbol }`: takes an argument from a symbol of another name. */
  readonly rebind?: B;
  /** `{ argument: value }`: gives an argument its value here. It wins over every symbol. */
  readonly inject?: I;
  /** The symbols that the result gives. */
  readonly provides?: P;
  /** Its result may be a promise. The two forms of `readonly []` only let the compiler see array literals as tuples. */
  execute(args: Args, context: Context): Result | (Result & readonly []) | Promise<readonly []>;
  /**
   * Schemas by argument (of execute or revert) and by provided symbol. A value is held against its schema before the
   * function gets it, or before it is kept, and what the schema outputs takes its place. Schemas may be asynchronous.
   */
  readonly validate?: V;
  /** Undoes what execute did, also when execute failed. Gets the same arguments unless revertRequires says otherwise. */
  revert?(args: RevertArgs, context: Context, undo: Undo<Awaited<Result>>): unknown;
  /** The arguments of revert. Default: those of execute. */
  readonly revertRequires?: RR;
  /** `{ argument: symbol }` for revert, in place of the whole of rebind. Default: rebind. */
  readonly revertRebind?: BR;
  /** Runs before execute; what it throws is the task's failure, and execute is not called. */
  preExecute?(context: Context): unknown;
  /** Runs after execute, also when that or preExecute threw; what it throws fails the task, if nothing has before. */
  postExecute?(context: Context): unknown;
  /** Runs before revert; what it throws is the failure of the revert, and revert is not called. */
  preRevert?(context: Context): unknown;
  /** Runs after revert, also when that or preRevert threw; what it throws fails the revert, if nothing has before. */
  postRevert?(context: Context): unknown;
  /** Higher starts first among those that are ready. Default 0. */
  readonly priority?: number;
  /** ms. After it the task's signal is aborted, and a thread that goes on is replaced. Default: none. */
  readonly timeout?: number;
  /**
   * `'main'`: on the main thread, though the task's module could be imported elsewhere; for what must see that thread's memory,
   * or is over sooner than a trip to another. It blocks the event loop while it computes. Default `'thread'`; tasks that are made
   * by `task` of the package always run on the main thread.
   */
  readonly runOn?: 'main' | 'thread';
  /** Kept with the task's record. Default '1.0'. */
  readonly version?: string;
  /** Decides what a failure of this task means, as the retry of a flow with nothing else in it. Default: none. */
  readonly retry?: AnyRetry;
}

/** Changes for a second use of a definition. */
export interface Again<B, I, P> {
  readonly rebind?: B;
  readonly inject?: I;
  readonly provides?: P;
  readonly priority?: number;
  readonly timeout?: number;
  readonly runOn?: 'main' | 'thread';
  readonly version?: string;
  readonly retry?: AnyRetry;
}

/** What the types of a definition come to. */
export interface Spec {
  /** Types of execute's arguments by name, as they are given from outside. */
  readonly args: unknown;
  /** Types of revert's arguments, where they are not the same. */
  readonly revertArgs: unknown;
  readonly rebind: unknown;
  /** null: as rebind. */
  readonly revertRebind: unknown;
  /** The names of injected arguments. */
  readonly injected: PropertyKey;
  readonly provides: unknown;
  readonly result: unknown;
}

/** A task whose definition is known to the compiler. */
export interface DefinedTask<S extends Spec> extends AnyTask, Typed<NeedsBy<S>, GivesBy<S>> {
  readonly types?: { readonly needs: NeedsBy<S>; readonly gives: GivesBy<S>; readonly result: S['result'] };
  /**
   * The same definition under another name, so that it can stand in one flow twice. `rebind` and `inject` are laid
   * over those of the definition; `provides` stands in place of the definition's and has its shape.
   *
   * @throws TaskloomError NAME_INVALID, OPTION_INVALID, DEFINITION_INVALID
   */
  as<
    const B extends { readonly [K in ArgumentOf<S>]?: string } = Nothing,
    I extends Partial<Pick<S['args'] & S['revertArgs'], ArgumentOf<S>>> = Nothing,
    const P extends SameShape<S['provides']> | undefined = undefined,
  >(
    name: string,
    options?: Again<B, I, P> & KnownArguments<B, I, ArgumentOf<S>> & KeysInResult<P, S['result']>,
  ): DefinedTask<{
    args: S['args'];
    revertArgs: S['revertArgs'];
    rebind: Omit<S['rebind'], keyof B> & B;
    revertRebind: S['revertRebind'];
    injected: S['injected'] | keyof I;
    provides: P extends undefined ? S['provides'] : P;
    result: S['result'];
  }>;
}

type ArgumentOf<S extends Spec> = (keyof S['args'] | keyof S['revertArgs']) & string;

type SameShape<P> = P extends undefined
  ? Provides
  : P extends string
    ? string
    : P extends Names
      ? { readonly [I in keyof P]: string }
      : { readonly [symbol: string]: string };

/** The types of a definition, put together. */
export interface SpecOf<
  R extends Names,
  O extends Names,
  Args,
  Result,
  P,
  B,
  I,
  RR,
  RevertArgs,
  BR,
  V = Nothing,
> extends Spec {
  readonly args: Taken<Pick<Args, (R[number] | O[number]) & keyof Args>, V>;
  readonly revertArgs: RR extends Names
    ? Taken<Pick<RevertArgs, RR[number] & keyof RevertArgs>, V>
    : BR extends undefined
      ? Nothing
      : Taken<Pick<Args, (R[number] | O[number]) & keyof Args>, V>;
  readonly rebind: B;
  readonly revertRebind: BR extends undefined ? null : BR;
  readonly injected: keyof I;
  readonly provides: P;
  readonly result: Awaited<Result>;
}

type NeedsBy<S extends Spec> = Plain<
  Renamed<S['args'], S['rebind'], S['injected']> &
    Renamed<S['revertArgs'], S['revertRebind'] extends null ? S['rebind'] : S['revertRebind'], S['injected']>
>;

/** By symbol instead of by argument. Arguments whose names aren't known to the compiler say nothing. */
type Renamed<Args, B, Injected> = string extends keyof Args
  ? Nothing
  : {
      -readonly [K in keyof Args as K extends Injected
        ? never
        : K extends keyof B
          ? Known<B[K]>
          : K]: Args[K];
    };

/** A symbol that is named only when the program runs says nothing to the compiler. */
type Known<Symbol> = string extends Symbol ? never : Symbol & string;

type GivesBy<S extends Spec> = Given<S['provides'], S['result']>;

/** The symbols that a result gives, with their types. */
export type Given<P, Result> = P extends undefined
  ? Nothing
  : P extends string
    ? string extends P
      ? Unlisted
      : { [K in P]: Result }
    : P extends Names
      ? string extends P[number]
        ? Unlisted
        : { [I in keyof P & `${number}` as P[I] & string]: At<Result, I> }
      : string extends keyof P
        ? Unlisted
        : { -readonly [K in keyof P]: P[K] extends keyof Result ? Result[P[K]] : unknown };

/** What stands at a position, given as its text, of a tuple or an array. */
type At<Result, I> = I extends keyof Result
  ? Result[I]
  : Result extends readonly (infer Element)[]
    ? Element
    : unknown;

/** Holds the lists of a definition against the types of its functions. */
export type Agrees<
  R extends Names,
  O extends Names,
  Args,
  Result,
  P,
  B,
  I,
  RR,
  RevertArgs,
  V = Nothing,
> = string extends R[number] | O[number] | keyof Args
  ? unknown
  : Says<Exclude<keyof Args, R[number] | O[number]>, 'execute takes ', ', which requires does not list'> &
      Says<Exclude<R[number], keyof Args>, 'requires lists ', ', which execute does not take'> &
      Says<Exclude<O[number], keyof Args>, 'optional lists ', ', which execute does not take'> &
      Says<Demanded<Args, O[number]>, 'the type of ', ' must allow undefined, for it is optional'> &
      RevertAgrees<R, O, Args, RR, RevertArgs> &
      KnownArguments<B, I, ArgumentNames<R, O, RR>> &
      KeysInResult<P, Awaited<NoInfer<Result>>> &
      SchemasAgree<
        V,
        ArgumentNames<R, O, RR>,
        Args,
        RR extends Names ? RevertArgs : Nothing,
        Given<P, Awaited<NoInfer<Result>>>
      >;

type ArgumentNames<R extends Names, O extends Names, RR> =
  | R[number]
  | O[number]
  | (RR extends Names ? RR[number] : never);

/** What a schema outputs must be what the functions take, and what the task gives. */
type SchemasAgree<V, Arguments, Args, RevertArgs, Gives> = string extends keyof V | keyof Gives
  ? unknown
  : Says<
      Exclude<keyof V, Arguments | keyof Gives>,
      'validate names ',
      ', which is neither an argument nor a provided symbol'
    > &
      Says<Unfit<V, Args>, 'the schema of ', ' outputs another type than execute takes'> &
      Says<Unfit<V, RevertArgs>, 'the schema of ', ' outputs another type than revert takes'> &
      Says<Unfit<V, Gives>, 'the schema of ', ' outputs another type than execute returns for it'>;

/** Of `Types`, those that the schema of their name does not output. */
type Unfit<V, Types> = {
  [K in keyof V & keyof Types]: [Output<V, K>] extends [Types[K]] ? never : K;
}[keyof V & keyof Types];

type Demanded<Args, Optional> = {
  [K in keyof Args & Optional]: undefined extends Args[K] ? never : K;
}[keyof Args & Optional];

type RevertAgrees<R extends Names, O extends Names, Args, RR, RevertArgs> = RR extends Names
  ? Says<Exclude<keyof RevertArgs, RR[number]>, 'revert takes ', ', which revertRequires does not list'>
  : Says<
      Exclude<keyof RevertArgs, R[number] | O[number]>,
      'revert takes ',
      ', which requires does not list'
    > &
      Says<
        {
          [K in keyof RevertArgs & keyof Args]: [Args[K]] extends [RevertArgs[K]] ? never : K;
        }[keyof RevertArgs & keyof Args],
        'revert takes ',
        ' with another type than execute'
      >;

type KnownArguments<B, I, Known> = Says<Exclude<keyof B, Known>, 'rebind names ', ', which is no argument'> &
  Says<Exclude<keyof I, Known>, 'inject names ', ', which is no argument'>;

/** Silent while the result isn't known: the compiler asks once before it has looked into the functions. */
export type KeysInResult<P, Result> = P extends undefined | string | Names
  ? unknown
  : unknown extends Result
    ? unknown
    : Says<Exclude<P[keyof P], keyof Result>, 'provides takes ', ', which the result does not have'>;
