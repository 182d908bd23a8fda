/**
 * Flood: embarrassingly parallel no-ops, so that nothing is measured but what each task costs. Against the loops that
 * one would write with each of the pools, one call a task.
 */
import { run, ThreadPoolTaskExecutor } from 'taskloom';
import { BareThreads } from './bare-threads.ts';
import { timedRun } from './compiled.ts';
import { figure, type Samples, zip } from './figure.ts';
import {
  piscinaOfNoOps,
  poolifierOfNoOps,
  runNoOps,
  tinypoolOfNoOps,
  workerpoolOfNoOps,
} from './naive-pools.ts';
import { unorderedNoOps } from './no-op-flows.ts';
import { type Question, THREADS } from './question.ts';
import { interleave, timed } from './rounds.ts';

/** Runs before anything is measured. */
const WARM_UP = 5;
const COUNT = { full: 100_000, quick: 500 };
/** Tasks in a message of bare threads, about as many as taskloom puts there. */
const BATCH = 128;
const PISCINA = 'naive Piscina';
const BEST = 'the best of tinypool, workerpool, poolifier';

export const flood: Question = {
  name: 'flood',
  asks: `What does taskloom cost for each of many independent no-ops? ${THREADS} threads against ${THREADS} threads.`,
  async answer({ quick, rounds }) {
    const count = quick ? COUNT.quick : COUNT.full;
    const flow = unorderedNoOps(count);
    const nothings = Array.from({ length: count }, () => 0);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    await using bare = new BareThreads(THREADS);
    const pools = {
      piscina: piscinaOfNoOps(THREADS),
      tinypool: tinypoolOfNoOps(THREADS),
      workerpool: workerpoolOfNoOps(THREADS),
      poolifier: poolifierOfNoOps(THREADS),
    };
    // The other pools are at work for seconds in the round that warms up, this one for less than one.
    for (let at = 0; at < WARM_UP; at++) await timedRun(flow, executor);
    const firsts: number[] = [];
    const cases = {
      piscina: () => timed(() => runNoOps(pools.piscina, count)),
      tinypool: () => timed(() => runNoOps(pools.tinypool, count)),
      workerpool: () => timed(() => runNoOps(pools.workerpool, count)),
      poolifier: () => timed(() => runNoOps(pools.poolifier, count)),
      // The second of two: the garbage collection before has thrown away what was compiled of us, and the first is too short to make up for it.
      taskloom: async () => {
        firsts.push(await timedRun(flow, executor));
        return timedRun(flow, executor);
      },
      bare: () => timed(() => bare.ship(nothings, BATCH)),
      whole: () => timed(() => run(flow, { executor })),
      serial: () => timedRun(flow, 'serial'),
    };
    // Each leaves a hundred thousand calls behind, and the next one would pay for marking them.
    const times = await interleave(rounds, cases, { garbage: 'major' });
    await Promise.all(Object.values(pools).map((pool) => pool.end()));

    const rate = (samples: Samples): Samples => samples.map((ms) => (count / ms) * 1000);
    const named = (name: string) => ({ bench: 'flood', case: name, unit: 'tasks/s' });
    const [tinypool, workerpool, poolifier] = [times.tinypool, times.workerpool, times.poolifier].map(rate);
    const naive = { case: PISCINA, samples: rate(times.piscina) };
    const others = {
      case: BEST,
      samples: zip(zip(tinypool ?? [], workerpool ?? [], Math.max), poolifier ?? [], Math.max),
    };
    return [
      figure(named(PISCINA), naive.samples),
      figure(named('naive tinypool'), tinypool ?? []),
      figure(named('naive workerpool'), workerpool ?? []),
      figure(named('naive poolifier'), poolifier ?? []),
      figure(named(BEST), others.samples),
      figure(named('taskloom'), rate(times.taskloom), naive, { on: 'ratio', atLeast: 15 }),
      figure(named('taskloom against the best'), rate(times.taskloom), others, { on: 'ratio', atLeast: 7 }),
      figure(named('taskloom, the first of two'), rate(firsts.slice(-rounds)), naive),
      figure(named('taskloom, compiling as well'), rate(times.whole), naive),
      figure(named(`bare threads, ${BATCH} to a message`), rate(times.bare), naive),
      figure(named('taskloom, serial'), rate(times.serial), naive),
    ];
  },
};
