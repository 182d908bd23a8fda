/** Makes the Piscinas of worker threads, one for each; loads the package with the first, so that importing ours stays light. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';

/** Beside this file as in the package: dist/src/executor/ and dist/workers/, or both in TypeScript. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../workers/task-entry.cts' : '../../workers/task-entry.cjs',
  import.meta.url,
);

/** @throws (rejects) Error when the package is not whole */
export async function poolMaker(resourceLimits: ResourceLimits | undefined): Promise<() => Piscina> {
  if (!existsSync(WORKER)) throw new Error(`There is no file ${fileURLToPath(WORKER)}.`);
  const { Piscina } = await import('piscina');
  return () =>
    new Piscina({
      filename: WORKER.href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
}
