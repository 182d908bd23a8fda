/** Imports a flow file and takes the flow out of it; every way in which that can fail is one sentence. */
import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';
import { checkUnit, UNIT } from '../flow/recognise.ts';
import type { AnyUnit } from '../flow/unit.ts';
import { hint } from '../hint.ts';
import { loadModule, type ModuleExports } from '../protocol/load-module.ts';
import { ranWhileLoading, whileLoading } from '../protocol/loading.ts';
import { nameList, oneLine } from './text.ts';
import { titleLine } from './user-error.ts';

const FLOW_FILE = /\.[cm]?[jt]s$/;

export interface LoadedFlow {
  readonly flow: AnyUnit;
  readonly path: string;
  /** The name of the export. */
  readonly export: string;
}

/**
 * The flow, or single task, that the file exports by default, under `exportName`, or as the only one.
 *
 * @throws TaskloomError FLOW_FILE_INVALID, MODULE_RUNS_FLOW, TYPESCRIPT_UNAVAILABLE, TASKLOOM_TWICE, and the errors of
 * ours that the file's code met
 */
export async function loadFlow(file: string, exportName: string | undefined): Promise<LoadedFlow> {
  const path = resolve(file);
  checkFile(file, path);
  const exports = await importFlowFile(file, pathToFileURL(path).href);
  const name = exportName ?? chooseExport(file, exports);
  if (!Object.hasOwn(exports, name)) throw noSuchExport(file, name, exports);
  return { flow: await toUnit(file, name, exports), path, export: name };
}

/** The sentence for a flow file that starts a run itself. */
export function runsFlow(file: string): TaskloomError {
  return new TaskloomError(
    'MODULE_RUNS_FLOW',
    `The flow file ${show(file)} calls run() when it is imported, which is what taskloom run is for. Export the flow only (export default flow), or start the file with node.`,
  );
}

function checkFile(file: string, path: string): void {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw invalid(`There is no file ${show(file)}.${nearFile(path)}`);
    throw invalid(`The flow file ${show(file)} cannot be read: ${titleLine(error)}`, error);
  }
  if (stats.isDirectory()) {
    const files = flowFilesIn(path);
    const way =
      files.length > 0
        ? `: ${nameList(
            files.map((each) => join(file, each)),
            5,
          )}`
        : '.';
    throw invalid(`${show(file)} is a folder. Name the file in it that exports the flow${way}`);
  }
  if (!FLOW_FILE.test(path)) {
    throw invalid(
      `${show(file)} is no flow file: a .ts, .mts, .js or .mjs file is wanted, not '${extname(path)}'.`,
    );
  }
}

async function importFlowFile(file: string, url: string): Promise<ModuleExports> {
  let exports: ModuleExports;
  try {
    exports = await whileLoading(url, () => loadModule(url));
  } catch (error) {
    if (ranWhileLoading(url)) throw runsFlow(file);
    if (!(error instanceof TaskloomError) || error.code !== 'MODULE_LOAD_FAILED') throw error;
    const reason = error.message.replace(/^The task module .* could not be imported: /, '');
    throw invalid(
      `The flow file ${show(file)} cannot be imported: ${reason}${installHint(reason)}`,
      error.cause,
    );
  }
  if (ranWhileLoading(url)) throw runsFlow(file);
  return exports;
}

/** `default`; else the only flow, else the only task, that is exported. */
function chooseExport(file: string, exports: ModuleExports): string {
  if (Object.hasOwn(exports, 'default')) return 'default';
  const units = unitsOf(exports);
  const flows = units.filter((name) => Reflect.get(Object(exports[name]), 'kind') === 'flow');
  const [only, ...others] = flows.length > 0 ? flows : units;
  if (only === undefined) throw invalid(`The flow file ${show(file)} exports no flow${whatInstead(exports)}`);
  if (others.length === 0) return only;
  const names = nameList([only, ...others]);
  throw invalid(
    `The flow file ${show(file)} has no default export, but several ${flows.length > 0 ? 'flows' : 'tasks'}: ${names}. Take one with --export ${oneLine(only)}`,
  );
}

/** A function is called for the flow; a promise is awaited. */
async function toUnit(file: string, name: string, exports: ModuleExports): Promise<AnyUnit> {
  const exported = name === 'default' ? 'The default export' : `The export '${oneLine(name)}'`;
  const place = `${exported} of ${show(file)}`;
  let value: unknown = exports[name];
  let returned = '';
  try {
    if (typeof value === 'function') {
      returned = ' returned something else';
      value = (value as () => unknown)();
    }
    value = await value;
  } catch (error) {
    if (error instanceof TaskloomError) throw error;
    throw invalid(`${place} could not make a flow: ${titleLine(error)}`, error);
  }
  try {
    checkUnit(value, `${place}${returned}`);
  } catch (error) {
    if (!(error instanceof TaskloomError) || error.code !== 'UNIT_INVALID') throw error;
    const others = unitsOf(exports).filter((each) => each !== name);
    const way = others.length > 0 ? ` It also exports ${nameList(others)}: take one with --export.` : '';
    throw invalid(`${error.message}${way}`);
  }
  return value;
}

function noSuchExport(file: string, name: string, exports: ModuleExports): TaskloomError {
  const units = unitsOf(exports);
  const known = units.length > 0 ? ` Its flows and tasks: ${nameList(units)}.` : whatInstead(exports);
  const sentence = `The flow file ${show(file)} has no export '${oneLine(name)}'`;
  return invalid(`${sentence}${units.length > 0 ? '.' : ''}${hint(name, units)}${known}`);
}

/** Names of the exports that are tasks or flows, of whatever copy of taskloom. */
function unitsOf(exports: ModuleExports): string[] {
  return Object.keys(exports).filter((name) => {
    const value = exports[name];
    return typeof value === 'object' && value !== null && UNIT in value;
  });
}

function whatInstead(exports: ModuleExports): string {
  const names = Object.keys(exports).filter((name) => name !== 'module.exports');
  if (names.length === 0) return ': it exports nothing. Add: export default flow';
  const functions = names.filter((name) => typeof exports[name] === 'function');
  const [first] = functions;
  const way =
    first === undefined
      ? 'Add: export default flow'
      : `If ${oneLine(first)}() returns it: --export ${oneLine(first)}`;
  return `, but: ${nameList(names)}. ${way}`;
}

function nearFile(path: string): string {
  const near = hint(basename(path), flowFilesIn(dirname(path)));
  return oneLine(near);
}

function flowFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => FLOW_FILE.test(name));
  } catch {
    return [];
  }
}

function installHint(reason: string): string {
  const missing = /Cannot find package '([^']+)'/.exec(reason)?.[1];
  return missing === undefined ? '' : `. Install it where the flow file is: npm install ${missing}`;
}

function show(file: string): string {
  return inspect(oneLine(file)).replaceAll('\\\\', '\\');
}

function invalid(message: string, cause?: unknown): TaskloomError {
  return new TaskloomError('FLOW_FILE_INVALID', message, cause === undefined ? {} : { cause });
}
