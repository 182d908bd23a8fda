/**
 * Small flows: building, compiling and running a flow of three tasks that wait for one another, over and over on one
 * executor. One after the other, it shows what a flow costs; a hundred at once, what a busy server could do.
 */
import { linear, run, SerialTaskExecutor, type TaskExecutor, ThreadPoolTaskExecutor } from 'taskloom';
import { Bench } from 'tinybench';
import { figure, type Samples } from './figure.ts';
import { naivePiscina, runChain } from './naive-piscina.ts';
import { type Question, THREADS } from './question.ts';
import { type Case, interleave } from './rounds.ts';
import { addOne } from './tasks.ts';

const LENGTH = 3;
const MANY = 100;
/** ms for one case in one round. */
const TIME = { full: 250, quick: 20 };

export const smallFlows: Question = {
  name: 'small-flows',
  asks: `How many flows of ${LENGTH} tasks are built, compiled and run in a second on a shared executor?`,
  async answer({ quick, rounds }) {
    const ms = quick ? TIME.quick : TIME.full;
    const piscina = naivePiscina(THREADS);
    await using serial = new SerialTaskExecutor();
    await using threads = new ThreadPoolTaskExecutor({ threads: THREADS });
    const naive = (): Promise<number> => runChain(piscina, LENGTH);
    const rates = await interleave(rounds, {
      naive: perSecond(ms, 1, naive),
      serial: perSecond(ms, 1, () => smallFlow(serial)),
      threads: perSecond(ms, 1, () => smallFlow(threads)),
      naives: perSecond(ms, MANY, naive),
      serials: perSecond(ms, MANY, () => smallFlow(serial)),
      manyThreads: perSecond(ms, MANY, () => smallFlow(threads)),
    });
    await piscina.destroy();

    const named = (name: string) => ({ bench: 'small-flows', case: name, unit: 'flows/s' });
    const pair = (how: string, naively: Samples, onThreads: Samples, serially: Samples) => {
      const against = { case: `${how}, naive Piscina`, samples: naively };
      return [
        figure(named(against.case), naively),
        figure(named(`${how}, threads`), onThreads, against),
        figure(named(`${how}, serial`), serially, against),
      ];
    };
    return [
      ...pair('one after the other', rates.naive, rates.threads, rates.serial),
      ...pair(`${MANY} at once`, rates.naives, rates.manyThreads, rates.serials),
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

/** How often `work` can be done in a second, `atOnce` of them at a time; tinybench repeats it for `ms`. */
function perSecond(ms: number, atOnce: number, work: () => Promise<number>): Case {
  return async () => {
    const bench = new Bench({ time: ms, iterations: 3, warmup: false, throws: true });
    bench.add('work', async () => {
      const results = await Promise.all(Array.from({ length: atOnce }, work));
      if (results.some((result) => result !== LENGTH)) throw new Error(`A flow gave ${results}.`);
    });
    const [task] = await bench.run();
    if (task?.result.state !== 'completed') throw new Error(`tinybench is ${task?.result.state}.`);
    return (atOnce * 1000) / task.result.latency.mean;
  };
}
