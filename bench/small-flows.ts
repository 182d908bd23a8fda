/**
 * Small flows: building, compiling and running a flow of three tasks that wait for one another, over and over on one
 * executor. One after the other, it shows what a flow costs; all at once, what a busy server could do.
 */
import { linear, run, SerialTaskExecutor, type TaskExecutor, ThreadPoolTaskExecutor } from 'taskloom';
import { Bench } from 'tinybench';
import { figure, type Samples } from './figure.ts';
import { naivePiscina, runChain } from './naive-pools.ts';
import { type Question, THREADS } from './question.ts';
import { type Case, interleave, timed } from './rounds.ts';
import { addOne } from './tasks.ts';

const LENGTH = 3;
const MANY = { full: 2000, quick: 40 };
/** ms for one case in one round, of those one after the other. */
const TIME = { full: 250, quick: 8 };

export const smallFlows: Question = {
  name: 'small-flows',
  asks: `How many flows of ${LENGTH} tasks are built, compiled and run in a second on a shared executor?`,
  async answer({ quick, rounds }) {
    const [many, ms] = quick ? [MANY.quick, TIME.quick] : [MANY.full, TIME.full];
    const piscina = naivePiscina(THREADS);
    await using serial = new SerialTaskExecutor();
    await using threads = new ThreadPoolTaskExecutor({ threads: THREADS });
    const naive = (): Promise<number> => runChain(piscina, LENGTH);
    const rates = await interleave(rounds, {
      naive: oneByOne(ms, naive),
      serial: oneByOne(ms, () => smallFlow(serial)),
      threads: oneByOne(ms, () => smallFlow(threads)),
      naives: atOnce(many, naive),
      serials: atOnce(many, () => smallFlow(serial)),
      manyThreads: atOnce(many, () => smallFlow(threads)),
    });
    await piscina.destroy();

    const named = (name: string) => ({ bench: 'small-flows', case: name, unit: 'flows/s' });
    const rival = (how: string, samples: Samples) => ({ case: `${how}, naive Piscina`, samples });
    const [single, several] = [
      rival('one after the other', rates.naive),
      rival(`${many} at once`, rates.naives),
    ];
    return [
      figure(named(single.case), single.samples),
      figure(named('one after the other, threads'), rates.threads, single),
      figure(named('one after the other, serial'), rates.serial, single),
      figure(named(several.case), several.samples),
      figure(named(`${many} at once, threads`), rates.manyThreads, several, { on: 'ratio', atLeast: 1 }),
      figure(named(`${many} at once, serial`), rates.serials, several),
    ];
  },
};

async function smallFlow(executor: TaskExecutor): Promise<number> {
  const flow = linear('small').add(
    addOne.as('first', { inject: { n: 0 }, provides: 'one' }),
    addOne.as('second', { rebind: { n: 'one' }, provides: 'two' }),
    addOne.as('third', { rebind: { n: 'two' }, provides: 'three' }),
  );
  const { three } = await run(flow, { executor });
  return three;
}

/** How often `work` can be done in a second, one after the other; tinybench repeats it for `ms`. */
function oneByOne(ms: number, work: () => Promise<number>): Case {
  return async () => {
    const bench = new Bench({ time: ms, iterations: 3, warmup: false, throws: true });
    bench.add('work', async () => check(await work()));
    const [task] = await bench.run();
    if (task?.result.state !== 'completed') throw new Error(`tinybench is ${task?.result.state}.`);
    return 1000 / task.result.latency.mean;
  };
}

/** How many of `count` that are begun together are done in a second. */
function atOnce(count: number, work: () => Promise<number>): Case {
  return async () => {
    const ms = await timed(async () => {
      for (const result of await Promise.all(Array.from({ length: count }, work))) check(result);
    });
    return (count / ms) * 1000;
  };
}

function check(result: number): void {
  if (result !== LENGTH) throw new Error(`A flow gave ${result}.`);
}
