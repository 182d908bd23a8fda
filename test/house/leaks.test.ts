/** Nothing that is committed names the machine it was written on, or folders and hosts that users don't have. */
import { expect, test } from 'vitest';
import { readTree } from './tree.ts';

// Written in pieces, so that this file does not find itself.
const FORBIDDEN: readonly RegExp[] = [
  new RegExp(`\\.\\./${'shared'}\\b`),
  new RegExp(`(?<![\\w.-])/(${'work'}|${'root'})/`),
  new RegExp(`${'registry'}\\.npm|${'npmj'}s`),
];

function leaks(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [file, text] of files)
    for (const [at, line] of text.split('\n').entries())
      if (FORBIDDEN.some((pattern) => pattern.test(line)))
        found.push(`${file}:${at + 1}: ${line.trim().slice(0, 120)}`);
  return found;
}

test('the tree speaks of no machine', () => {
  const files = readTree((path) => !/\.(png|gif|ico|br|gz|tgz)$/.test(path));
  expect(files.has('package.json')).toBe(true);
  expect(leaks(files)).toEqual([]);
});

test('this test can fail', () => {
  const bad = [`see ../${'shared'}/DESIGN.md`, `/${'root'}/x`, `${'registry'}.npm`, 'src/work/fine'];
  expect(leaks(new Map([['a.md', bad.join('\n')]]))).toEqual([
    `a.md:1: ${bad[0]}`,
    `a.md:2: ${bad[1]}`,
    `a.md:3: ${bad[2]}`,
  ]);
});
