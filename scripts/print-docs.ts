// Writes the pages of docs/ that are printed from tables of the source. A test compares them with what is committed.
import { writeFileSync } from 'node:fs';
import { PAGES } from './docs/pages.ts';

for (const [path, print] of PAGES) {
  writeFileSync(new URL(`../${path}`, import.meta.url), print());
  console.log(`wrote ${path}`);
}
