/** What the compiler says about a flow that is wrong names the symbol; and flows of 300 tasks compile in seconds. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
const folder = mkdtempSync(join(tmpdir(), 'taskloom-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const slashed = (path: string): string => path.replaceAll('\\', '/');

/** Type-checks a file that uses the package; returns what the compiler says. */
function compile(name: string, source: string): string {
  const config = {
    compilerOptions: {
      target: 'ES2022',
      lib: ['ES2023', 'ESNext.Disposable'],
      module: 'NodeNext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      noErrorTruncation: true,
      types: ['node'],
      typeRoots: [slashed(join(ROOT, 'node_modules', '@types'))],
      paths: { taskloom: [slashed(join(ROOT, 'dist', 'src', 'index.d.ts'))] },
    },
    files: [`./${name}.mts`],
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
  writeFileSync(join(folder, `${name}.mts`), source);
  try {
    execFileSync(process.execPath, [TSC, '-p', join(folder, `${name}.json`), '--pretty', 'false'], {
      stdio: 'pipe',
    });
    return '';
  } catch (thrown) {
    return String((thrown as { stdout: unknown }).stdout);
  }
}

const TASKS = `
import { graph, linear, map, task, type GivesOf, type NeedsOf } from 'taskloom';
declare function run<F>(flow: F, options: { store: NeedsOf<F> }): Promise<GivesOf<F>>;
const measure = task('measure', { requires: ['path'], provides: 'size', execute: ({ path }: { path: string }) => path.length });
const words = task('words', { provides: 'list', execute: () => [1, 2] });
const print = task('print', { requires: ['size'], execute: ({ size }: { size: string }) => { console.log(size); } });
`;

test('a flow that is right compiles', () => {
  expect(compile('right', `${TASKS} await run(linear('f').add(measure), { store: { path: 'a' } });`)).toBe(
    '',
  );
});

test.each([
  ['missing', `await run(linear('f').add(measure), { store: {} });`, "Property 'path' is missing"],
  [
    'mistyped',
    `await run(linear('f').add(measure), { store: { path: 5 } });`,
    "Type 'number' is not assignable to type 'string'",
  ],
  [
    'linear-clash',
    `linear('f').add(measure, print);`,
    `"The symbol 'size' is given with a type that is not taken": { readonly given: number; readonly taken: string; }`,
  ],
  ['linear-clash-later', `linear('f').add(measure).add(print);`, "The symbol 'size' is given"],
  ['array-clash', `linear('f').add(measure, [print]);`, "The symbol 'size' is given"],
  ['graph-clash', `graph('f').add(print, measure);`, "The symbol 'size' is given"],
  ['graph-clash-later', `graph('f').add(print).add(measure);`, "The symbol 'size' is given"],
  [
    'unlisted',
    `task('t', { requires: ['a'], execute: (args: { a: number; b: number }) => args });`,
    "execute takes 'b', which requires does not list",
  ],
  [
    'not-taken',
    `task('t', { requires: ['a', 'b'], execute: (args: { a: number }) => args });`,
    "requires lists 'b', which execute does not take",
  ],
  [
    'optional',
    `task('t', { requires: ['a'], optional: ['b'], execute: (args: { a: number; b: number }) => args });`,
    "the type of 'b' must allow undefined, for it is optional",
  ],
  [
    'rebind',
    `task('t', { requires: ['a'], rebind: { a: 'x', z: 'y' }, execute: (args: { a: number }) => args });`,
    "rebind names 'z', which is no argument",
  ],
  [
    'provides',
    `task('t', { provides: { size: 'bytes' }, execute: () => ({ length: 1 }) });`,
    "provides takes 'bytes', which the result does not have",
  ],
  [
    'map-as',
    `map('m', { over: 'list', as: 'size', task: measure });`,
    "as says 'size', a symbol that the task does not take",
  ],
  [
    'map-index',
    `map('m', { over: 'list', as: 'path', indexAs: 'at', task: measure });`,
    "indexAs says 'at', a symbol that the task does not take",
  ],
  [
    'map-position',
    `map('m', { over: 'list', as: 'z', indexAs: 'path', task: measure });`,
    "the position is a number, and the task takes 'path' as something else",
  ],
  [
    'map-items',
    `map('m', { over: { items: () => [1] }, as: 'path', task: measure });`,
    `"the items are not what the task takes as 'path'": { readonly given: number; readonly taken: string; }`,
  ],
  [
    'map-items-unlisted',
    `map('m', { over: { items: ({ x }: { x: string }) => [x] }, as: 'path', task: measure });`,
    "items takes 'x', which over.requires does not list",
  ],
  [
    'map-items-not-taken',
    `map('m', { over: { requires: ['x', 'y'], items: ({ x }: { x: string }) => [x] }, as: 'path', task: measure });`,
    "over.requires lists 'y', which items does not take",
  ],
  [
    'map-flow',
    `map('m', { over: 'list', as: 'path', task: linear('f').add(measure) });`,
    "the option 'task' of a map takes a task, and this is none",
  ],
  [
    'map-provides',
    `map('m', { over: 'list', as: 'path', task: measure, provides: { many: 'size' } });`,
    "provides takes 'size', which the result does not have",
  ],
  [
    'map-store',
    `await run(map('m', { over: 'list', as: 'path', task: measure }), { store: { list: [1] } });`,
    "Type 'number[]' is not assignable to type 'Items<string>'",
  ],
  [
    'map-before',
    `linear('f').add(words, map('m', { over: 'list', as: 'path', task: measure }));`,
    `"The symbol 'list' is given with a type that is not taken": { readonly given: [number, number]; readonly taken: Items<string>; }`,
  ],
  [
    'map-after',
    `linear('f').add(map('m', { over: 'list', as: 'path', task: measure, provides: 'size' }), print);`,
    `"The symbol 'size' is given with a type that is not taken": { readonly given: number[]; readonly taken: string; }`,
  ],
  [
    'map-add',
    `map('m', { over: 'list', as: 'path', task: measure, reduce: { initial: 0, add: (so, size: string) => so } });`,
    "Type 'number' is not assignable to type 'string'",
  ],
  ['as', `measure.as('x', { inject: { path: 5 } });`, "Type 'number' is not assignable to type 'string'"],
])('%s: the message names it', (name, line, message) => {
  expect(compile(name, `${TASKS}${line}\n`)).toContain(message);
});

function chain(pattern: string, length: number, addition: (names: string[]) => string): string {
  const names = Array.from({ length }, (_, at) => `t${at}`);
  const lines = names.map(
    (name, at) =>
      `const ${name} = task('${name}', { requires: ['x${at}'], provides: 'x${at + 1}', execute: ({ x${at} }: { x${at}: number }) => x${at} + 1 });`,
  );
  return [
    `import { ${pattern}, task, type GivesOf, type NeedsOf } from 'taskloom';`,
    ...lines,
    `const flow = ${pattern}('f')${addition(names)};`,
    `const needs: NeedsOf<typeof flow> = { x0: 1 };`,
    `const last: GivesOf<typeof flow>['x${length}'] = 5;`,
    `// @ts-expect-error x0 is a number`,
    `const wrong: NeedsOf<typeof flow> = { x0: 'text' };`,
    'console.log(needs, last, wrong);',
  ].join('\n');
}

test.each([
  ['linear', 300, 'add(…)', (names: string[]) => `.add(${names.join(', ')})`],
  ['linear', 300, 'add([…])', (names: string[]) => `.add([${names.join(', ')}])`],
  // Each call makes a type of its own, so that this costs the square.
  ['linear', 150, 'add() for each', (names: string[]) => names.map((name) => `.add(${name})`).join('')],
  ['graph', 300, 'add(…)', (names: string[]) => `.add(${names.join(', ')})`],
  ['graph', 300, 'add(…), reversed', (names: string[]) => `.add(${names.reverse().join(', ')})`],
] as const)(
  '%s: %i dependent tasks, %s, compile in seconds',
  { timeout: 120_000 },
  (pattern, length, how, addition) => {
    const source = chain(pattern, length, addition);
    const start = performance.now();
    expect(compile(`${pattern}-chain`, source)).toBe('');
    const seconds = (performance.now() - start) / 1000;
    console.log(`${pattern}, ${length} tasks, ${how}: ${seconds.toFixed(1)} s`);
    // About 1 to 3 s on a machine that does nothing else.
    expect(seconds).toBeLessThan(60);
  },
);
