/** Reads what was written as a task's definition or as a second use of one, and refuses what cannot work. */
import { TaskloomError } from '../errors.ts';
import { ANY, checkOptions, type OptionRule, type OptionRules } from '../options.ts';
import { checkName, describe } from './names.ts';
import type { Provided } from './symbols.ts';
import type { AnyRetry } from './unit.ts';

/** A definition that was checked, with its defaults. Lists and maps are copies. */
export interface Readable {
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  readonly rebind: ReadonlyMap<string, string>;
  readonly inject: ReadonlyMap<string, unknown>;
  readonly provides: readonly Provided[];
  /** null: as execute. */
  readonly revertRequires: readonly string[] | null;
  /** null: as rebind. */
  readonly revertRebind: ReadonlyMap<string, string> | null;
  readonly priority: number;
  readonly timeout: number | null;
  readonly version: string;
  readonly retry: AnyRetry | null;
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
  'rebind' | 'inject' | 'provides' | 'priority' | 'timeout' | 'version' | 'retry'
>;

const NUMBERS = {
  priority: { fits: Number.isFinite, words: 'a finite number' },
  timeout: {
    fits: (value: unknown) => Number.isFinite(value) && (value as number) > 0,
    words: 'a number of milliseconds above 0',
  },
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
  ...NUMBERS,
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

  const args = new Set([...requires, ...optional, ...(revertRequires ?? [])]);
  const revertArgs = revertRequires === null ? args : new Set(revertRequires);
  return {
    requires,
    optional,
    rebind: readRebind(definition.rebind, 'rebind', args, place),
    inject: readEntries(definition.inject, 'inject', args, place),
    provides: readProvides(definition.provides, place),
    revertRequires,
    revertRebind:
      definition.revertRebind === undefined
        ? null
        : readRebind(definition.revertRebind, 'revertRebind', revertArgs, place),
    priority: definition.priority ?? 0,
    timeout: definition.timeout ?? null,
    version: definition.version ?? '1.0',
    retry: definition.retry ?? null,
  };
}

/** A second use: `again` laid over what was read. Throws as `readDefinition` does. */
export function readAgain(read: Readable, again: WrittenAgain, place: string): Readable {
  checkOptions(again, AGAIN_RULES, place);
  const args = new Set([...read.requires, ...read.optional, ...(read.revertRequires ?? [])]);
  return {
    ...read,
    rebind: new Map([...read.rebind, ...readRebind(again.rebind, 'rebind', args, place)]),
    inject: new Map([...read.inject, ...readEntries(again.inject, 'inject', args, place)]),
    provides: again.provides === undefined ? read.provides : readProvides(again.provides, place),
    priority: again.priority ?? read.priority,
    timeout: again.timeout ?? read.timeout,
    version: again.version ?? read.version,
    retry: again.retry ?? read.retry,
  };
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

/** The entries of an object by argument. Own ones alone, so that no name of Object.prototype counts. */
export function readEntries(
  object: unknown,
  option: string,
  args: ReadonlySet<string>,
  place: string,
): ReadonlyMap<string, unknown> {
  if (object === undefined) return new Map();
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw definitionInvalid(place, `${option} must be an object by argument, not ${describe(object)}`);
  }
  const entries = new Map<string, unknown>(Object.entries(object));
  for (const name of entries.keys()) {
    if (args.has(name)) continue;
    const known = [...args].map((each) => `'${each}'`).join(', ') || 'none';
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
  args: ReadonlySet<string>,
  place: string,
): ReadonlyMap<string, string> {
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
