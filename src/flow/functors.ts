/**
 * Parts of a definition made of a function on single values, for several symbols of one kind (TaskFlow `task.py`,
 * `MapFunctorTask` and `ReduceFunctorTask`): `task('sum', { ...reduceArguments(['a', 'b'], plus), provides: 'sum' })`.
 */
import { describe } from './names.ts';
import { definitionInvalid, readList } from './read-definition.ts';

type Names = readonly string[];

/** Arguments of these names, all of one type. */
type Each<R extends Names, T> = { readonly [K in R[number]]: T };

/** What a task's definition needs beside `provides`. */
export interface MappedArguments<R extends Names, T, U> {
  readonly requires: R;
  execute(args: Each<R, T>): Promise<{ -readonly [I in keyof R]: U }>;
}

/** The same, with one value as the result. */
export interface ReducedArguments<R extends Names, T> {
  readonly requires: R;
  execute(args: Each<R, T>): Promise<T>;
}

/**
 * Applies a function to each of several arguments. The result is the list of what it returned, in the order of
 * `requires`; functions that return promises run side by side.
 *
 * @returns `requires` and `execute` of a definition
 * @throws TaskloomError DEFINITION_INVALID, NAME_INVALID
 */
export function mapArguments<const R extends Names, T, U>(
  requires: R,
  fn: (value: T) => U,
): MappedArguments<R, T, Awaited<U>> {
  const names = checkParts(requires, fn, 'mapArguments()');
  const execute = async (args: Each<R, T>): Promise<unknown> =>
    Promise.all(names.map((name) => fn(args[name as R[number]])));
  return { requires: names, execute } as MappedArguments<R, T, Awaited<U>>;
}

/**
 * Puts several arguments together, two at a time: the first two, then what came of them and the third, and so on, in the
 * order of `requires`. A promise is awaited before the next step.
 *
 * @param requires - At least two
 * @returns `requires` and `execute` of a definition
 * @throws TaskloomError DEFINITION_INVALID, NAME_INVALID
 */
export function reduceArguments<const R extends Names, T>(
  requires: R,
  fn: (sum: T, value: T) => T | Promise<T>,
): ReducedArguments<R, T> {
  const names = checkParts(requires, fn, 'reduceArguments()');
  const [first, ...others] = names as readonly R[number][];
  if (first === undefined || others.length === 0) {
    throw definitionInvalid('reduceArguments()', 'requires must list at least two names');
  }
  return {
    requires: names,
    async execute(args) {
      let sum = args[first];
      for (const name of others) sum = await fn(sum, args[name]);
      return sum;
    },
  };
}

/** Returns a copy of the list. */
function checkParts<R extends Names>(requires: R, fn: unknown, place: string): R {
  if (!Array.isArray(requires)) {
    throw definitionInvalid(place, `requires must be an array of names, not ${describe(requires)}`);
  }
  if (typeof fn !== 'function') throw definitionInvalid(place, `it takes a function, not ${describe(fn)}`);
  return readList(requires, 'requires', place) as R;
}
