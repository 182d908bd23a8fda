/** `taskloom retry`: puts back what failed or was reverted, or an atom and all behind it, and goes on from there. */
import { type GoOnOptions, keptEngine } from './kept-engine.ts';
import { jobOf, runJob, threadsOf } from './run-to-end.ts';
import type { Surroundings } from './surroundings.ts';

export interface RetryOptions extends GoOnOptions {
  /** The name of an atom. */
  readonly from?: string;
}

/** Resolves to the exit code. */
export function retryCommand(flowId: string, options: RetryOptions, around: Surroundings): Promise<number> {
  return runJob(options.json, around, async (setting) => {
    const { engine, kept } = await keptEngine(flowId, options, setting);
    // What is missing must be known before anything is put back.
    await engine.validate();
    await engine.rewind(options.from === undefined ? {} : { from: options.from });
    return jobOf(engine, threadsOf(options), kept);
  });
}
