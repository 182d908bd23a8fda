/** Wrong use: one sentence with a way out, exit code 2, and no stack of ours. */
import { expect, test } from 'vitest';
import { taskloom } from './taskloom.ts';

const WRONG: readonly (readonly [args: string, sentence: RegExp])[] = [
  ['', /^Usage: taskloom/],
  ['rnu', /unknown command 'rnu'\n\(Did you mean run\?\)/],
  ['done.mjs', /To run it: taskloom run done\.mjs/],
  ['run', /missing required argument 'flow'/],
  ['run done.mjs --stroe n=1', /unknown option '--stroe'\n\(Did you mean --store\?\)/],
  ['run done.mjs --store n=1 m=2', /Repeat --store for each value/],
  ['run done.mjs --store n', /--store wants key=value, not 'n'.*\[USAGE\]/],
  ['run done.mjs --store =1', /--store wants key=value/],
  ['run done.mjs --store-file nope.json', /'nope\.json' cannot be read: there is no such file/],
  ['run done.mjs --store-file .', /'\.' cannot be read: it is a folder/],
  ['run done.mjs --store-file tasks.mjs', /'tasks\.mjs' is not JSON: Unexpected token '\/'/],
  ['run done.mjs --threads 0', /'0' is invalid\. It must be a whole number, at least 1/],
  ['run done.mjs --threads 1.5', /whole number/],
  ['run done.mjs --executor thread', /'thread' is invalid\. .*Did you mean 'threads'\?/],
  ['run done.mjs --executor serial --threads 2', /--threads needs --executor threads.*\[USAGE\]/],
  ['run done.mjs', /task 'double' requires 'n'.* --store n=VALUE \[MISSING_DEPENDENCIES\]/],
  ['run done.mjs --store m=1', /requires 'n'.*The store has 'm'\./],
  ['run dnoe.mjs', /There is no file 'dnoe\.mjs'\. Did you mean 'done\.mjs'\? \[FLOW_FILE_INVALID\]/],
  ['run .', /'\.' is a folder\. Name the file in it/],
  ['run ../../../package.json', /is no flow file: .* not '\.json'/],
  ['run no-flow.mjs', /exports no flow, but: build, number\. If build\(\) returns it: --export build/],
  ['run many.mjs', /has no default export, but several flows: .* --export empty/],
  ['run many.mjs --export fialing', /has no export 'fialing'\. Did you mean 'failing'\?/],
  ['run many.mjs --export __proto__', /has no export '__proto__'/],
  ['run many.mjs --export number', /a task or a flow is wanted, not the number 42/],
  [
    'run many.mjs --export throwing',
    /could not make a flow: TypeError: no flow today.*\n +at throwing .*many\.mjs:\d+/,
  ],
  ['run wrong-default.mjs', /default export of 'wrong-default\.mjs': .*wrap it: task\(name, definition\)/],
  ['run contains-itself.mjs', /\[FLOW_CONTAINS_ITSELF\]\n +at .*contains-itself\.mjs:5/],
  [
    'run throws.mjs',
    /Error: config is missing \[FLOW_FILE_INVALID\]\n +at deep .*throws\.mjs:2:9\)\n +at .*:4:1\n$/,
  ],
  ['run throws-later.mjs', /threw when it was imported: Error: later .*\n +at .*throws-later\.mjs:2/],
  ['run missing-package.mjs', /Cannot find package .* npm install no-such-package-at-all/],
  ['run never.mjs', /waits for something that never happens when it is imported/],
  ['run exits.mjs', /called process\.exit\(\) when it is imported/],
  ['run runs.mjs', /calls run\(\) when it is imported.*\[MODULE_RUNS_FLOW\]/],
  ['run runs-loose.mjs', /calls run\(\) when it is imported/],
];

test.each(WRONG)('taskloom %s', async (args, sentence) => {
  const { code, out, err } = await taskloom(args === '' ? [] : args.split(' '));
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/dist[\\/]|node:internal|bug of taskloom/);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test('a syntax error', async () => {
  const { mkdtemp, writeFile } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const file = join(await mkdtemp(join(tmpdir(), 'taskloom-')), 'bad.mjs');
  await writeFile(file, 'export default = ;\n');
  const { code, err } = await taskloom(['run', file]);
  expect(err).toMatch(/cannot be imported: SyntaxError: Unexpected token '='/);
  expect(code).toBe(2);
});

/** Writes the URL of each module that is loaded to stderr. */
const HOOK = `import { writeSync } from 'node:fs';
export function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); }`;
const REGISTERS = `import { register } from 'node:module'; register(${JSON.stringify(urlOf(HOOK))});`;
const TELLS_LOADED = urlOf(REGISTERS);

function urlOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

test('help and version', async () => {
  const help = await taskloom(['--help'], { NODE_OPTIONS: `--import=${TELLS_LOADED}` });
  expect(help.code).toBe(0);
  expect(help.out).toContain('taskloom run flow.ts');
  for (const group of ['Run flows:', 'Go on with kept runs:', 'Look at kept runs:', 'Clean up:'])
    expect(help.out).toContain(`\n${group}\n`);
  expect(help.err).toContain('/cli/main.js');
  expect(help.err).not.toMatch(/\/(engine|persistence|flow|executor)\/|sqlite/);
  const run = await taskloom(['run', '--help']);
  expect(run.out).toContain('Exit codes:');
  expect((await taskloom(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
