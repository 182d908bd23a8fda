/**
 * The same flow on each executor: what comes out is the same, only the place where its tasks run is another one.
 *
 *   below ─▶ perfect ─ numbers ─▶ look ─▶ place
 *
 *   'serial'                     in turn, on the main thread
 *   'threads', the default       side by side, on threads that end with the run
 *   new ThreadPoolTaskExecutor   side by side, on threads that are yours
 */
import { linear, run, type TaskExecutor, ThreadPoolTaskExecutor } from 'taskloom';
import { look, perfect } from './tasks.ts';

const flow = linear('perfect-numbers').add(perfect, look);
const pool = new ThreadPoolTaskExecutor({ threads: 1 });

async function runOn(title: string, executor: 'serial' | 'threads' | TaskExecutor): Promise<void> {
  const { numbers, place } = await run(flow, { store: { below: 10_000 }, executor });
  console.log(`${title}: ${numbers.join(', ')}, on ${place}`);
}

await runOn('serial', 'serial');
await runOn('threads', 'threads');
await runOn('a pool', pool);
await pool.stop();
