/**
 * Imports task modules, once per thread whatever comes of it: a module that takes 5 s to fail is not tried again for
 * each of its 10,000 tasks.
 */
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { worksOf } from '../flow/registry.ts';
import type { Work } from '../flow/unit.ts';
import { hint } from '../hint.ts';
import { pathOf, ranWhileLoading, runsFlow, whileLoading } from './loading.ts';
import { show } from './task-context.ts';
import { isTypeScript, prepareTypeScript, typeScriptHint } from './typescript.ts';

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/** The first line that Node shows of a syntax error: a file and a line. */
const PLACE = /^(\S.*:\d+)\r?\n/;

const loads = new Map<string, Promise<ModuleExports>>();
/** What was found, by module and name, so that the next run of a task waits for nothing. */
const known = new Map<string, Map<string, Work>>();

/**
 * Imports a module by its URL; a TypeScript one as well.
 *
 * @throws TaskloomError MODULE_LOAD_FAILED with the module's own error as its cause, TYPESCRIPT_UNAVAILABLE; an error
 * of ours that the module's code met, as TASK_DUPLICATE, as it is
 */
export function loadModule(url: string): Promise<ModuleExports> {
  let load = loads.get(url);
  if (load === undefined) {
    load = importModule(url);
    // Whoever awaits it hears of the error; nobody may be left to.
    load.catch(() => {});
    loads.set(url, load);
  }
  return load;
}

/**
 * In a worker: imports the module and finds the task in it.
 *
 * @throws TaskloomError as loadModule, and MODULE_RUNS_FLOW, TASK_NOT_FOUND
 */
export async function findWork(module: string, name: string): Promise<Work> {
  if (loads.has(module)) await loadModule(module);
  else await whileLoading(module, () => loadModule(module));
  if (ranWhileLoading(module)) throw runsFlow(module);
  let works = worksOf(module);
  if (works.size === 0) works = worksOf(realUrl(module));
  const work = works.get(name);
  if (work !== undefined) {
    known.set(module, (known.get(module) ?? new Map()).set(name, work));
    return work;
  }
  throw taskNotFound(module, name, [...works.keys()]);
}

/** A task that `findWork` found before; null for another. */
export function knownWork(module: string, name: string): Work | null {
  return known.get(module)?.get(name) ?? null;
}

/** True when the module was imported in this thread, with or without success. */
export function isLoaded(module: string): boolean {
  return loads.has(module);
}

async function importModule(url: string): Promise<ModuleExports> {
  try {
    if (isTypeScript(url)) await prepareTypeScript(url);
    return plain((await import(url)) as ModuleExports);
  } catch (error) {
    if (error instanceof TaskloomError) throw error;
    throw loadFailed(url, error, await placeOf(url, error));
  }
}

/** A TypeScript file outside of a package of type module comes as CommonJS: its exports stand under `default`. */
function plain(exports: ModuleExports): ModuleExports {
  const { default: inner } = exports;
  return typeof inner === 'object' && inner !== null && '__esModule' in inner
    ? (inner as ModuleExports)
    : exports;
}

/** Where a syntax error is: Node knows it, and tells whoever starts it only, not who imports. */
async function placeOf(url: string, error: unknown): Promise<string> {
  if (!(error instanceof SyntaxError)) return '';
  const told = PLACE.exec(String(error.stack))?.[1];
  if (told !== undefined) return ` (${told})`;
  try {
    await promisify(execFile)(process.execPath, ['--check', fileURLToPath(url)]);
    return '';
  } catch (refusal) {
    const place = PLACE.exec(String(Object(refusal).stderr))?.[1];
    return place === undefined ? '' : ` (${place})`;
  }
}

function loadFailed(url: string, cause: unknown, place: string): TaskloomError {
  const path = pathOf(url);
  const missing = url.startsWith('file:') && !existsSync(new URL(url));
  const reason = missing ? 'there is no such file.' : reasonOf(cause);
  return new TaskloomError(
    'MODULE_LOAD_FAILED',
    `The task module ${path} could not be imported: ${reason}${place}${typeScriptHint(cause)}`,
    { cause, details: { module: url } },
  );
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return `it threw ${show(cause)}.`;
  return `${cause.name}: ${cause.message}`;
}

function taskNotFound(module: string, task: string, known: readonly string[]): TaskloomError {
  const path = pathOf(module);
  const details = { module, task, known };
  const message =
    known.length > 0
      ? `The task module ${path} defines no task '${task}' when it is imported.${hint(task, known)} It defines: ${known.join(', ')}. Define tasks at the top level of the module, not inside a function.`
      : `The task module ${path} was imported, but defined no task with taskModule(import.meta.url). Define tasks at the top level of the module, not inside a function; if they are, two copies of taskloom may be installed (npm ls taskloom).`;
  return new TaskloomError('TASK_NOT_FOUND', message, { details });
}

/** The same file without links in its path: what the module itself sees as import.meta.url. */
function realUrl(url: string): string {
  try {
    return pathToFileURL(realpathSync(fileURLToPath(url))).href;
  } catch {
    return url;
  }
}
