/** Runs a flow that was compiled before: what the engine does for each task, without what it does once for a flow. */
import { type AnyUnit, createEngine, type Engine, type TaskExecutor } from 'taskloom';
import { collectGarbage, timed } from './rounds.ts';

/** ms that the run takes. */
export async function timedRun(flow: AnyUnit, executor: TaskExecutor | 'serial'): Promise<number> {
  return compiled(flow, { executor }, (engine) => timed(() => engine.run()));
}

/** Measures something of an engine that is ready to run; closes it. */
export async function compiled<T>(
  flow: AnyUnit,
  options: {
    readonly executor: TaskExecutor | 'serial';
    readonly store?: Readonly<Record<string, unknown>>;
  },
  measure: (engine: Engine) => T | Promise<T>,
): Promise<T> {
  await using engine = createEngine(flow, options);
  engine.compile();
  // What compiling made is young and stays: the collector copies it twice, which would be counted to the run.
  for (let times = 0; times < 2; times++) collectGarbage('minor');
  return await measure(engine);
}
