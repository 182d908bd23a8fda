/** `taskloom run`: options ─▶ store ─▶ flow file ─▶ engine, which keeps the run in a database if one is named. */
import { resolve } from 'node:path';
import { Engine } from '../engine/engine.ts';
import { type FlowFactory, keptFactory } from '../engine/kept-factory.ts';
import type { AnyEngineOptions } from '../engine/options.ts';
import { TaskloomError } from '../errors.ts';
import { newId } from '../ids.ts';
import { refuseHeld } from '../persistence/ownership.ts';
import { type Database, type DatabaseOptions, isNew, openDatabase } from './database.ts';
import { type LoadedFlow, loadFlow } from './flow-file.ts';
import type { Kept, Report } from './report.ts';
import {
  checkExecutor,
  engineOptions,
  type ExecutorOptions,
  type Job,
  jobOf,
  runJob,
  type Setting,
  threadsOf,
} from './run-to-end.ts';
import { readStore } from './store.ts';
import type { Surroundings } from './surroundings.ts';
import { oneLine } from './text.ts';
import { watchImport } from './watch-import.ts';
import { wayOn } from './way-on.ts';

/** The options as commander hands them over. */
export interface RunOptions extends ExecutorOptions, DatabaseOptions {
  readonly store?: readonly string[];
  readonly storeFile?: string;
  readonly export?: string;
  readonly id?: string;
  readonly root?: string;
  readonly json?: boolean;
}

/** Runs the flow that `file` exports; resolves to the exit code. */
export function runCommand(file: string, options: RunOptions, around: Surroundings): Promise<number> {
  return runJob(options.json, around, async (setting) => {
    const { report, guard, signal } = setting;
    checkExecutor(options);
    checkKeeping(options);
    const store = readStore(options.store ?? [], options.storeFile);
    report.waiting(`importing ${oneLine(file)}`);
    const loaded = await guard.during(watchImport(file, report, guard), loadFlow(file, options.export));
    const settings = { ...engineOptions(options), store, signal };
    if (options.db === undefined) return jobIn(newEngine(loaded.flow, settings, setting), options, null);
    return keptJob(loaded, options, settings, setting);
  });
}

/** @throws TaskloomError USAGE */
function checkKeeping({ db, id, root, durability }: RunOptions): void {
  if (db !== undefined) return;
  const given = Object.entries({ id, root, durability }).find(([, value]) => value !== undefined);
  if (given !== undefined) throw usage(`--${given[0]} says how a run is kept: it needs --db FILE.`);
}

async function keptJob(
  { flow, path, export: exported }: LoadedFlow,
  options: RunOptions,
  settings: AnyEngineOptions,
  setting: Setting,
): Promise<Job> {
  const database = openDatabase(options, true);
  setting.owned.push(database.backend);
  const flowId = options.id ?? newId();
  const factory: FlowFactory = { module: path, export: exported, root: resolve(options.root ?? '.') };
  const canResume = isUnderRoot(factory);
  const keeping = { flowId, backend: database.backend, onAbort: 'suspend' as const };
  const engine = newEngine(flow, { ...settings, ...keeping, ...(canResume && { factory }) }, setting);
  if (isNew(database)) await validateAlone(flow, settings, setting);
  if (options.id !== undefined) await checkSame(database, flowId, flow.name);
  const again = ['run', path, ...(options.export === undefined ? [] : ['--export', options.export])];
  const root = options.root === undefined || !canResume ? [] : ['--root', options.root];
  const place = { words: [...database.words, ...root], again: canResume ? null : again };
  const kept: Kept = {
    flowId,
    db: database.name,
    wayOn: (state) => wayOn(flowId, state, place),
  };
  const job = await jobIn(engine, options, kept);
  if (!canResume) warnOutside(factory, kept, setting.report);
  return job;
}

async function jobIn(engine: Engine, options: RunOptions, kept: Kept | null): Promise<Job> {
  engine.compile();
  await engine.prepare();
  return jobOf(engine, threadsOf(options), kept);
}

function newEngine(flow: LoadedFlow['flow'], options: AnyEngineOptions, { owned }: Setting): Engine {
  const engine = new Engine(flow, options, 'taskloom run');
  owned.push(engine);
  return engine;
}

/** Refuses what it can by itself, so that a run that never begins leaves no file where there was none. */
async function validateAlone(
  flow: LoadedFlow['flow'],
  settings: AnyEngineOptions,
  setting: Setting,
): Promise<void> {
  const engine = newEngine(flow, settings, setting);
  engine.compile();
  await engine.prepare();
  await engine.validate();
}

/** Only from below its root a flow is imported again. */
function isUnderRoot(factory: FlowFactory): boolean {
  try {
    keptFactory(factory, '--root');
    return true;
  } catch (error) {
    if (error instanceof TaskloomError && error.details['root'] === undefined) return false;
    throw error;
  }
}

function warnOutside({ root }: FlowFactory, { wayOn }: Kept, report: Report): void {
  const way = wayOn('SUSPENDED') ?? '';
  report.warn(
    `the flow file lies outside of ${oneLine(String(root))} (--root), so taskloom resume can't import it. This run goes on only by: ${way}`,
  );
}

/** One id mustn't mix two flows. @throws TaskloomError USAGE; FLOW_OWNED */
async function checkSame({ backend, name }: Database, flowId: string, flowName: string): Promise<void> {
  const kept = await backend.flow(flowId);
  if (kept === null) return;
  refuseHeld(kept, null, Date.now());
  if (kept.name === flowName) return;
  throw usage(
    `The id '${oneLine(flowId, 80)}' in ${name} is that of a run of the flow '${oneLine(kept.name, 80)}', not of '${oneLine(flowName, 80)}'. Take another --id.`,
  );
}

function usage(message: string): TaskloomError {
  return new TaskloomError('USAGE', message);
}
