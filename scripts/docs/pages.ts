/** The pages that are printed: path from the root of the repository, and what makes the text. */
import { printErrors } from './errors.ts';
import { printStates } from './states.ts';

export const PAGES: ReadonlyMap<string, () => string> = new Map([
  ['docs/errors.md', () => printErrors()],
  ['docs/states.md', printStates],
]);
