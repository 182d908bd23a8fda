/** What a reader makes of a symbol that has several values. */
import { A_FUNCTION, checkOptions } from '../options.ts';

/** Makes one of the values of a symbol, or something else of them. */
type Many = (values: readonly unknown[]) => unknown;

export interface FetchOptions {
  /**
   * Is given the values of a symbol, the store's first, then as their providers were added; also when there is only
   * one (TaskFlow `many_handler`). What it returns is the answer.
   */
  readonly many?: Many;
}

/** @throws TaskloomError OPTION_INVALID */
export function readMany(options: FetchOptions, place: string, usual: Many): Many {
  checkOptions(options, { many: A_FUNCTION }, place);
  return options.many ?? usual;
}

export function theFirst([first]: readonly unknown[]): unknown {
  return first;
}

export function oneOrAll(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : values;
}
