/**
 * Linear chain: no-ops of which each waits for the one before. Against the bare round trip of a message, which a
 * chain that goes from thread to thread can't do without.
 */
import { ThreadPoolTaskExecutor } from 'taskloom';
import { BareThreads } from './bare-threads.ts';
import { timedRun } from './compiled.ts';
import { figure, type Samples } from './figure.ts';
import { linearNoOps } from './no-op-flows.ts';
import { type Question, THREADS } from './question.ts';
import { interleave, timed } from './rounds.ts';

const LENGTH = { full: 10_000, quick: 200 };
const ROUND_TRIP = 'bare round trip';

export const chain: Question = {
  name: 'chain',
  asks: 'How long is it from one link to the next in a chain of dependent no-ops?',
  async answer({ quick, rounds }) {
    const length = quick ? LENGTH.quick : LENGTH.full;
    const flow = linearNoOps(length);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    await using bare = new BareThreads(1);
    const times = await interleave(rounds, {
      bare: () => timed(() => bare.roundTrips(length)),
      threads: () => timedRun(flow, executor),
      serial: () => timedRun(flow, 'serial'),
    });

    const each = (samples: Samples): Samples => samples.map((ms) => (ms / length) * 1000);
    const named = (name: string) => ({ bench: 'chain', case: name, unit: 'µs/link' });
    const roundTrip = { case: ROUND_TRIP, samples: each(times.bare) };
    return [
      figure(named(ROUND_TRIP), roundTrip.samples),
      figure(named('threads'), each(times.threads), roundTrip, { on: 'ratio', atMost: 1.3 }),
      figure(named('serial'), each(times.serial), roundTrip),
    ];
  },
};
