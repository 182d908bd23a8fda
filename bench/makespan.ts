/**
 * Makespan: how long a random weighted DAG takes, from nearly a chain to broad, against what no executor could beat:
 * the longest path, or an even share of the work. Beside it a list schedule that costs nothing, worked out and not run.
 */
import { graph, ThreadPoolTaskExecutor } from 'taskloom';
import { calibrate, workTime } from './calibrate.ts';
import { timedRun } from './compiled.ts';
import { type Figure, figure, type Samples } from './figure.ts';
import { type Question, type Scale, THREADS } from './question.ts';
import { type Dag, listSchedule, lowerBound, randomDag, sum } from './random-dag.ts';
import { interleave } from './rounds.ts';
import { spinFor } from './tasks.ts';

/** How far back a task's predecessors are. */
const REACHES = [2, 3, 8, 32];
const TASKS = { full: 120, quick: 8 };

export const makespan: Question = {
  name: 'makespan',
  asks: 'How long do random weighted DAGs take, against the longest path or an even share of the work?',
  async answer(scale) {
    const turnsOfOne = calibrate(scale);
    await using executor = new ThreadPoolTaskExecutor({ threads: THREADS });
    const figures: Figure[] = [];
    for (const reach of REACHES) figures.push(...(await ask(reach, turnsOfOne, executor, scale)));
    return figures;
  },
};

async function ask(
  reach: number,
  turnsOfOne: number,
  executor: ThreadPoolTaskExecutor,
  { quick, rounds }: Scale,
): Promise<readonly Figure[]> {
  const dag = randomDag(1, quick ? TASKS.quick : TASKS.full, reach);
  const turns = dag.weights.map((ms) => Math.round(ms * turnsOfOne));
  const flow = flowOf(dag, turns);
  const times = await interleave(rounds, {
    work: () => workTime(turns),
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
    figure(named('taskloom'), times.threads, bound, { on: 'ratio', atMost: 1.05 }),
  ];
}

function flowOf(dag: Dag, turns: readonly number[]) {
  const tasks = turns.map((each, n) => spinFor.as(`task-${n}`, { inject: { turns: each } }));
  const flow = graph('dag').add(tasks);
  tasks.forEach((task, n) => {
    for (const each of dag.before[n] ?? []) {
      const from = tasks[each];
      if (from !== undefined) flow.link(from, task);
    }
  });
  return flow;
}
