/** A user's project in a temporary folder, with this package and its tools linked where npm would install them. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, runNode } from '../examples/run-node.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TOOLS = ['tsx', 'vitest', 'zod', '@types/node'];
const TYPES_CHECK = ['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
const TYPES_TARGET = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];

/** Makes the folder with these files in it; returns its path. */
export async function makeProject(files: ReadonlyMap<string, string>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'taskloom-docs-')));
  await link(ROOT, join(folder, 'node_modules', 'taskloom'));
  for (const tool of TOOLS) await link(join(ROOT, 'node_modules', tool), join(folder, 'node_modules', tool));
  await writeFile(join(folder, 'package.json'), '{ "name": "first", "private": true, "type": "module" }\n');
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return folder;
}

export async function removeProject(folder: string): Promise<void> {
  if (folder !== '') await rm(folder, { recursive: true, maxRetries: 5 });
}

/** Runs a command of a page in the project: node, npx tsx, npx vitest, npx taskloom. */
export function runCommand(line: string, folder: string): Promise<Ended> {
  const [words, program] = startOf(line);
  return runNode([...program, ...words], folder);
}

/** Checks the types of all TypeScript files of the project. */
export function checkTypes(files: readonly string[], folder: string): Promise<Ended> {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return runNode([tsc, ...TYPES_CHECK, ...TYPES_TARGET, '--types', 'node', ...files], folder);
}

function startOf(line: string): [words: string[], program: string[]] {
  const [first, ...rest] = line.split(' ');
  if (first === 'node') return [rest, []];
  const [tool, ...words] = rest;
  if (first === 'npx' && tool === 'tsx') return [words, ['--import', 'tsx']];
  if (first === 'npx' && tool === 'vitest') return [words, [join('node_modules', 'vitest', 'vitest.mjs')]];
  if (first === 'npx' && tool === 'taskloom')
    return [words, [join('node_modules', 'taskloom', 'dist', 'src', 'cli', 'main.js')]];
  throw new Error(`The test does not know how to run: ${line}`);
}

/** A junction where Windows needs one; elsewhere a link. */
async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, 'junction');
}
