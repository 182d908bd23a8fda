/** Values of options, as commander asks for them: each is what fits, or a sentence on what would. */
import { InvalidArgumentError } from 'commander';
import { hint } from '../hint.ts';

const EXECUTORS: readonly string[] = ['threads', 'serial'];
const DURABILITIES: readonly string[] = ['full', 'normal'];
/** ms. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

export function parseWhole(text: string): number {
  const whole = Number(text);
  if (/^\d+$/.test(text) && whole >= 1 && Number.isSafeInteger(whole)) return whole;
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
}

/** In ms. */
export function parseTime(text: string): number {
  const ms = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(ms)) return ms;
  throw new InvalidArgumentError('It must be a whole number of ms, at least 0.');
}

/** `30d` in ms. */
export function parseAge(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (Number.isSafeInteger(Math.round(ms))) return ms;
  throw new InvalidArgumentError('It is a number and s, m, h, d or w: 90m, 12h, 30d.');
}

export function parseExecutor(text: string): string {
  return chosen(text, EXECUTORS);
}

export function parseDurability(text: string): string {
  return chosen(text, DURABILITIES);
}

function chosen(text: string, values: readonly string[]): string {
  if (values.includes(text)) return text;
  const words = values.map((value) => `'${value}'`).join(' or ');
  throw new InvalidArgumentError(`It is ${words}.${hint(text, values)}`);
}
