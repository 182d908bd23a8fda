/**
 * Wavefront: a square of tasks, each of which waits for those above and to the left of it. At its corners there is
 * little to do at once, and everywhere a task becomes ready only when two others have ended.
 */
import { ThreadPoolTaskExecutor } from 'taskloom';
import { BareThreads, shareOut } from './bare-threads.ts';
import { calibrate, workTime } from './calibrate.ts';
import { timedRun } from './compiled.ts';
import { figure, type Samples, zip } from './figure.ts';
import { gridOf } from './no-op-flows.ts';
import { type Question, THREADS } from './question.ts';
import { interleave, timed } from './rounds.ts';
import { spinFor } from './tasks.ts';

const SIDE = { full: 300, quick: 10 };
/** ms of each task. */
const TASK = 0.1;
/** Of the tasks, what is run in a plain loop and on bare threads: the whole would take longer than all else here. */
const PART = 0.2;

export const wavefront: Question = {
  name: 'wavefront',
  asks: `How much of the threads’ time is work in a square of tasks of ${TASK * 1000} µs?`,
  async answer(scale) {
    const side = scale.quick ? SIDE.quick : SIDE.full;
    const turns = Math.round(calibrate(scale) * TASK);
    const part = Array.from({ length: side * side * PART }, () => turns);
    const shares = shareOut(part, THREADS);
    const cells = Array.from({ length: side * side }, (_, n) => spinFor.as(`${n}`, { inject: { turns } }));
    const flow = gridOf(cells, side);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    await using bare = new BareThreads(THREADS);
    const times = await interleave(scale.rounds, {
      work: () => workTime(part),
      bare: () => timed(() => bare.spin(shares)),
      threads: () => timedRun(flow, executor),
    });

    const efficient = (walls: Samples): Samples =>
      zip(times.work, walls, (work, wall) => work / (THREADS * wall));
    const named = (name: string) => ({ bench: 'wavefront', case: name, unit: 'work / (threads × wall)' });
    const limit = { case: 'bare threads', samples: efficient(times.bare) };
    const ofPart = times.threads.map((ms) => ms * PART);
    return [
      figure(named(limit.case), limit.samples),
      figure(named('taskloom'), efficient(ofPart), limit, { on: 'value', atLeast: 0.85 }),
    ];
  },
};
