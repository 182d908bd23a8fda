/** `taskloom resume`: goes on with a run that was suspended, or left when its process died; of one that is done, tells the results. */
import { type GoOnOptions, keptEngine } from './kept-engine.ts';
import { jobOf, runJob, threadsOf } from './run-to-end.ts';
import type { Surroundings } from './surroundings.ts';

/** Resolves to the exit code. */
export function resumeCommand(flowId: string, options: GoOnOptions, around: Surroundings): Promise<number> {
  return runJob(options.json, around, async (setting) => {
    const { engine, kept } = await keptEngine(flowId, options, setting);
    return jobOf(engine, threadsOf(options), kept);
  });
}
