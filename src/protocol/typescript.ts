/**
 * Lets this thread import TypeScript: by tsx where it is installed, so that the same files work on every Node, else by
 * Node's own stripping of types (22.18 and later).
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';

const TYPESCRIPT = /\.[cm]?tsx?$/;
/** tsx's programming interfaces: `require()` and `import` each have their own. */
const INTERFACES = ['./cjs/api', './esm/api'];

let registered: Promise<void> | null = null;

export function isTypeScript(url: string): boolean {
  return url.startsWith('file:') && TYPESCRIPT.test(new URL(url).pathname);
}

/**
 * Call before importing a TypeScript file; does its work once per thread.
 *
 * @throws TaskloomError TYPESCRIPT_UNAVAILABLE
 */
export async function prepareTypeScript(url: string): Promise<void> {
  if (isTsxActive()) return;
  const tsx = findTsx(url);
  if (tsx === null) {
    if (stripsTypes() && !new URL(url).pathname.endsWith('x')) return;
    throw unavailable(url);
  }
  registered ??= registerTsx(tsx);
  await registered;
}

/** The sentence to add when an import failed for a reason that tsx would have cured; else the empty string. */
export function typeScriptHint(error: unknown): string {
  const code = codeOf(error);
  const { url } = Object(error) as { url?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return ' Run Node with --import tsx to import TypeScript from JavaScript.';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return ' Install tsx (npm i -D tsx), which runs all of TypeScript.';
  if (code !== 'ERR_MODULE_NOT_FOUND' || typeof url !== 'string' || !/^file:.*js$/.test(url)) return '';
  if (!existsSync(fileURLToPath(url.replace(/js$/, 'ts')))) return '';
  return ' There is a .ts file of that name: import that, or install tsx (npm i -D tsx), which finds it.';
}

/** Node 20 hands a tsx among its options to the main thread alone, and registering it twice does no harm. */
function isTsxActive(): boolean {
  if (!isMainThread) return false;
  const { NODE_OPTIONS = '' } = process.env;
  return [...process.execArgv, NODE_OPTIONS].some((option) => /\btsx\b/.test(option));
}

function stripsTypes(): boolean {
  return Boolean((process.features as { typescript?: string | false }).typescript);
}

/** The folder of tsx as the file at `url` sees it, else as we do; null when it is not installed. */
function findTsx(url: string): string | null {
  for (const from of [url, import.meta.url]) {
    try {
      return dirname(createRequire(from).resolve('tsx/package.json'));
    } catch {
      // Not installed there.
    }
  }
  return null;
}

async function registerTsx(folder: string): Promise<void> {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, { import: { default: string } }>;
  };
  for (const name of INTERFACES) {
    // By the condition `import`: what `require` resolves to looks for its loader in the wrong folder (tsx 4.23).
    const file = exports[name]?.import.default ?? '';
    const api = (await import(pathToFileURL(join(folder, file)).href)) as { register(): unknown };
    api.register();
  }
  process.setSourceMapsEnabled(true);
}

function unavailable(url: string): TaskloomError {
  return new TaskloomError(
    'TYPESCRIPT_UNAVAILABLE',
    `${fileURLToPath(url)} is TypeScript, which Node ${process.versions.node} does not run by itself: install tsx (npm i -D tsx), or use Node 22.18 or later.`,
    { details: { module: url } },
  );
}
