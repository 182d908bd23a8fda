/** Random weighted DAGs, and what can be said of their makespan without running them. */
import { randomFrom } from './random.ts';

export interface Dag {
  /** ms of each task. */
  readonly weights: readonly number[];
  /** For each task, those that it waits for: all of them before it in the list. */
  readonly before: readonly (readonly number[])[];
}

/** Each task weighs 1 to 10 ms and waits for one to three of the `reach` tasks before it: the nearer, the deeper the graph. */
export function randomDag(seed: number, tasks: number, reach: number): Dag {
  const random = randomFrom(seed);
  const weights: number[] = [];
  const before: number[][] = [];
  for (let n = 0; n < tasks; n++) {
    weights.push(1 + 9 * random());
    const wanted = n === 0 ? 0 : 1 + Math.floor(random() * 3);
    const picks = Array.from({ length: wanted }, () => Math.max(0, n - 1 - Math.floor(random() * reach)));
    before.push([...new Set(picks)]);
  }
  return { weights, before };
}

/** ms below which nothing can go on this many threads: the longest path, or an even share of all the work. */
export function lowerBound(dag: Dag, threads: number): number {
  const ends: number[] = [];
  dag.weights.forEach((weight, n) => {
    ends.push(weight + Math.max(0, ...(dag.before[n] ?? []).map((each) => ends[each] ?? 0)));
  });
  return Math.max(...ends, sum(dag.weights) / threads);
}

/** ms that it takes when no start costs anything and, of the ready tasks, the one with the longest path goes first. */
export function listSchedule(dag: Dag, threads: number): number {
  const paths = pathsBelow(dag);
  const waiting = dag.before.map((each) => each.length);
  const ready = [...waiting.keys()].filter((n) => waiting[n] === 0);
  const running: { readonly task: number; readonly ends: number }[] = [];
  let now = 0;
  for (let left = dag.weights.length; left > 0; left--) {
    ready.sort((a, b) => (paths[a] ?? 0) - (paths[b] ?? 0));
    while (running.length < threads && ready.length > 0) {
      const task = ready.pop() ?? 0;
      running.push({ task, ends: now + (dag.weights[task] ?? 0) });
    }
    running.sort((a, b) => b.ends - a.ends);
    const done = running.pop();
    now = done?.ends ?? now;
    dag.before.forEach((each, n) => {
      if (done === undefined || !each.includes(done.task)) return;
      waiting[n] = (waiting[n] ?? 0) - 1;
      if (waiting[n] === 0) ready.push(n);
    });
  }
  return now;
}

/** The weight of the longest path from each task to the end, its own included. */
export function pathsBelow(dag: Dag): readonly number[] {
  const paths = [...dag.weights];
  for (let n = paths.length - 1; n >= 0; n--) {
    for (const each of dag.before[n] ?? [])
      paths[each] = Math.max(paths[each] ?? 0, (dag.weights[each] ?? 0) + (paths[n] ?? 0));
  }
  return paths;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
