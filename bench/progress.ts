/** Progress: what it costs when each task says once how far it is, and somebody listens. */
import { type AnyUnit, ThreadPoolTaskExecutor, unordered } from 'taskloom';
import { calibrate } from './calibrate.ts';
import { compiled, timedRun } from './compiled.ts';
import { figure } from './figure.ts';
import { type Question, THREADS } from './question.ts';
import { interleave, timed } from './rounds.ts';
import { spinAndTell, spinFor } from './tasks.ts';

const COUNT = { full: 800, quick: 20 };
/** ms of each task. */
const TASK = 1;

export const progress: Question = {
  name: 'progress',
  asks: `What does it cost when each task, of ${TASK} ms, reports its progress once?`,
  async answer(scale) {
    const count = scale.quick ? COUNT.quick : COUNT.full;
    const inject = { turns: Math.round(calibrate(scale) * TASK) };
    const flowOf = (again: (name: string) => AnyUnit): AnyUnit =>
      unordered('spins').add(Array.from({ length: count }, (_, n) => again(`spin-${n}`)));
    const silent = flowOf((name) => spinFor.as(name, { inject }));
    const telling = flowOf((name) => spinAndTell.as(name, { inject }));
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    const times = await interleave(scale.rounds, {
      silent: () => timedRun(silent, executor),
      telling: () =>
        compiled(telling, { executor }, async (engine) => {
          let heard = 0;
          engine.on('progress', () => {
            heard++;
          });
          const ms = await timed(() => engine.run());
          if (heard !== count) throw new Error(`${heard} of ${count} reports were heard.`);
          return ms;
        }),
    });

    const named = (name: string) => ({ bench: 'progress', case: name, unit: 'ms' });
    return [
      figure(named('silent'), times.silent),
      figure(
        named('reported once'),
        times.telling,
        { case: 'silent', samples: times.silent },
        {
          on: 'ratio',
          atMost: 1.05,
        },
      ),
    ];
  },
};
