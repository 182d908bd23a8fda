/**
 * Speed-up: how much sooner an unordered flow of CPU-bound tasks is done on threads than on the serial executor, and
 * how much of the threads' time is work. The work of a task is a fixed number of turns; what it takes when nothing is
 * in its way is measured in every round, for it changes with the machine's weather.
 */
import { availableParallelism } from 'node:os';
import { run, ThreadPoolTaskExecutor, type UnorderedFlow, unordered } from 'taskloom';
import { BareThreads, shareOut } from './bare-threads.ts';
import { calibrate, workTime } from './calibrate.ts';
import { type Figure, figure, type Samples, zip } from './figure.ts';
import type { Question, Scale } from './question.ts';
import { type Case, interleave, timed } from './rounds.ts';
import { spinFor } from './tasks.ts';

/** As many as taskloom takes by itself. */
const MOST = availableParallelism();
/** ms that a task takes. */
const TASKS = [1, 10, 100];
/** ms that all tasks of a flow take, at least. */
const WORK = { full: 500, quick: 12 };

export const speedUp: Question = {
  name: 'speed-up',
  asks: 'How much sooner is an unordered flow of CPU-bound tasks done on threads than on the serial executor?',
  async answer(scale) {
    const turnsOfOne = calibrate(scale);
    const counts = threadCounts(MOST);
    const executors = new Map(counts.map((threads) => [threads, new ThreadPoolTaskExecutor({ threads })]));
    await using bare = new BareThreads(MOST);
    const figures: Figure[] = [];
    for (const ms of scale.quick ? TASKS.slice(0, 2) : TASKS) {
      const job = jobOf(ms, turnsOfOne, scale);
      const times = await interleave(scale.rounds, casesOf(job, executors, bare));
      figures.push(...figuresOf(job, counts, times));
    }
    await Promise.all([...executors.values()].map((executor) => executor.stop()));
    return figures;
  },
};

/** One flow, and what it is made of. */
interface Job {
  readonly ms: number;
  readonly count: number;
  readonly turns: number;
  readonly flow: UnorderedFlow;
}

function jobOf(ms: number, turnsOfOne: number, { quick }: Scale): Job {
  const turns = Math.round(turnsOfOne * ms);
  // As many for each thread, else the last ones would run alone.
  const count = Math.ceil((quick ? WORK.quick : WORK.full) / ms / MOST) * MOST;
  const flow = unordered(`${ms} ms`);
  for (let n = 0; n < count; n++) flow.add(spinFor.as(`spin-${n}`, { inject: { turns } }));
  return { ms, count, turns, flow };
}

function casesOf(
  { count, turns, flow }: Job,
  executors: ReadonlyMap<number, ThreadPoolTaskExecutor>,
  bare: BareThreads,
): Record<string, Case> {
  const tasks = Array.from({ length: count }, () => turns);
  const shares = shareOut(tasks, MOST);
  const onThreads = [...executors].map(([threads, executor]): [string, Case] => [
    onThread(threads),
    () => timed(() => run(flow, { executor })),
  ]);
  return {
    work: () => workTime(tasks),
    serial: () => timed(() => run(flow, { executor: 'serial' })),
    bare: () => timed(() => bare.spin(shares)),
    ...Object.fromEntries(onThreads),
  };
}

function figuresOf(job: Job, counts: readonly number[], times: Readonly<Record<string, Samples>>): Figure[] {
  const samplesOf = (name: string): Samples => times[name] ?? [];
  const rate = (name: string): Samples => samplesOf(name).map((ms) => (job.count / ms) * 1000);
  const efficiency = (name: string, threads: number): Samples =>
    zip(samplesOf('work'), samplesOf(name), (work, wall) => work / (threads * wall));
  const named = (name: string, unit: string) => ({ bench: 'speed-up', case: `${job.ms} ms, ${name}`, unit });

  const serial = { case: `${job.ms} ms, serial`, samples: rate('serial') };
  const limit = {
    case: `${job.ms} ms, bare threads, efficiency`,
    samples: efficiency('bare', MOST),
  };
  return [
    figure(named('serial', 'tasks/s'), serial.samples),
    ...counts.map((threads) => figure(named(onThread(threads), 'tasks/s'), rate(onThread(threads)), serial)),
    figure(named('bare threads, efficiency', 'work / (threads × wall)'), limit.samples),
    figure(
      named(`${onThread(MOST)}, efficiency`, 'work / (threads × wall)'),
      efficiency(onThread(MOST), MOST),
      limit,
    ),
  ];
}

function onThread(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** 1, 2, 4 … and all. */
function threadCounts(most: number): number[] {
  const counts = [most];
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads);
  return counts.sort((a, b) => a - b);
}
