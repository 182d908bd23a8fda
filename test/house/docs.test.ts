/** The printed pages of docs/ are what their tables say now, and every code of the table is used. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { printErrors } from '../../scripts/docs/errors.ts';
import { PAGES } from '../../scripts/docs/pages.ts';
import { ERROR_CODES } from '../../src/errors.ts';
import { readTree } from './tree.ts';

test.each([...PAGES])('%s is up to date', (path, print) => {
  const committed = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(committed, `${path} is not what its table says. Run: npm run docs`).toBe(print());
});

test('errors.md lists every code with its sentence, and only those', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^## (\w+)\n\n(.+)$/gm)].map(([, code, sentence]) => [code, sentence]);
  expect(Object.fromEntries(listed)).toEqual(ERROR_CODES);
  expect(printErrors({ A_NEW_CODE: 'Sentence.' })).toContain('## A_NEW_CODE\n\nSentence.\n');
});

test('every code is used in the source', () => {
  const sources = readTree((path) => /^(src|workers)\/.*\.ts$/.test(path) && path !== 'src/errors.ts');
  const text = [...sources.values()].join('\n');
  const unused = Object.keys(ERROR_CODES).filter((code) => !new RegExp(`['"\`]${code}['"\`]`).test(text));
  expect(unused).toEqual([]);
});
