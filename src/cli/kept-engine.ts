/** What `resume`, `retry` and `revert` share: the id of a run ─▶ its flow, imported anew ─▶ an engine that is prepared. */
import { resolve } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { loadEngine } from '../engine/factory.ts';
import { TaskloomError } from '../errors.ts';
import { refuseHeld } from '../persistence/ownership.ts';
import type { FlowDetail } from '../persistence/records.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { runsFlow } from './flow-file.ts';
import { needFlow } from './need-flow.ts';
import type { Kept } from './report.ts';
import { checkExecutor, engineOptions, type ExecutorOptions, type Setting } from './run-to-end.ts';
import { readStore } from './store.ts';
import { oneLine } from './text.ts';
import { titleLine } from './user-error.ts';
import { watchImport } from './watch-import.ts';
import { wayOn } from './way-on.ts';

/** The options as commander hands them over. */
export interface GoOnOptions extends ExecutorOptions, DatabaseOptions {
  readonly store?: readonly string[];
  readonly storeFile?: string;
  readonly root?: string;
  readonly allow?: readonly string[];
  readonly adoptChanges?: boolean;
  readonly json?: boolean;
}

/** @param isRevert - The run is to be taken back */
export async function keptEngine(
  flowId: string,
  options: GoOnOptions,
  setting: Setting,
  isRevert = false,
): Promise<{ readonly engine: Engine; readonly kept: Kept }> {
  checkExecutor(options);
  const store = readStore(options.store ?? [], options.storeFile);
  const database = openDatabase(options, false);
  setting.owned.push(database.backend);
  const detail = await needFlow(database, flowId);
  refuseHeld(detail, null, Date.now());
  const engine = await engineOf(detail, database, { ...options, storeValues: store }, setting);
  setting.owned.push(engine);
  engine.compile();
  await engine.prepare();
  const root = options.root === undefined ? [] : ['--root', options.root];
  const place = { words: [...database.words, ...root], again: null };
  const kept: Kept = {
    flowId,
    db: database.name,
    wayOn: (state) => wayOn(flowId, state, place, isRevert),
  };
  return { engine, kept };
}

async function engineOf(
  { flowId, factory }: FlowDetail,
  { backend }: Database,
  options: GoOnOptions & { readonly storeValues: object },
  { report, guard, signal }: Setting,
): Promise<Engine> {
  const root = resolve(options.root ?? '.');
  const loading = loadEngine(backend, flowId, {
    ...engineOptions(options),
    store: options.storeValues,
    signal,
    onAbort: 'suspend',
    root,
    roots: [root, ...(options.allow ?? [])],
    onFlowChange: options.adoptChanges === true ? 'adopt' : 'refuse',
  });
  const file = factory?.module ?? '';
  report.waiting(`importing ${oneLine(file)}`);
  return guard.during(watchImport(file, report, guard), loading).catch((error: unknown) => {
    throw aboutFlowFile(error, file, flowId);
  });
}

/** A flow's module is imported as a task's is, and the sentences speak of that one, or of what a flow is made by. */
function aboutFlowFile(error: unknown, file: string, flowId: string): TaskloomError {
  if (!(error instanceof TaskloomError)) {
    const message = `The flow of the run '${oneLine(flowId, 80)}' cannot be made: ${titleLine(error)}`;
    return new TaskloomError('FACTORY_INVALID', message, { cause: error });
  }
  if (error.code === 'MODULE_RUNS_FLOW') return runsFlow(file);
  const { code, message, details, cause } = error;
  const told = message.replace(/^The (task module|module of a factory) /, 'The flow file ');
  return new TaskloomError(code, told, { details, cause });
}
