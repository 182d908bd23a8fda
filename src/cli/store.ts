/** Reads the values that the command line gives to the flow: `--store key=value` and `--store-file`. */
import { readFileSync } from 'node:fs';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';
import { oneLine } from './text.ts';

/**
 * The values of `--store` over those of `--store-file`.
 *
 * @throws TaskloomError USAGE
 */
export function readStore(pairs: readonly string[], file: string | undefined): Record<string, unknown> {
  const values = new Map(file === undefined ? [] : readStoreFile(file));
  for (const pair of pairs) {
    const [key, value] = readPair(pair);
    values.set(key, value);
  }
  // fromEntries defines properties, so that __proto__ is a symbol like any other.
  return Object.fromEntries(values);
}

/** JSON where it is JSON, else the text itself: `n=3` is a number, `name=Ada` a string, `n="3"` a string. */
function readPair(pair: string): [key: string, value: unknown] {
  const at = pair.indexOf('=');
  if (at < 1) {
    throw usage(`--store wants key=value, not '${oneLine(pair, 80)}'. Example: --store size=3`);
  }
  const text = pair.slice(at + 1);
  try {
    return [pair.slice(0, at), JSON.parse(text)];
  } catch {
    return [pair.slice(0, at), text];
  }
}

function readStoreFile(file: string): [string, unknown][] {
  const name = `The store file '${oneLine(file)}'`;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`${name} cannot be read: ${reasonOf(error)}.`, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw usage(`${name} is not JSON: ${oneLine(error instanceof Error ? error.message : '')}`, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usage(`${name} must hold one JSON object, such as {"size": 3}.`);
  }
  return Object.entries(value);
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  return oneLine(error instanceof Error ? error.message : String(error));
}

function usage(message: string, cause?: unknown): TaskloomError {
  return new TaskloomError('USAGE', message, cause === undefined ? {} : { cause });
}
