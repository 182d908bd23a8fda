/**
 * Makespan: how long a random weighted DAG takes, from nearly a chain to broad, against what no executor could beat:
 * the longest path, or an even share of the work. Beside it a list schedule that costs nothing, worked out and not run, and the same
 * schedule by hand over bare threads, which is the machine's limit.
 */
import { type AnyTask, type AnyUnit, graph, ThreadPoolTaskExecutor } from 'taskloom';
import { BareThreads } from './bare-threads.ts';
import { calibrate, workTime } from './calibrate.ts';
import { timedRun } from './compiled.ts';
import { type Figure, figure, type Samples } from './figure.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { type Dag, listSchedule, lowerBound, pathsBelow, randomDag, sum } from './random-dag.ts';
import { interleave, timed } from './rounds.ts';
import { noOp, spinFor } from './tasks.ts';

/** How far back a task's predecessors are. */
const REACHES = [2, 3, 8, 32];
const TASKS = { full: 120, quick: 8 };
/** Runs of the DAG with tasks of nothing before it is measured: 120 tasks of some ms are over before V8 has compiled what they run. */
const WARM_UP = { full: 200, quick: 1 };

export const makespan: Question = {
  name: 'makespan',
  asks: 'How long do random weighted DAGs take, against the longest path or an even share of the work?',
  async answer(scale) {
    const turnsOfOne = calibrate(scale);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    await using bare = new BareThreads(THREADS);
    const figures: Figure[] = [];
    for (const reach of REACHES) figures.push(...(await ask(reach, turnsOfOne, { executor, bare }, scale)));
    return figures;
  },
};

async function ask(
  reach: number,
  turnsOfOne: number,
  { executor, bare }: { readonly executor: ThreadPoolTaskExecutor; readonly bare: BareThreads },
  { quick, rounds }: Scale,
): Promise<readonly Figure[]> {
  const dag = randomDag(1, quick ? TASKS.quick : TASKS.full, reach);
  const turns = dag.weights.map((ms) => Math.round(ms * turnsOfOne));
  const flow = flowOf(dag, (task, name) => spinFor.as(name, { inject: { turns: turns[task] ?? 0 } }));
  const nothing = flowOf(dag, (_, name) => noOp.as(name));
  for (let at = 0; at < (quick ? WARM_UP.quick : WARM_UP.full); at++) await timedRun(nothing, executor);
  const paths = pathsBelow(dag);
  const times = await interleave(rounds, {
    work: () => workTime(turns),
    bare: () => timed(() => bare.perform(dag, turns, paths)),
    threads: () => timedRun(flow, executor),
  });

  // The weights are in ms of a machine at its best; in each round they are held against what the work took then.
  const weighed = sum(dag.weights);
  const inRound = (ms: number): Samples => times.work.map((work) => (ms * work) / weighed);
  const named = (name: string) => ({ bench: 'makespan', case: `reach ${reach}, ${name}`, unit: 'ms' });
  const bound = {
    case: `reach ${reach}, lower bound`,
    samples: inRound(lowerBound(dag, THREADS)),
  };
  return [
    figure(named('lower bound'), bound.samples),
    figure(named('list schedule on paper'), inRound(listSchedule(dag, THREADS)), bound),
    figure(named('by hand, bare threads'), times.bare, bound),
    figure(named('taskloom'), times.threads, bound, { on: 'ratio', atMost: 1.05 }),
  ];
}

function flowOf(dag: Dag, taskOf: (task: number, name: string) => AnyTask): AnyUnit {
  const tasks = dag.weights.map((_, n) => taskOf(n, `task-${n}`));
  const flow = graph('dag').add(tasks);
  tasks.forEach((task, n) => {
    for (const each of dag.before[n] ?? []) {
      const from = tasks[each];
      if (from !== undefined) flow.link(from, task);
    }
  });
  return flow;
}
