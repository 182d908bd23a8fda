/**
 * Where a flow comes from, as it is given and as it is kept: a module by its path from a root, an export of it, and arguments in
 * JSON. What is kept is data, and imports nothing: see factory.ts.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';
import { A_NAME, ANY, checkOptions, type OptionRules } from '../options.ts';
import type { Factory } from '../persistence/records.ts';

/** Where a flow comes from. */
export interface FlowFactory {
  /** Path or file URL of the module: under `root`, relative to which it is kept. */
  readonly module: string | URL;
  /** A flow, or a function that returns one or a promise of one. Default: `'default'`. */
  readonly export?: string;
  /** What the function is called with: what JSON carries. Default: nothing. */
  readonly args?: readonly unknown[];
  /** Path or file URL of a folder. */
  readonly root: string | URL;
}

const RULES: OptionRules<FlowFactory> = {
  module: ANY,
  export: A_NAME,
  args: { fits: Array.isArray, words: 'a list' },
  root: ANY,
};

/**
 * The factory as it is kept.
 *
 * @param place - Whose option it is
 * @throws TaskloomError FACTORY_INVALID for what cannot be kept; OPTION_INVALID
 */
export function keptFactory(factory: FlowFactory, place: string): Factory {
  checkOptions(factory, RULES, place);
  const { module, export: name = 'default', args = [], root } = factory;
  const path = realPath(pathOf(module, 'module'), 'module');
  const inside = relative(realPath(pathOf(root, 'root'), 'root'), path);
  if (leaves(inside)) throw invalid(`The module of a factory must lie under its root: '${inside}'.`, {});
  return { module: inside.split(sep).join('/'), export: name, args: jsonOf(args) };
}

/** True for a relative path that leads out of where it starts. */
export function leaves(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

export function pathOf(place: unknown, option: string): string {
  if (typeof place === 'string' && place !== '') return place;
  if (place instanceof URL && place.protocol === 'file:') return fileURLToPath(place);
  throw new TaskloomError('OPTION_INVALID', `The option '${option}' must be a path or a file URL.`, {
    details: { option },
  });
}

/** With all links followed. */
export function realPath(path: string, what: 'module' | 'root'): string {
  try {
    return realpathSync.native(path);
  } catch (thrown) {
    const why = codeOf(thrown) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(thrown)}`;
    throw invalid(`The ${what} of a factory ${why}: '${path}'.`, { [what]: path }, thrown);
  }
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function invalid(message: string, details: object, cause?: unknown): TaskloomError {
  return new TaskloomError('FACTORY_INVALID', message, { details: { ...details }, cause });
}

function jsonOf(args: readonly unknown[]): string {
  try {
    const text = JSON.stringify(args);
    if (isDeepStrictEqual(JSON.parse(text), args)) return text;
  } catch (thrown) {
    throw invalid(`The args of a factory must be what JSON carries: ${messageOf(thrown)}`, {}, thrown);
  }
  throw invalid('The args of a factory must be what JSON carries.', {});
}
