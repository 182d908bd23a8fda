/**
 * Maps: a task runs once for each item of a list that is known only when the flow runs. TaskFlow has nothing like it: there
 * a flow is built with as many tasks as there are items, before it runs.
 */
import { TaskloomError } from '../errors.ts';
import { ANY, aWholeNumber, checkOptions, oneOf, type OptionRules } from '../options.ts';
import type { DefinedTask, Given, KeysInResult, Listed, Provides } from './definition.ts';
import { checkName, describe } from './names.ts';
import { definitionInvalid, readList, readProvides } from './read-definition.ts';
import { checkUnit, markAsUnit } from './recognise.ts';
import type { Argument, NeedsOf, Nothing, Plain, ResultOf, Says, Typed, Unlisted } from './symbols.ts';
import type { AnyMap, AnyReduction, AnyTask, AnyUnit } from './unit.ts';

/** A map by the symbols that it needs and gives. */
export interface TaskMap<Needs = unknown, Gives = unknown> extends AnyMap, Typed<Needs, Gives> {}

/** What items come from: a list, or what gives them one by one, at once or by promises. */
export type Items<Item> = (Iterable<Item> | AsyncIterable<Item>) & object;

/** Gives the items by a function on the main thread, which is called each time that the map runs from its start. */
export interface ItemSource<Args, Item> {
  /** Arguments that must have a value; each takes the symbol of its own name. */
  readonly requires?: readonly (keyof Args & string)[];
  items(args: Args): Items<Item>;
}

/** Folds the results of the items into one, on the main thread, so that they need not all be kept. */
export interface Reduction<Accumulated, Result> {
  /** What the fold begins with; each run gets a copy. */
  readonly initial: Accumulated;
  /** Returns what was accumulated with one more result in it, or a promise of that. */
  add(
    accumulated: NoInfer<Accumulated>,
    result: Result,
    index: number,
  ): NoInfer<Accumulated> | Promise<NoInfer<Accumulated>>;
  /** `'index'` (the default): in the order of the items. `'arrival'`: as they end. */
  readonly order?: 'index' | 'arrival';
}

export interface MapOptions<Over, As, IndexAs, T, P, Accumulated> {
  /**
   * The symbol of the list, or what gives the items. Under a symbol the store may have anything that can be gone through with
   * `for await`; what tasks provide is a list, a Set or a Map.
   */
  readonly over: Over;
  /** The symbol under which the task takes an item; the other symbols that it takes are those of the flow. */
  readonly as: As;
  /** The symbol under which the task takes the position of the item, from 0. */
  readonly indexAs?: IndexAs;
  /** What runs for each item. Its `retry` decides about that item alone. */
  readonly task: T;
  /**
   * The symbols that the list of results gives, in the order of the items: `'all'` is the list, `['first', 'second']` are its
   * positions. With `reduce`, those of what it came to, in each shape that a task's may have.
   */
  readonly provides?: P;
  /** Folds the results into one. Default: they are kept as a list. */
  readonly reduce?: Reduction<Accumulated, ResultOf<T>>;
  /** How many items may be in hand at once, at least 1. Default: as many as the executor takes. */
  readonly concurrency?: number;
}

/** What the compiler knows of the symbols that a task takes. Where it can't know all of them, it says nothing about any. */
type Taking<T> =
  unknown extends NeedsOf<T>
    ? Unlisted
    : T extends DefinedTask<infer S>
      ? string extends keyof S['args'] | S['rebind'][keyof S['rebind']]
        ? Unlisted
        : NeedsOf<T>
      : T extends Typed<unknown, unknown>
        ? NeedsOf<T>
        : Unlisted;

type ItemOf<T, As> = As extends keyof NeedsOf<T> ? NeedsOf<T>[As] : unknown;

type NeedsOfMap<Over, As, IndexAs, T> = Plain<
  NeedsOfSource<Over, ItemOf<T, As>> & Others<NeedsOf<T>, As | IndexAs>
>;

type NeedsOfSource<Over, Item> = Over extends string
  ? string extends Over
    ? Nothing
    : { [K in Over]: Items<Item> }
  : Over extends { items(...args: infer A): unknown }
    ? Pick<ArgsOf<Over, A>, RequiredBy<Over> & keyof ArgsOf<Over, A>>
    : Nothing;

type RequiredBy<Over> = Over extends { readonly requires: readonly (infer Name)[] } ? Name & string : never;

/** Of a function that takes nothing, what is only waited for. */
type ArgsOf<Over, A> = A extends [infer Args, ...unknown[]] ? Args : Listed<RequiredBy<Over>[], []>;

/** What the task takes beside an item and its position. */
type Others<Needs, Own> = string extends Own ? Partial<Needs> : Omit<Needs, Own & PropertyKey>;

/** A list of results that are not known is not known itself: what is known to hold unknown values could be given to nobody. */
type ResultOfMap<T, Accumulated> = [Accumulated] extends [never]
  ? unknown extends ResultOf<T>
    ? unknown
    : ResultOf<T>[]
  : Accumulated;

/** Holds the symbols of an item against those that the task takes, and what is written in one place against the others. */
type Fitting<Over, As, IndexAs, T, P, Accumulated> = T extends AnyTask
  ? OwnSymbols<As, IndexAs, T> &
      SourceAgrees<Over> &
      ItemsFit<Over, As, ItemOf<T, As>> &
      KeysInResult<P, [Accumulated] extends [never] ? Nothing : Accumulated>
  : Says<'task', 'the option ', ' of a map takes a task, and this is none'>;

type OwnSymbols<As, IndexAs, T> = string extends keyof Taking<T> | As | IndexAs
  ? unknown
  : Says<Exclude<As, keyof NeedsOf<T>>, 'as says ', ', a symbol that the task does not take'> &
      Says<Exclude<IndexAs, keyof NeedsOf<T>>, 'indexAs says ', ', a symbol that the task does not take'> &
      Says<As & IndexAs, 'as and indexAs both say ', ''> &
      (number extends ItemOf<T, IndexAs>
        ? unknown
        : Says<IndexAs, 'the position is a number, and the task takes ', ' as something else'>);

type SourceAgrees<Over> = Over extends { items(args: infer Args, ...rest: unknown[]): unknown }
  ? unknown extends Args
    ? unknown
    : Says<Exclude<keyof Args, RequiredBy<Over>>, 'items takes ', ', which over.requires does not list'> &
        Says<Exclude<RequiredBy<Over>, keyof Args>, 'over.requires lists ', ', which items does not take'>
  : unknown;

/** Items of which nothing is known are let through, as symbols are. */
type ItemsFit<Over, As, Taken> =
  Over extends ItemSource<never, infer Item>
    ? unknown extends Item
      ? unknown
      : [Item] extends [Taken]
        ? unknown
        : {
            readonly [Name in As & string as `the items are not what the task takes as '${Name}'`]: {
              readonly given: Item;
              readonly taken: Taken;
            };
          }
    : unknown;

const RULES: OptionRules<MapOptions<unknown, unknown, unknown, unknown, unknown, unknown>> = {
  over: ANY,
  as: ANY,
  indexAs: ANY,
  task: ANY,
  provides: ANY,
  reduce: ANY,
  concurrency: aWholeNumber(1),
};

/**
 * Makes a unit that runs a task once for each item of a list. Items run at once, as far as there are threads, and are taken
 * from where they come only as fast as they run. The item at position 17 of map `'m'` is the atom `'m[17]'` in events and in
 * storage. Where an item fails, its own retry is asked; else no further item starts, and the map has failed: every item
 * that ran is reverted, like any task.
 *
 * @param name - Names the map in its flow
 * @throws TaskloomError NAME_INVALID, OPTION_INVALID, UNIT_INVALID, TASKLOOM_TWICE; DEFINITION_INVALID when the task takes no such
 * symbol
 */
export function map<
  T extends AnyUnit,
  const As extends string,
  const Over extends string | ItemSource<never, unknown>,
  const P extends Provides | undefined = undefined,
  const IndexAs extends string = never,
  Accumulated = never,
>(
  name: string,
  options: MapOptions<Over, As, IndexAs, T, P, Accumulated> &
    Fitting<Over, As, IndexAs, T, P, NoInfer<Accumulated>>,
): TaskMap<NeedsOfMap<Over, As, IndexAs, T>, Given<P, ResultOfMap<T, Accumulated>>> {
  const known = checkName(name, 'The name of a map');
  const place = `map '${known}'`;
  checkOptions(options as MapOptions<unknown, unknown, unknown, unknown, unknown, unknown>, RULES, place);
  const task = readTask(options.task, place);
  const own = readOwnSymbols(options, task, place);
  const source = readSource(options.over, place);
  const made: AnyMap = {
    kind: 'map',
    name: known,
    task,
    ...source,
    revertArgs: source.args,
    inject: NO_INJECT,
    ...own,
    provides: Object.freeze(readProvides(options.provides, place)),
    reduce: options.reduce === undefined ? null : readReduction(options.reduce as object, place),
    concurrency: options.concurrency ?? Number.POSITIVE_INFINITY,
    priority: task.priority,
  };
  return Object.freeze(markAsUnit(made));
}

const NO_INJECT: ReadonlyMap<string, unknown> = new Map();

function readTask(task: unknown, place: string): AnyTask {
  checkUnit(task, `${place}, option task`);
  if (task.kind === 'task') return task;
  throw new TaskloomError(
    'UNIT_INVALID',
    `${place}: a map runs a task, and '${task.name}' is a ${task.kind}.`,
    {
      details: { place },
    },
  );
}

function readOwnSymbols(
  options: { readonly as: unknown; readonly indexAs?: unknown },
  task: AnyTask,
  place: string,
): Pick<AnyMap, 'as' | 'indexAs'> {
  const as = checkName(options.as, `${place}: the symbol as`);
  const { indexAs: given } = options;
  const indexAs = given === undefined ? null : checkName(given, `${place}: the symbol indexAs`);
  if (indexAs === as) throw definitionInvalid(place, `as and indexAs are both '${as}'`);
  const args = [...task.args, ...task.revertArgs].filter(({ name }) => !task.inject.has(name));
  const taken = new Set(args.map(({ symbol }) => symbol));
  for (const symbol of indexAs === null ? [as] : [as, indexAs]) {
    if (taken.has(symbol)) continue;
    const known = [...taken].map((each) => `'${each}'`).join(', ') || 'none';
    throw definitionInvalid(
      place,
      `the task '${task.name}' takes no symbol '${symbol}' (there are: ${known})`,
    );
  }
  return { as, indexAs };
}

function readSource(over: unknown, place: string): Pick<AnyMap, 'args' | 'items'> {
  if (typeof over === 'string' || over === undefined) {
    const symbol = checkName(over, `${place}: the symbol over`);
    const args = [Object.freeze({ name: symbol, symbol, optional: false })];
    return { args: Object.freeze(args), items: (values) => values[symbol] };
  }
  const source = over as Partial<ItemSource<never, unknown>> | null;
  if (typeof source?.items !== 'function') {
    const shapes = 'a symbol or an object { requires, items(args) }';
    throw definitionInvalid(place, `over must be ${shapes}, and was ${describe(over)}`);
  }
  const toArgument = (name: string): Argument => Object.freeze({ name, symbol: name, optional: false });
  const args = readList(source.requires, 'over.requires', place).map(toArgument);
  const items = source.items as (args: Readonly<Record<string, unknown>>) => unknown;
  return { args: Object.freeze(args), items: items.bind(source) };
}

const REDUCE_RULES: OptionRules<Reduction<unknown, unknown>> = {
  initial: ANY,
  add: { fits: (value) => typeof value === 'function', words: 'a function' },
  order: oneOf('index', 'arrival'),
};

function readReduction(given: object, place: string): AnyReduction {
  const reduce = given as Reduction<unknown, unknown>;
  checkOptions(reduce, REDUCE_RULES, `reduce of ${place}`);
  if (reduce.add === undefined) throw definitionInvalid(place, 'reduce has no function add');
  const { initial, order = 'index' } = reduce;
  const add = reduce.add as AnyReduction['add'];
  return Object.freeze({ initial, add: add.bind(reduce), inOrder: order === 'index' });
}
