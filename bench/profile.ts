/**
 * Where the time goes in the flood of no-ops: the functions with most time of their own, on the main thread and on a
 * worker thread. For who makes it faster; the profiler slows what it looks at, so the rates are no figures.
 *
 *   npm run bench:profile -- [--tasks 100000]
 */
import { parseArgs } from 'node:util';
import { run, ThreadPoolTaskExecutor } from 'taskloom';
import { compiled, timedRun } from './compiled.ts';
import { type Hot, startProfile, stopProfile } from './cpu-profile.ts';
import { unorderedNoOps } from './no-op-flows.ts';
import { profileFrom, profileUntil } from './profile-tasks.ts';
import { THREADS } from './question.ts';
import { timed } from './rounds.ts';

const SHOWN = 15;

const { values } = parseArgs({ options: { tasks: { type: 'string', default: '100000' } } });
const count = Number(values.tasks);
const flow = unorderedNoOps(count);
await profileMain();
await profileWorker();

async function profileMain(): Promise<void> {
  await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
  await timedRun(flow, executor);
  await compiled(flow, { executor }, async (engine) => {
    const session = await startProfile();
    const ms = await timed(() => engine.run());
    print(`main thread, with ${THREADS} threads`, ms, await stopProfile(session, SHOWN));
  });
}

/** With one thread, so that all its tasks are on the one that is looked at. */
async function profileWorker(): Promise<void> {
  await using executor = new ThreadPoolTaskExecutor({ threads: 1 });
  await timedRun(flow, executor);
  await compiled(flow, { executor }, async (engine) => {
    await run(profileFrom, { executor });
    const ms = await timed(() => engine.run());
    const { hot } = await run(profileUntil, { executor, store: { count: SHOWN } });
    print('worker thread, the only one', ms, hot);
  });
}

function print(where: string, ms: number, hot: readonly Hot[]): void {
  const rate = Math.round((count / ms) * 1000).toLocaleString('en');
  console.log(`\n${where}: ${count.toLocaleString('en')} no-ops, ${rate} tasks/s under the profiler`);
  for (const { name, place, share } of hot) {
    console.log(`  ${(share * 100).toFixed(1).padStart(5)} %  ${name.padEnd(28)}  ${place}`);
  }
}
