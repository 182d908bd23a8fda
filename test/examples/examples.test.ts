/** Every example runs as its README says, prints what its expected.out.txt holds, and ends by itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runNode, sameLines } from './run-node.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = new URL('../../examples/', import.meta.url);
/** The small ones; examples/archive is a program of its own with tests of its own. */
const names = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && /^\d\d-/.test(entry.name))
  .map((entry) => entry.name)
  .sort();

function mainOf(name: string): string {
  const main = ['main.ts', 'main.js'].find((file) => existsSync(new URL(`${name}/${file}`, EXAMPLES)));
  if (main === undefined) throw new Error(`examples/${name} has no main.ts or main.js`);
  return `examples/${name}/${main}`;
}

function textOf(path: string): string {
  return sameLines(readFileSync(new URL(path, EXAMPLES), 'utf8'));
}

test('there are examples, and the table of their README lists each of them', () => {
  expect(names.length).toBeGreaterThanOrEqual(9);
  const listed = [...textOf('README.md').matchAll(/^\| \[(\d\d-[\w-]+)\]\(\1\/\) *\|/gm)].map(
    ([, name]) => name,
  );
  expect(listed).toEqual(names);
});

describe.each(names)('%s', (name) => {
  const main = mainOf(name);

  test('prints what it should and ends by itself', async () => {
    const loader = main.endsWith('.ts') ? ['--import', 'tsx'] : [];
    const ended = await runNode([...loader, main], ROOT);
    expect(ended).toEqual({ stdout: textOf(`${name}/expected.out.txt`), stderr: '', code: 0 });
  }, 90_000);

  test('opens with a drawing', () => {
    const [head = ''] = textOf(`../${main}`).split(/^import /m);
    expect(head).toMatch(/─▶|◀─/);
  });
});
