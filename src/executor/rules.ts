/** What fits as an option of executors, and how it is said. */
import type { OptionRule } from '../options.ts';

/** A span of time; Infinity is one too. */
export const MILLISECONDS: OptionRule = {
  fits: (value) => typeof value === 'number' && value >= 0,
  words: 'a number of ms, at least 0',
};
