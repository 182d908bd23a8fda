/** The table of mutants keeps up with the sources: each can still be put in its place. */
import { expect, it } from 'vitest';
import { readTree } from './tree.ts';

interface Mutant {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
const table = (await import(new URL('../../scripts/mutants.mjs', import.meta.url).href)) as {
  readonly MUTANTS: readonly Mutant[];
};

it.each(table.MUTANTS)('$find stands once in $file', ({ file, find, replace }) => {
  const text = readTree((path) => path === file).get(file) ?? '';
  expect(text.split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});
