/**
 * Retries: attached to a flow, one decides what a failure inside means: try again, take the flow back, or everything.
 * It runs on the main thread, first in its flow, and provides a value for each attempt (TaskFlow `retry.py`).
 */
import { isDeepStrictEqual } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { A_FLAG, ANY, checkOptions, MILLISECONDS, type OptionRules } from '../options.ts';
import type { History } from './history.ts';
import { checkName, describe } from './names.ts';
import {
  definitionInvalid,
  readEntries,
  readList,
  readProvides,
  readRebind,
  refuseTwice,
} from './read-definition.ts';
import type { Argument, Nothing, Typed } from './symbols.ts';
import type { AnyRetry } from './unit.ts';

/**
 * What a failure means. RETRY: what the flow did is reverted, then it runs again. REVERT: the retry around this one is
 * asked; without one, all is reverted. REVERT_ALL: all is reverted, whatever is around.
 */
export type Decision = 'RETRY' | 'REVERT' | 'REVERT_ALL';

/** A retry by the symbols that it needs and gives. */
export interface Retry<Needs = unknown, Gives = unknown> extends AnyRetry, Typed<Needs, Gives> {}

/** How long to wait before an attempt. It holds up nothing but the retry's own flow. */
export interface DelayOptions {
  /** ms before the second attempt. Default 0. */
  readonly delay?: number;
  /** What the delay is multiplied with for each further attempt. Default 1. */
  readonly backoff?: number;
  /** From 0 to 1: the part of the delay by which it is made longer or shorter at random. Default 0. */
  readonly jitter?: number;
  /** ms; no delay is longer. Default: no limit. */
  readonly maxDelay?: number;
}

export interface RetryOptions<P extends string = never> extends DelayOptions {
  /** Default: the name of the flow and `_retry`. */
  readonly name?: string;
  /** The symbol under which the value of the attempt is seen inside the flow. */
  readonly provides?: P;
  /** True: when it gives up, everything is reverted, not only what the retry around it says. Default false. */
  readonly revertAll?: boolean;
}

/** The functions of a retry of one's own; each may return a promise. */
export interface RetryDefinition<Args, Result, P extends string = never, I = Nothing>
  extends Omit<RetryOptions<P>, 'name' | 'revertAll'> {
  /** Arguments that must have a value; each takes the symbol of its own name unless rebind or inject say otherwise. */
  readonly requires?: readonly (keyof Args & string)[];
  /** Arguments that are left out when nobody provides them. */
  readonly optional?: readonly (keyof Args & string)[];
  readonly rebind?: { readonly [K in keyof Args]?: string };
  /** `{ argument: value }`: gives an argument its value here. It wins over every symbol. */
  readonly inject?: I;
  /** Runs before each attempt; what it returns is the attempt's value. */
  execute(history: History, args: Args): Result | Promise<Result>;
  /** Says what the failure of the last attempt means. */
  onFailure(history: History, args: Args): Decision | Promise<Decision>;
  /** Runs when the flow is taken back. */
  revert?(history: History, args: Args): unknown;
}

type Given<P extends string, Value> = [P] extends [never] ? Nothing : { [K in P]: Value };

const DELAYS: OptionRules<DelayOptions> = {
  delay: MILLISECONDS,
  backoff: { fits: (value) => typeof value === 'number' && value >= 0, words: 'a number, at least 0' },
  jitter: {
    fits: (value) => typeof value === 'number' && value >= 0 && value <= 1,
    words: 'a number from 0 to 1',
  },
  maxDelay: MILLISECONDS,
};
const RULES: OptionRules<RetryOptions<string>> = { name: ANY, provides: ANY, revertAll: A_FLAG, ...DELAYS };

/**
 * Tries again until an attempt succeeds or `attempts` were made in all; 0 and 1 both mean one. Provides the number of
 * the attempt, from 1.
 *
 * @throws TaskloomError OPTION_INVALID, NAME_INVALID
 */
export function times<const P extends string = never>(
  attempts: number,
  options: RetryOptions<P> = {},
): Retry<Nothing, Given<P, number>> {
  if (!Number.isInteger(attempts) || attempts < 0) {
    throw new TaskloomError(
      'OPTION_INVALID',
      `times(attempts) takes a whole number, not ${describe(attempts)}.`,
    );
  }
  return readyMade('times()', options, [], {
    execute: (history) => history.length + 1,
    onFailure: (history) => (history.length < attempts ? 'RETRY' : givenUp(options)),
  });
}

/**
 * Tries the values one after another, and provides the one that is tried. A value that stands in the list twice is
 * tried twice.
 *
 * @throws TaskloomError OPTION_INVALID, NAME_INVALID
 */
export function forEach<const T, const P extends string = never>(
  values: Iterable<T>,
  options: RetryOptions<P> = {},
): Retry<Nothing, Given<P, T>> {
  const list = [...checkIterable(values, 'forEach(values)')] as readonly T[];
  return readyMade(
    'forEach()',
    options,
    [],
    eachOf(() => list, options),
  );
}

/**
 * Like forEach, with values that a task or the store provides.
 *
 * @param symbol - Under which the values are found
 * @throws TaskloomError OPTION_INVALID, NAME_INVALID
 */
export function parameterizedForEach<const S extends string, const P extends string = never>(
  symbol: S,
  options: RetryOptions<P> = {},
): Retry<{ [K in S]: Iterable<unknown> }, Given<P, unknown>> {
  const known = checkName(symbol, 'The symbol of parameterizedForEach(symbol)');
  const args = [{ name: 'values', symbol: known, optional: false }];
  const from = ({ values }: { readonly values?: unknown }) => [
    ...checkIterable(values, `the symbol '${known}'`),
  ];
  return readyMade('parameterizedForEach()', options, args, eachOf(from, options));
}

/** Never tries again: asks the retry around it, and without one reverts all. */
export function alwaysRevert(
  options: Omit<RetryOptions, 'provides' | 'revertAll'> = {},
): Retry<Nothing, Nothing> {
  return readyMade('alwaysRevert()', options, [], { execute: () => undefined, onFailure: () => 'REVERT' });
}

/** Never tries again: reverts all, whatever retries are around. */
export function alwaysRevertAll(
  options: Omit<RetryOptions, 'provides' | 'revertAll'> = {},
): Retry<Nothing, Nothing> {
  return readyMade('alwaysRevertAll()', options, [], {
    execute: () => undefined,
    onFailure: () => 'REVERT_ALL',
  });
}

/**
 * Makes a retry of one's own.
 *
 * @throws TaskloomError OPTION_INVALID, NAME_INVALID, DEFINITION_INVALID
 */
export function retry<
  Args = Nothing,
  Result = unknown,
  const P extends string = never,
  I extends Partial<Args> = Nothing,
>(
  name: string,
  definition: RetryDefinition<Args, Result, P, I>,
): Retry<Omit<Args, keyof I>, Given<P, Awaited<Result>>> {
  const place = `retry '${checkName(name, 'The name of a retry')}'`;
  const rules = {
    provides: ANY,
    ...DELAYS,
    requires: ANY,
    optional: ANY,
    rebind: ANY,
    inject: ANY,
    execute: ANY,
    onFailure: ANY,
    revert: ANY,
  };
  checkOptions(definition, rules as OptionRules<RetryDefinition<Args, Result, P, I>>, place);
  const { execute, onFailure, revert } = definition as unknown as Controller;
  for (const [option, fn] of Object.entries({ execute, onFailure })) {
    if (typeof fn !== 'function')
      throw definitionInvalid(place, `${option} must be a function, and was ${describe(fn)}`);
  }
  if (revert !== undefined && typeof revert !== 'function') {
    throw definitionInvalid(place, `revert must be a function, and was ${describe(revert)}`);
  }
  const optional = readList(definition.optional, 'optional', place);
  const names = [...readList(definition.requires, 'requires', place), ...optional];
  refuseTwice(names, 'argument', place);
  const rebind = readRebind(definition.rebind, 'rebind', names, place);
  const inject = readEntries(definition.inject, 'inject', names, place);
  const args = names.map((each) => ({
    name: each,
    symbol: rebind.get(each) ?? each,
    optional: optional.includes(each as never),
  }));
  return make(name, definition as DelayOptions & { readonly provides?: string }, { args, inject }, place, {
    execute: execute.bind(definition),
    onFailure: onFailure.bind(definition),
    ...(revert === undefined ? {} : { revert: revert.bind(definition) }),
  });
}

type Controller = Pick<AnyRetry, 'execute' | 'onFailure'> & {
  readonly revert?: NonNullable<AnyRetry['revert']>;
};

function readyMade<N, G>(
  place: string,
  options: RetryOptions<string>,
  args: readonly Argument[],
  controller: Controller,
): Retry<N, G> {
  checkOptions(options, RULES, place);
  const name = options.name === undefined ? null : checkName(options.name, `The name of ${place}`);
  return make(name, options, { args, inject: NO_INJECT }, place, controller);
}

const NO_INJECT: AnyRetry['inject'] = new Map();

function make<N, G>(
  name: string | null,
  options: DelayOptions & { readonly provides?: string },
  { args, inject }: Pick<AnyRetry, 'args' | 'inject'>,
  place: string,
  { execute, onFailure, revert }: Controller,
): Retry<N, G> {
  return Object.freeze({
    kind: 'retry' as const,
    name,
    args,
    revertArgs: args,
    inject,
    provides: readProvides(options.provides, place),
    priority: 0,
    execute,
    onFailure,
    revert: revert ?? null,
    pause: pauseOf(options),
  });
}

/** The ms to wait before the attempt after so many. */
function pauseOf({ delay = 0, backoff = 1, jitter = 0, maxDelay = Number.POSITIVE_INFINITY }: DelayOptions) {
  return (attempts: number): number => {
    const full = delay * backoff ** (attempts - 1);
    return Math.min(maxDelay, full * (1 + jitter * (2 * Math.random() - 1)));
  };
}

/** The values that are left are those that no attempt had, by how often each stands in the list. */
function eachOf(
  valuesOf: (args: Readonly<Record<string, unknown>>) => readonly unknown[],
  options: RetryOptions<string>,
): Controller {
  const left = (history: History, args: Readonly<Record<string, unknown>>): unknown[] => {
    const values = [...valuesOf(args)];
    for (const { provided } of history.attempts) {
      const at = values.findIndex((value) => isDeepStrictEqual(value, provided));
      if (at >= 0) values.splice(at, 1);
    }
    return values;
  };
  return {
    execute(history, args) {
      const untried = left(history, args);
      if (untried.length > 0) return untried[0];
      throw new TaskloomError('RETRY_EXHAUSTED', 'The retry has no value left to try.');
    },
    onFailure: (history, args) => (left(history, args).length > 0 ? 'RETRY' : givenUp(options)),
  };
}

function givenUp({ revertAll = false }: RetryOptions<string>): Decision {
  return revertAll ? 'REVERT_ALL' : 'REVERT';
}

function checkIterable(values: unknown, place: string): Iterable<unknown> {
  if (typeof Object(values)[Symbol.iterator] === 'function' && typeof values !== 'string') {
    return values as Iterable<unknown>;
  }
  throw new TaskloomError(
    'OPTION_INVALID',
    `${place} must be a list of values, and was ${describe(values)}.`,
  );
}
