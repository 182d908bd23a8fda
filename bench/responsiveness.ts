/** Responsiveness: whether a server could still answer on the main thread while its threads are kept full of no-ops. */
import { ThreadPoolTaskExecutor } from 'taskloom';
import { compiled } from './compiled.ts';
import { figure } from './figure.ts';
import { type Delays, delaysDuring } from './main-thread.ts';
import { unorderedNoOps } from './no-op-flows.ts';
import { type Question, THREADS } from './question.ts';
import { interleave } from './rounds.ts';

const COUNT = { full: 100_000, quick: 500 };

export const responsiveness: Question = {
  name: 'responsiveness',
  asks: 'How long is the event loop of the main thread held up while threads are saturated with no-ops?',
  async answer({ quick, rounds }) {
    const flow = unorderedNoOps(quick ? COUNT.quick : COUNT.full);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    const all: Delays[] = [];
    const times = await interleave(rounds, {
      p99: async () => {
        const delays = await compiled(flow, { executor }, (engine) => delaysDuring(() => engine.run()));
        all.push(delays);
        return delays.p99;
      },
    });
    const named = (name: string) => ({ bench: 'responsiveness', case: name, unit: 'ms' });
    return [
      figure(named('event-loop delay, p99'), times.p99, null, { on: 'value', atMost: 20 }),
      // The first round is the warm-up.
      figure(
        named('event-loop delay, longest'),
        all.slice(1).map(({ max }) => max),
      ),
    ];
  },
};
