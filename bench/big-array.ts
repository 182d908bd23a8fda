/**
 * Big array: how long each hop keeps the main thread busy while a Float64Array goes through a chain of tasks, each
 * of which changes it and hands it on. Counted from the end of the first to the end of the last: how a run begins, and
 * what the caller does with its result, are no hops. Beside it bare threads that do nothing but copy, and for both the longest time for
 * which the main thread could do nothing else, for whatever reason.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type AnyTask, type Engine, linear, ThreadPoolTaskExecutor } from 'taskloom';
import { compiled } from './compiled.ts';
import { type Figure, figure } from './figure.ts';
import type { Goal } from './goal.ts';
import { busyTime, longestStall, type Window } from './main-thread.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { interleave } from './rounds.ts';
import { makeArray, makeShared, touch, touchMoved, touchShared } from './tasks.ts';

/** MB. */
const SIZE = { full: 64, quick: 1 };
const TASKS = 20;
/** ms for a hop. */
const BUSY: Goal = { on: 'value', atMost: 2 };
const BARE = new URL('./far/hop-worker.mjs', import.meta.url);

/** The first task and how the others hand on what they got, by what the program says of the buffer. */
const WAYS = {
  returned: { first: makeArray, next: touch },
  shared: { first: makeShared, next: touchShared },
  transferred: { first: makeArray, next: touchMoved },
};

export const bigArray: Question = {
  name: 'big-array',
  asks: `For how long is the main thread busy with each hop of an array of ${SIZE.full} MB (quick: ${SIZE.quick}) in a chain of ${TASKS} tasks?`,
  async answer(scale) {
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    const all = [...(await bareThreads(scale))];
    for (const [way, { first, next }] of Object.entries(WAYS)) {
      all.push(...(await ask(way, executor, scale, first, (name) => next.as(name))));
    }
    return all;
  },
};

async function ask(
  way: string,
  executor: ThreadPoolTaskExecutor,
  { quick, rounds }: Scale,
  first: typeof makeArray,
  next: (name: string) => AnyTask,
): Promise<readonly Figure[]> {
  const length = lengthOf(quick);
  const names = Array.from({ length: TASKS - 1 }, (_, n) => `hop-${n + 1}`);
  const last = names.at(-1) ?? '';
  const flow = linear('hops').add([first.as('first', { inject: { length } }), ...names.map(next)]);
  const hops = (engine: Engine, { begin, end }: Window): Promise<unknown> => {
    engine.on('atom', ({ state }) => state === 'SUCCESS' && begin(), { atom: 'first' });
    engine.on('atom', ({ state }) => state === 'SUCCESS' && end(), { atom: last });
    return engine.run();
  };
  return figures(
    way,
    rounds,
    (watch) => compiled(flow, { executor }, (engine) => watch((window) => hops(engine, window))),
    BUSY,
  );
}

type Watch = (work: (window: Window) => Promise<unknown>) => Promise<number>;

/** Watches the same hops in two ways; the goal is of the first. */
async function figures(
  way: string,
  rounds: number,
  watched: (watch: Watch) => Promise<number>,
  goal: Goal | null,
): Promise<readonly Figure[]> {
  const times = await interleave(
    rounds,
    {
      busy: async () => (await watched(busyTime)) / (TASKS - 1),
      longest: () => watched(longestStall),
    },
    // A gigabyte of copies in each round is enough; the median leaves out a cold one.
    { warmUp: false, garbage: 'major' },
  );
  return [
    figure(named(`${way}, busy with a hop`), times.busy, null, goal),
    figure(named(`${way}, longest stall`), times.longest),
  ];
}

const named = (name: string) => ({ bench: 'big-array', case: name, unit: 'ms' });

const lengthOf = (quick: boolean): number =>
  ((quick ? SIZE.quick : SIZE.full) * 2 ** 20) / Float64Array.BYTES_PER_ELEMENT;

/** As many hops, from one thread to the other. */
async function bareThreads({ quick, rounds }: Scale): Promise<readonly Figure[]> {
  const workers = Array.from({ length: THREADS }, () => new Worker(BARE, { execArgv: [] }));
  const hop = async (array: Float64Array, at: number): Promise<Float64Array> => {
    const worker = workers[at % THREADS] as Worker;
    worker.postMessage(array);
    return (await once(worker, 'message'))[0] as Float64Array;
  };
  const first = new Float64Array(
    new SharedArrayBuffer(lengthOf(quick) * Float64Array.BYTES_PER_ELEMENT),
  ).fill(1);
  const hops = async (): Promise<void> => {
    let array: Float64Array = first;
    for (let at = 1; at < TASKS; at++) array = await hop(array, at);
  };
  const made = await figures('returned by bare threads', rounds, (watch) => watch(hops), null);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return made;
}
