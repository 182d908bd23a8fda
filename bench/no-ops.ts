/**
 * No-ops: what taskloom itself costs for each task. Embarrassingly parallel: against one `run` of Piscina for each
 * task. Linear chain: against the bare round trip of a message, which a chain on threads can't do without.
 */
import { linear, run, ThreadPoolTaskExecutor, unordered } from 'taskloom';
import { BareThreads } from './bare-threads.ts';
import { type Figure, figure, type Samples } from './figure.ts';
import { naivePiscina, runNoOps } from './naive-piscina.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { interleave, timed } from './rounds.ts';
import { noOp } from './tasks.ts';

const FLOOD = { full: 20_000, quick: 1000 };
const CHAIN = { full: 3000, quick: 300 };
const NAIVE = 'flood, naive Piscina';
const ROUND_TRIP = 'bare round trip';

export const noOps: Question = {
  name: 'no-ops',
  asks: `What does taskloom cost for each task? No-ops, ${THREADS} threads against ${THREADS} threads.`,
  async answer(scale) {
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    return [...(await flood(executor, scale)), ...(await chain(executor, scale))];
  },
};

async function flood(executor: ThreadPoolTaskExecutor, { quick, rounds }: Scale): Promise<readonly Figure[]> {
  const count = quick ? FLOOD.quick : FLOOD.full;
  const flow = unordered('flood').add(manyNoOps(count));
  const piscina = naivePiscina(THREADS);
  const times = await interleave(rounds, {
    naive: () => timed(() => runNoOps(piscina, count)),
    threads: () => timed(() => run(flow, { executor })),
    serial: () => timed(() => run(flow, { executor: 'serial' })),
  });
  await piscina.destroy();

  const rate = (samples: Samples): Samples => samples.map((ms) => (count / ms) * 1000);
  const named = (name: string) => ({ bench: 'no-ops', case: name, unit: 'tasks/s' });
  const naive = { case: NAIVE, samples: rate(times.naive) };
  return [
    figure(named(NAIVE), naive.samples),
    figure(named('flood, threads'), rate(times.threads), naive),
    figure(named('flood, serial'), rate(times.serial), naive),
  ];
}

async function chain(executor: ThreadPoolTaskExecutor, { quick, rounds }: Scale): Promise<readonly Figure[]> {
  const length = quick ? CHAIN.quick : CHAIN.full;
  const flow = linear('chain').add(manyNoOps(length));
  await using bare = new BareThreads(1);
  const times = await interleave(rounds, {
    bare: () => timed(() => bare.roundTrips(length)),
    threads: () => timed(() => run(flow, { executor })),
    serial: () => timed(() => run(flow, { executor: 'serial' })),
  });

  const each = (samples: Samples): Samples => samples.map((ms) => (ms / length) * 1000);
  const named = (name: string) => ({ bench: 'no-ops', case: name, unit: 'µs' });
  const roundTrip = { case: ROUND_TRIP, samples: each(times.bare) };
  return [
    figure(named(ROUND_TRIP), roundTrip.samples),
    figure(named('chain, threads, per link'), each(times.threads), roundTrip),
    figure(named('chain, serial, per link'), each(times.serial), roundTrip),
  ];
}

function manyNoOps(count: number) {
  return Array.from({ length: count }, (_, n) => noOp.as(`no-op-${n}`));
}
