/**
 * Object graph: what the main thread has to do when many small objects are given to two tasks. Piscina gets the objects
 * themselves, twice, and writes them out on the main thread each time. taskloom's come from a task, and the main thread
 * only hands them on; where they come from the caller, it has to write them out once.
 */
import { type Engine, graph, ThreadPoolTaskExecutor } from 'taskloom';
import { compiled } from './compiled.ts';
import { makeItems } from './far/items.mjs';
import { figure } from './figure.ts';
import { busyTime } from './main-thread.ts';
import { naivePiscina } from './naive-pools.ts';
import { type Question, THREADS } from './question.ts';
import { interleave } from './rounds.ts';
import { countItems, makeGraph } from './tasks.ts';

const COUNT = { full: 250_000, quick: 2000 };
const READERS = ['one', 'other'];
const PISCINA = 'naive Piscina';

export const objectGraph: Question = {
  name: 'object-graph',
  asks: `For how long is the main thread busy with giving ${COUNT.full} small objects (quick: ${COUNT.quick}) to two tasks?`,
  async answer({ quick, rounds }) {
    const count = quick ? COUNT.quick : COUNT.full;
    const items = makeItems(count);
    const piscina = naivePiscina(THREADS);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    const readers = (name: string) => graph(name).add(READERS.map((reader) => countItems.as(reader)));
    const given = readers('given');
    const made = readers('made').add(makeGraph.as('make', { inject: { count } }));
    const times = await interleave(rounds, {
      piscina: () =>
        busyTime(() => Promise.all(READERS.map(() => piscina.run(items, { name: 'countItems' })))),
      made: () => compiled(made, { executor }, untilBothRead),
      given: () => compiled(given, { executor, store: { items } }, untilBothRead),
    });
    await piscina.destroy();

    const named = (name: string) => ({ bench: 'object-graph', case: name, unit: 'ms' });
    const naive = { case: PISCINA, samples: times.piscina };
    return [
      figure(named(PISCINA), naive.samples),
      figure(named('taskloom, made by a task'), times.made, naive, { on: 'ratio', atMost: 0.05 }),
      figure(named('taskloom, from the caller'), times.given, naive),
    ];
  },
};

/** What the caller does with the results afterwards is not counted. */
function untilBothRead(engine: Engine): Promise<number> {
  return busyTime(({ end }) => {
    let left = READERS.length;
    for (const atom of READERS) {
      engine.on('atom', ({ state }) => state === 'SUCCESS' && --left === 0 && end(), { atom });
    }
    return engine.run();
  });
}
