/**
 * Efficiency: how much of the threads' time is work, by how long a task is. The work is measured in the same round by
 * the same turns in a plain loop; beside it stands what bare threads reach with all tasks shared out beforehand, which
 * is the machine's limit, and when the main thread deals them out in their order, which is the limit of who doesn't know them.
 */
import { type AnyUnit, ThreadPoolTaskExecutor, unordered } from 'taskloom';
import { BareThreads, shareOut } from './bare-threads.ts';
import { calibrate, workTime } from './calibrate.ts';
import { timedRun } from './compiled.ts';
import { type Figure, figure, type Samples, zip } from './figure.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { randomFrom } from './random.ts';
import { interleave, timed } from './rounds.ts';
import { spinFor } from './tasks.ts';

/** The ms of each task, and what the efficiency should be. */
interface Load {
  readonly name: string;
  readonly goal: number;
  /** Tasks in a message, where they are dealt out by hand: about 2 ms, as long as they are known to be short. */
  readonly together: number;
  readonly tasks: readonly number[];
}

export const efficiency: Question = {
  name: 'efficiency',
  asks: 'How much of the threads’ time is work, by how long a task is?',
  async answer(scale) {
    const turnsOfOne = calibrate(scale);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    await using bare = new BareThreads(THREADS);
    const figures: Figure[] = [];
    for (const load of loadsOf(scale)) figures.push(...(await ask(load, turnsOfOne, executor, bare, scale)));
    return figures;
  },
};

/** ms of work in each: long enough that starting and ending are little of it. */
function loadsOf({ quick }: Scale): readonly Load[] {
  const [work, longWork] = quick ? [8, 30] : [800, 2000];
  return [
    { name: '20 µs', goal: 0.8, together: 100, tasks: equal(0.02, work) },
    { name: '100 µs', goal: 0.92, together: 20, tasks: equal(0.1, work) },
    { name: '1 ms', goal: 0.97, together: 2, tasks: equal(1, work) },
    { name: '10 µs to 50 ms', goal: 0.95, together: 1, tasks: heavyTailed(0.01, 50, longWork) },
  ];
}

/** As many for each thread, else the last one would run alone. */
function equal(ms: number, work: number): readonly number[] {
  return Array.from({ length: Math.ceil(work / ms / THREADS) * THREADS }, () => ms);
}

/** A bounded Pareto distribution of shape 0.5: half of the tasks are below 40 µs, half of the work is in those over 12 ms. */
function heavyTailed(least: number, most: number, work: number): readonly number[] {
  const random = randomFrom(7);
  const tasks: number[] = [];
  for (let sum = 0; sum < work; ) {
    const ms = least / (1 - random() * (1 - Math.sqrt(least / most))) ** 2;
    tasks.push(ms);
    sum += ms;
  }
  return tasks;
}

async function ask(
  { name, goal, together, tasks }: Load,
  turnsOfOne: number,
  executor: ThreadPoolTaskExecutor,
  bare: BareThreads,
  { rounds }: Scale,
): Promise<readonly Figure[]> {
  const turns = tasks.map((ms) => Math.round(ms * turnsOfOne));
  const shares = shareOut(turns, THREADS);
  const flow = flowOf(turns);
  const times = await interleave(rounds, {
    work: () => workTime(turns),
    bare: () => timed(() => bare.spin(shares)),
    dealt: () => timed(() => bare.ship(turns, together)),
    threads: () => timedRun(flow, executor),
  });

  const efficient = (walls: Samples): Samples =>
    zip(times.work, walls, (work, wall) => work / (THREADS * wall));
  const named = (how: string) => ({
    bench: 'efficiency',
    case: `${name}, ${how}`,
    unit: 'work / (threads × wall)',
  });
  const limit = { case: `${name}, bare threads`, samples: efficient(times.bare) };
  return [
    figure(named('bare threads'), limit.samples),
    figure(named('dealt out by hand'), efficient(times.dealt), limit),
    figure(named('taskloom'), efficient(times.threads), limit, { on: 'value', atLeast: goal }),
  ];
}

function flowOf(turns: readonly number[]): AnyUnit {
  return unordered('spins').add(turns.map((each, n) => spinFor.as(`spin-${n}`, { inject: { turns: each } })));
}
