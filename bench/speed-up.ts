/**
 * Speed-up: how much sooner an unordered flow of CPU-bound tasks is done on threads than on the serial executor, and
 * how much of the threads' time is work. The work of a task is a fixed number of turns; what it takes when nothing is
 * in its way is measured in every round, for it changes with the machine's weather.
 */
import { run, ThreadPoolTaskExecutor, type UnorderedFlow, unordered } from 'taskloom';
import { BareThreads } from './bare-threads.ts';
import { spin } from './far/spin.mjs';
import { type Figure, figure, type Samples, zip } from './figure.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { type Case, interleave, timed } from './rounds.ts';
import { spinFor } from './tasks.ts';

/** ms that a task takes. */
const TASKS = [1, 10, 100];
/** ms that all tasks of a flow take, at least. */
const WORK = { full: 500, quick: 30 };

export const speedUp: Question = {
  name: 'speed-up',
  asks: 'How much sooner is an unordered flow of CPU-bound tasks done on threads than on the serial executor?',
  async answer(scale) {
    const turnsOfOne = calibrate(scale);
    const counts = threadCounts(THREADS);
    const executors = new Map(counts.map((threads) => [threads, new ThreadPoolTaskExecutor({ threads })]));
    await using bare = new BareThreads(THREADS);
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
  const count = Math.ceil((quick ? WORK.quick : WORK.full) / ms / THREADS) * THREADS;
  const flow = unordered(`${ms} ms`);
  for (let n = 0; n < count; n++) flow.add(spinFor.as(`spin-${n}`, { inject: { turns } }));
  return { ms, count, turns, flow };
}

function casesOf(
  { count, turns, flow }: Job,
  executors: ReadonlyMap<number, ThreadPoolTaskExecutor>,
  bare: BareThreads,
): Record<string, Case> {
  const onThreads = [...executors].map(([threads, executor]): [string, Case] => [
    onThread(threads),
    () => timed(() => run(flow, { executor })),
  ]);
  return {
    work: () => timed(() => spinOften(count, turns)),
    serial: () => timed(() => run(flow, { executor: 'serial' })),
    bare: () => timed(() => bare.spin(count, turns)),
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
    samples: efficiency('bare', THREADS),
  };
  return [
    figure(named('serial', 'tasks/s'), serial.samples),
    ...counts.map((threads) => figure(named(onThread(threads), 'tasks/s'), rate(onThread(threads)), serial)),
    figure(named('bare threads, efficiency', 'work / (threads × wall)'), limit.samples),
    figure(
      named(`${onThread(THREADS)}, efficiency`, 'work / (threads × wall)'),
      efficiency(onThread(THREADS), THREADS),
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

/** Turns that take 1 ms, at the best of several tries: what else the machine does can only lengthen them. */
function calibrate({ quick }: Scale): number {
  const turns = quick ? 1_000_000 : 10_000_000;
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 7; tries++) {
    const began = performance.now();
    spin(turns);
    best = Math.min(best, performance.now() - began);
  }
  return turns / best;
}

function spinOften(count: number, turns: number): void {
  for (let n = 0; n < count; n++) spin(turns);
}
