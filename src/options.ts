/** Options are checked once, at the door: an unknown one or one of the wrong type is refused with its name and place. */
import { TaskloomError } from './errors.ts';
import { hint } from './hint.ts';

/** For each option that exists, what fits: a test, and its words for the message. */
export type OptionRules<O> = Readonly<Record<keyof O & string, OptionRule>>;

export interface OptionRule {
  readonly fits: (value: unknown) => boolean;
  /** As in "must be …". */
  readonly words: string;
}

/**
 * @param place - Whose options these are: `createEngine()`, `task 'a'`
 * @throws TaskloomError OPTION_INVALID
 */
export function checkOptions<O extends object>(options: O, rules: OptionRules<O>, place: string): void {
  if (!AN_OBJECT.fits(options)) {
    throw new TaskloomError('OPTION_INVALID', `The options of ${place} must be an object.`, {
      details: { place },
    });
  }
  for (const option of Object.keys(options) as (keyof O & string)[]) {
    const rule = Object.hasOwn(rules, option) ? rules[option] : undefined;
    if (rule === undefined) {
      const names = Object.keys(rules);
      const way = hint(option, names) || ` There are: ${names.join(', ') || 'none'}.`;
      throw new TaskloomError('OPTION_INVALID', `${place} has no option '${option}'.${way}`, {
        details: { place, option },
      });
    }
    const value = options[option];
    if (value !== undefined && !rule.fits(value)) {
      throw new TaskloomError('OPTION_INVALID', `The option '${option}' of ${place} must be ${rule.words}.`, {
        details: { place, option },
      });
    }
  }
}

/** Rules that several doors need. */
export const A_NAME: OptionRule = {
  fits: (value) => typeof value === 'string' && value !== '',
  words: 'a string that is not empty',
};
/** For what its reader checks with a code of its own. */
export const ANY: OptionRule = { fits: () => true, words: '' };
export const A_FLAG: OptionRule = { fits: (value) => typeof value === 'boolean', words: 'true or false' };
export const A_FUNCTION: OptionRule = {
  fits: (value) => typeof value === 'function',
  words: 'a function',
};
export const AN_OBJECT: OptionRule = {
  fits: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(Symbol.iterator in value),
  words: 'an object',
};
/** A span of time; Infinity is one too. */
export const MILLISECONDS: OptionRule = {
  fits: (value) => typeof value === 'number' && value >= 0,
  words: 'a number of ms, at least 0',
};
export function oneOf(...values: readonly string[]): OptionRule {
  return {
    fits: (value) => values.includes(value as string),
    words: values.map((each) => `'${each}'`).join(' or '),
  };
}
export function aWholeNumber(least: number): OptionRule {
  return {
    fits: (value) => Number.isInteger(value) && (value as number) >= least,
    words: `a whole number, at least ${least}`,
  };
}
