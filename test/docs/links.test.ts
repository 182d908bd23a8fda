/** Every relative link of a page leads to a file, and every anchor to a heading in it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { readPage } from './pages.ts';

const ROOT = new URL('../../', import.meta.url);

/** Every Markdown page that is written for readers. */
const pages = [
  ...['.', 'docs', 'examples', 'bench'].flatMap((folder) =>
    (existsSync(new URL(folder, ROOT)) ? readdirSync(new URL(folder, ROOT)) : [])
      .filter((name) => name.endsWith('.md'))
      .map((name) => posix.join(folder, name)),
  ),
];

function brokenLinks(page: string, text: string): string[] {
  return linksIn(text).filter((link) => !leadsSomewhere(page, text, link));
}

function linksIn(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(page: string, text: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  const url = new URL(target, ROOT);
  if (!existsSync(url)) return false;
  if (path.endsWith('/') !== statSync(url).isDirectory()) return false;
  if (anchor === undefined) return true;
  return anchorsIn(path === '' ? text : readPage(target)).has(anchor);
}

/** As GitHub makes them: small letters, no punctuation, spaces as hyphens. */
function anchorsIn(text: string): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  expect(brokenLinks(page, readPage(page))).toEqual([]);
});

test('this test can fail', () => {
  const text =
    '# A b, c!\n[a](#a-b-c) [b](#b) [c](docs/none.md) [d](README.md#none) [e](docs) [f](package.json)';
  expect(brokenLinks('README.md', text)).toEqual(['#b', 'docs/none.md', 'README.md#none', 'docs']);
});
