/** Options at the door: what is refused, and that the message names the option, its place and the way out. */
import { describe, expect, test } from 'vitest';
import {
  A_FLAG,
  A_NAME,
  AN_OBJECT,
  aWholeNumber,
  checkOptions,
  MILLISECONDS,
  type OptionRules,
  oneOf,
} from '../src/options.ts';

interface Options {
  readonly threads?: number;
  readonly onAbort?: string;
}

const RULES: OptionRules<Options> = { threads: aWholeNumber(1), onAbort: oneOf('suspend', 'revert') };
const check = (options: unknown): void => checkOptions(options as Options, RULES, 'run()');

test.each([{}, { threads: 1 }, { threads: undefined }, { onAbort: 'suspend' }])('lets pass %o', (options) => {
  expect(() => check(options)).not.toThrow();
});

test.each([
  [5, 'The options of run() must be an object.'],
  [null, 'The options of run() must be an object.'],
  [[], 'The options of run() must be an object.'],
  [{ thread: 2 }, "run() has no option 'thread'. Did you mean 'threads'?"],
  [{ zebra: 2 }, "run() has no option 'zebra'. There are: threads, onAbort."],
  [{ constructor: 2 }, "run() has no option 'constructor'. There are: threads, onAbort."],
  [{ threads: 0 }, "The option 'threads' of run() must be a whole number, at least 1."],
  [{ onAbort: 'stop' }, "The option 'onAbort' of run() must be 'suspend' or 'revert'."],
])('refuses %o', (options, message) => {
  expect(() => check(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message }));
});

describe('rules', () => {
  test.each([
    ['a name', A_NAME, ['a', ' '], ['', 1, null]],
    ['a flag', A_FLAG, [true, false], [0, 'true', null]],
    ['an object', AN_OBJECT, [{}, Object.create(null)], [null, [], 'a', new Map()]],
    ['ms', MILLISECONDS, [0, 0.5, Number.POSITIVE_INFINITY], [-1, Number.NaN, '5']],
    ['a whole number', aWholeNumber(2), [2, 3], [1, 2.5, '2']],
  ])('%s', (_name, { fits }, good, bad) => {
    expect(good.filter((value) => !fits(value))).toEqual([]);
    expect(bad.filter((value) => fits(value))).toEqual([]);
  });
});
