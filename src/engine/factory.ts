/**
 * Flows that can be built again by who knows their id only: where a flow comes from is kept with it, as a module, an export of
 * it, and arguments in JSON.
 *
 * What is kept is data from outside: a module is imported only when it lies, links followed, in a folder that the caller allows.
 */
import { relative, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Compilation, compile } from '../compile/compilation.ts';
import { readOutline } from '../compile/outline.ts';
import { TaskloomError } from '../errors.ts';
import { checkUnit } from '../flow/recognise.ts';
import type { AnyUnit } from '../flow/unit.ts';
import { ANY, checkOptions, oneOf } from '../options.ts';
import type { Backend } from '../persistence/backend.ts';
import { flowNotFound } from '../persistence/ownership.ts';
import type { Factory, FlowDetail } from '../persistence/records.ts';
import { loadModule } from '../protocol/load-module.ts';
import { ranWhileLoading, runsFlow, whileLoading } from '../protocol/loading.ts';
import { Engine } from './engine.ts';
import {
  type FlowFactory,
  invalid,
  keptFactory,
  leaves,
  messageOf,
  pathOf,
  realPath,
} from './kept-factory.ts';
import type { AnyEngineOptions } from './options.ts';

/** What becomes of a flow whose atoms are not those that were kept. */
export type OnFlowChange = 'refuse' | 'adopt';

export interface ResumeOptions extends Omit<AnyEngineOptions, 'backend' | 'flowId' | 'factory'> {
  /** Path or file URL of the folder relative to which modules are kept. */
  readonly root: string | URL;
  /** Folders from which modules may be imported. Default: `root` alone. */
  readonly roots?: readonly (string | URL)[];
  /**
   * When the module now makes a flow of other atoms than those that were kept: `'refuse'` (the default) with FLOW_CHANGED, or
   * `'adopt'`: what is new runs, and what is gone is left alone.
   */
  readonly onFlowChange?: OnFlowChange;
}

/**
 * Keeps where a flow comes from, so that `resume` needs its id only. The flow must have been begun.
 *
 * @throws (rejects) TaskloomError FACTORY_INVALID for what cannot be kept; FLOW_NOT_FOUND; OPTION_INVALID
 */
export async function saveFactory(backend: Backend, flowId: string, factory: FlowFactory): Promise<void> {
  await backend.saveFactory(flowId, keptFactory(factory, 'saveFactory()'));
}

/**
 * Makes the engine of a flow that was kept with its factory. It is the caller's to run and to close.
 *
 * @throws (rejects) TaskloomError FLOW_NOT_FOUND; FACTORY_INVALID when none was kept, or it makes no flow; MODULE_NOT_ALLOWED;
 * FLOW_CHANGED; OPTION_INVALID
 */
export async function loadEngine(backend: Backend, flowId: string, options: ResumeOptions): Promise<Engine> {
  const { root, roots = [root], onFlowChange = 'refuse', ...settings } = options;
  checkOptions(
    { root, roots, onFlowChange },
    { root: ANY, roots: { fits: Array.isArray, words: 'a list' }, onFlowChange: oneOf('refuse', 'adopt') },
    'resume()',
  );
  const detail = await backend.flow(flowId);
  if (detail === null) throw flowNotFound(flowId);
  if (detail.factory === null) {
    const message = `The flow '${flowId}' was kept without its factory: run it with the same flow and flowId, or call saveFactory().`;
    throw invalid(message, { flowId });
  }
  const flow = compile(await flowFrom(detail.factory, pathOf(root, 'root'), roots));
  if (onFlowChange === 'refuse') checkFit(detail, flow);
  return new Engine(flow, { ...settings, backend, flowId }, 'resume()');
}

/**
 * Goes on with a flow that was kept with its factory, to its end, knowing only its id.
 *
 * @returns every provided symbol
 * @throws (rejects) as `loadEngine` and `run`
 */
export async function resume(
  backend: Backend,
  flowId: string,
  options: ResumeOptions,
): Promise<Record<string, unknown>> {
  const engine = await loadEngine(backend, flowId, options);
  try {
    return (await engine.run()) as Record<string, unknown>;
  } finally {
    await engine.close();
  }
}

async function flowFrom(
  { module, export: name, args }: Factory,
  root: string,
  roots: readonly (string | URL)[],
): Promise<AnyUnit> {
  const details = { module, export: name };
  const path = realPath(resolvePath(root, module), 'module');
  const isAllowed = roots.some((each) => !leaves(relative(realPath(pathOf(each, 'roots'), 'root'), path)));
  if (!isAllowed || !FLOW_MODULE.test(path)) {
    const message = `The flow's module '${module}' is not in a folder from which modules may be imported, or is no .ts or .js file.`;
    throw new TaskloomError('MODULE_NOT_ALLOWED', message, { details });
  }
  const url = pathToFileURL(path).href;
  const exports = await whileLoading(url, () => loadModule(url));
  if (ranWhileLoading(url)) throw runsFlow(url);
  const value = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (value === undefined) throw invalid(`The flow's module '${module}' has no export '${name}'.`, details);
  const place = `The export '${name}' of '${module}'`;
  const made = typeof value === 'function' ? await called(value, args, place, details) : await value;
  try {
    checkUnit(made, place);
  } catch (thrown) {
    throw invalid(`${place} makes no flow: ${messageOf(thrown)}`, details, thrown);
  }
  return made;
}

async function called(value: object, args: string, place: string, details: object): Promise<unknown> {
  try {
    return await (value as (...args: unknown[]) => unknown)(...(JSON.parse(args) as unknown[]));
  } catch (thrown) {
    throw invalid(`${place} could not make the flow: ${messageOf(thrown)}`, details, thrown);
  }
}

/** @throws TaskloomError FLOW_CHANGED */
function checkFit({ flowId, outline }: FlowDetail, flow: Compilation): void {
  const kept = atomsIn(outline);
  const now = new Map([...flow.atoms].map(([name, node]) => [name, node.kind]));
  const added = [...now.keys()].filter((name) => !kept.has(name));
  const removed = [...kept.keys()].filter((name) => !now.has(name));
  const changed = [...now].filter(([name, kind]) => kept.has(name) && kept.get(name) !== kind);
  if (added.length + removed.length + changed.length === 0) return;
  const parts = [
    added.length > 0 ? `it has ${listed(added)} now` : '',
    removed.length > 0 ? `${listedAs(removed)} gone` : '',
    changed.length > 0 ? `${listedAs(changed.map(([name]) => name))} of another kind` : '',
  ];
  throw new TaskloomError(
    'FLOW_CHANGED',
    `The flow '${flowId}' is not the one that was kept: ${parts.filter((part) => part !== '').join('; ')}. Go on with onFlowChange: 'adopt', or under another flowId.`,
    { details: { flowId, added, removed, changed: changed.map(([name]) => name) } },
  );
}

/** The kinds of the atoms that were kept, by name. */
function atomsIn(outline: string): ReadonlyMap<string, string> {
  const atoms = readOutline(outline).filter(([, kind]) => ATOMS.has(kind));
  return new Map(atoms.map(([, kind, name]) => [name, kind]));
}

const ATOMS: ReadonlySet<string> = new Set(['task', 'retry', 'map']);
const FLOW_MODULE = /\.[cm]?[jt]s$/;
/** A message that names more than this many is not read. */
const NAMED = 5;

/** As the beginning of a sentence about them. */
function listedAs(names: readonly string[]): string {
  return `${listed(names)} ${names.length === 1 ? 'is' : 'are'}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map((name) => `'${name}'`);
  return `${shown.join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;
}
