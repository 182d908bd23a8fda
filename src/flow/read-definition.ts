/** Reads what was written as a task's definition or as a second use of one, and refuses what cannot work. */
import { TaskloomError } from '../errors.ts';
import { ANY, checkOptions, type OptionRule, type OptionRules, oneOf } from '../options.ts';
import { checkName, describe } from './names.ts';
import type { Argument, Provided } from './symbols.ts';
import type { AnyRetry, AnyTask } from './unit.ts';

/** A definition that was checked, with its defaults. Lists and maps are copies. */
export interface Readable
  extends Pick<
    AnyTask,
    'args' | 'revertArgs' | 'inject' | 'provides' | 'priority' | 'timeout' | 'runOn' | 'version' | 'retry'
  > {
  /** True: the arguments of revert have symbols of their own, whatever rebind says. */
  readonly revertRebound: boolean;
}

/** What was written, before it is checked. */
interface Written {
  readonly requires?: unknown;
  readonly optional?: unknown;
  readonly rebind?: unknown;
  readonly inject?: unknown;
  readonly provides?: unknown;
  readonly execute?: unknown;
  readonly revert?: unknown;
  readonly revertRequires?: unknown;
  readonly revertRebind?: unknown;
  readonly priority?: number;
  readonly timeout?: number;
  readonly runOn?: AnyTask['runOn'];
  readonly version?: string;
  readonly retry?: AnyRetry;
  readonly validate?: unknown;
  readonly preExecute?: unknown;
  readonly postExecute?: unknown;
  readonly preRevert?: unknown;
  readonly postRevert?: unknown;
}
type WrittenAgain = Pick<
  Written,
  'rebind' | 'inject' | 'provides' | 'priority' | 'timeout' | 'runOn' | 'version' | 'retry'
>;

const PLAIN = {
  priority: { fits: Number.isFinite, words: 'a finite number' },
  timeout: {
    fits: (value: unknown) => Number.isFinite(value) && (value as number) > 0,
    words: 'a number of milliseconds above 0',
  },
  runOn: oneOf('main', 'thread'),
  version: { fits: (value: unknown) => typeof value === 'string', words: 'a string' },
};
/** Also of flows. */
export const A_RETRY: OptionRule = {
  fits: (value) => (value as Partial<AnyRetry> | null)?.kind === 'retry',
  words: 'a retry: times(3), forEach(…), retry(name, …)',
};
const AGAIN_RULES: OptionRules<WrittenAgain> = {
  rebind: ANY,
  inject: ANY,
  provides: ANY,
  retry: A_RETRY,
  ...PLAIN,
};
const RULES: OptionRules<Written> = {
  ...AGAIN_RULES,
  requires: ANY,
  optional: ANY,
  execute: ANY,
  revert: ANY,
  revertRequires: ANY,
  revertRebind: ANY,
  validate: ANY,
  preExecute: ANY,
  postExecute: ANY,
  preRevert: ANY,
  postRevert: ANY,
};

const FUNCTIONS = ['execute', 'revert', 'preExecute', 'postExecute', 'preRevert', 'postRevert'] as const;
const FOR_REVERT = ['revertRequires', 'revertRebind', 'preRevert', 'postRevert'] as const;

/** Throws OPTION_INVALID, NAME_INVALID or DEFINITION_INVALID; `place` says whose definition it is ("task 'a'"). */
export function readDefinition(definition: Written, place: string): Readable {
  checkOptions(definition, RULES, place);
  const requires = readList(definition.requires, 'requires', place);
  const optional = readList(definition.optional, 'optional', place);
  refuseTwice([...requires, ...optional], 'argument', place);
  const revertRequires =
    definition.revertRequires === undefined
      ? null
      : readList(definition.revertRequires, 'revertRequires', place);
  refuseTwice(revertRequires ?? [], 'argument of revert', place);
  checkFunctions(definition, place);

  const names = [...requires, ...optional];
  const known = [...new Set([...names, ...(revertRequires ?? [])])];
  const rebind = readRebind(definition.rebind, 'rebind', known, place);
  const inject = readEntries(definition.inject, 'inject', known, place);
  const provides = Object.freeze(readProvides(definition.provides, place));
  const revertRebound = definition.revertRebind !== undefined;
  const revertRebind = revertRebound
    ? readRebind(definition.revertRebind, 'revertRebind', revertRequires ?? known, place)
    : rebind;
  const args = argumentsOf(names, rebind, optional);
  const isSame = revertRequires === null && !revertRebound;
  return {
    args,
    revertArgs: isSame ? args : argumentsOf(revertRequires ?? names, revertRebind, optional),
    revertRebound,
    inject,
    provides,
    priority: definition.priority ?? 0,
    timeout: definition.timeout ?? null,
    runOn: definition.runOn ?? 'thread',
    version: definition.version ?? '1.0',
    retry: definition.retry ?? null,
  };
}

/** A second use: `again` laid over what was read. Throws as `readDefinition` does. */
export function readAgain(read: Readable, again: WrittenAgain, place: string): Readable {
  checkOptions(again, AGAIN_RULES, place);
  const known = argumentNames(read);
  const rebind = readRebind(again.rebind, 'rebind', known, place);
  const inject = readEntries(again.inject, 'inject', known, place);
  const args = rebound(read.args, rebind);
  const isSame = read.revertArgs === read.args;
  return {
    args,
    revertArgs: isSame ? args : read.revertRebound ? read.revertArgs : rebound(read.revertArgs, rebind),
    revertRebound: read.revertRebound,
    inject: inject.size === 0 ? read.inject : new Map([...read.inject, ...inject]),
    provides:
      again.provides === undefined ? read.provides : Object.freeze(readProvides(again.provides, place)),
    priority: again.priority ?? read.priority,
    timeout: again.timeout ?? read.timeout,
    runOn: again.runOn ?? read.runOn,
    version: again.version ?? read.version,
    retry: again.retry ?? read.retry,
  };
}

/** Those of execute, then those that revert alone has. */
export function argumentNames({
  args,
  revertArgs,
}: Pick<Readable, 'args' | 'revertArgs'>): readonly string[] {
  const names = args.map(({ name }) => name);
  if (revertArgs !== args) for (const { name } of revertArgs) if (!names.includes(name)) names.push(name);
  return names;
}

function argumentsOf(
  names: readonly string[],
  symbols: ReadonlyMap<string, string>,
  optional: readonly string[],
): readonly Argument[] {
  const args = names.map((name) =>
    Object.freeze({ name, symbol: symbols.get(name) ?? name, optional: optional.includes(name) }),
  );
  return Object.freeze(args);
}

function rebound(args: readonly Argument[], symbols: ReadonlyMap<string, string>): readonly Argument[] {
  if (symbols.size === 0) return args;
  const changed = args.map((arg) => {
    const symbol = symbols.get(arg.name);
    return symbol === undefined ? arg : Object.freeze({ ...arg, symbol });
  });
  return Object.freeze(changed);
}

function checkFunctions(definition: Written, place: string): void {
  for (const option of FUNCTIONS) {
    const written = definition[option];
    if (typeof written === 'function' || (written === undefined && option !== 'execute')) continue;
    throw definitionInvalid(place, `${option} must be a function, and was ${describe(written)}`);
  }
  if (definition.revert !== undefined) return;
  for (const option of FOR_REVERT) {
    if (definition[option] !== undefined) throw definitionInvalid(place, `${option} is given, but no revert`);
  }
}

export function readList(list: unknown, option: string, place: string): readonly string[] {
  if (list === undefined) return [];
  if (!Array.isArray(list))
    throw definitionInvalid(place, `${option} must be an array of names, not ${describe(list)}`);
  return list.map((name, at) => checkName(name, `${place}: name ${at + 1} of ${option}`));
}

export function refuseTwice(names: readonly string[], what: string, place: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw definitionInvalid(place, `the ${what} '${name}' is listed twice`);
    seen.add(name);
  }
}

const NO_ENTRIES: ReadonlyMap<string, never> = new Map<string, never>();

/** The entries of an object by argument. Own ones alone, so that no name of Object.prototype counts. */
export function readEntries(
  object: unknown,
  option: string,
  args: readonly string[],
  place: string,
): ReadonlyMap<string, unknown> {
  if (object === undefined) return NO_ENTRIES;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw definitionInvalid(place, `${option} must be an object by argument, not ${describe(object)}`);
  }
  const entries = new Map<string, unknown>(Object.entries(object));
  for (const name of entries.keys()) {
    if (args.includes(name)) continue;
    const known = args.map((each) => `'${each}'`).join(', ') || 'none';
    throw definitionInvalid(
      place,
      `${option} names '${name}', which is no argument here (there are: ${known})`,
    );
  }
  return entries;
}

export function readRebind(
  rebind: unknown,
  option: string,
  args: readonly string[],
  place: string,
): ReadonlyMap<string, string> {
  if (rebind === undefined) return NO_ENTRIES;
  const symbols = new Map<string, string>();
  for (const [name, symbol] of readEntries(rebind, option, args, place)) {
    symbols.set(name, checkName(symbol, `${place}: the symbol that ${option} gives to '${name}'`));
  }
  return symbols;
}

export function readProvides(provides: unknown, place: string): readonly Provided[] {
  if (provides === undefined) return [];
  const what = `${place}: a symbol in provides`;
  if (typeof provides === 'string') return [{ symbol: checkName(provides, what), take: null }];
  if (Array.isArray(provides)) {
    const list = provides.map((symbol, take) => ({ symbol: checkName(symbol, what), take }));
    refuseTwice(
      list.map(({ symbol }) => symbol),
      'provided symbol',
      place,
    );
    return list;
  }
  if (typeof provides !== 'object' || provides === null) {
    const shapes = "a string, an array of strings or an object { symbol: 'key' }";
    throw definitionInvalid(place, `provides must be ${shapes}, not ${describe(provides)}`);
  }
  return Object.entries(provides).map(([symbol, take]) => ({
    symbol: checkName(symbol, what),
    take: checkName(take, `${place}: the key that provides gives to '${symbol}'`),
  }));
}

export function definitionInvalid(place: string, what: string): TaskloomError {
  return new TaskloomError('DEFINITION_INVALID', `${place}: ${what}.`, { details: { place } });
}
