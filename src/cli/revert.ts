/** `taskloom revert`: takes back all that a run did, whatever became of it. */
import { type GoOnOptions, keptEngine } from './kept-engine.ts';
import { runJob, threadsOf } from './run-to-end.ts';
import type { Surroundings } from './surroundings.ts';

/** Resolves to the exit code. */
export function revertCommand(flowId: string, options: GoOnOptions, around: Surroundings): Promise<number> {
  return runJob(options.json, around, async (setting) => {
    const { engine, kept } = await keptEngine(flowId, options, setting, true);
    const go = async (): Promise<null> => {
      await engine.revert();
      return null;
    };
    return { engine, threads: threadsOf(options), kept, runs: true, go };
  });
}
