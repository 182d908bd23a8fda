/**
 * A batch job: a hundred flows, eight at a time, on one shared executor. A bad input fails its own flow and no other.
 *
 *   line 1   ─▶ parse ─▶ price ─▶ cents ┐
 *   line 2   ─▶ parse ─▶ price ─▶ cents ├─ one pool of threads ─▶ sum, and who failed
 *   …                                   │
 *   line 100 ─▶ parse ─▶ price ─▶ cents ┘
 */
import { linear, run, ThreadPoolTaskExecutor } from 'taskloom';
import { parse, price } from './tasks.ts';

const AT_A_TIME = 8;

const lines = Array.from({ length: 100 }, (_, at) => JSON.stringify({ item: `item-${at}`, pieces: at % 7 }));
lines[41] = '{ "item": "half a li';

const flow = linear('order').add(parse, price);
const failed: { line: number; why: string }[] = [];
let total = 0;

const executor = new ThreadPoolTaskExecutor();
const waiting = lines.entries();
await Promise.all(Array.from({ length: AT_A_TIME }, workOff));
// A shared executor is stopped by who made it, after the last flow.
await executor.stop();

/** Takes lines until none is left; all of these share one iterator. */
async function workOff(): Promise<void> {
  for (const [at, line] of waiting) {
    try {
      const { cents } = await run(flow, { store: { line }, executor, flowId: `line-${at + 1}` });
      total += cents;
    } catch (error) {
      failed.push({ line: at + 1, why: (error as Error).name });
    }
  }
}

console.log(`${lines.length - failed.length} of ${lines.length} orders are worth ${total} cents.`);
console.log('Failed:');
for (const { line, why } of failed.sort((a, b) => a.line - b.line)) console.log(`  line ${line}: ${why}`);
