/**
 * What an executor has learned of a flow's tasks, and what an earlier process had, by names that hold from one process to the
 * next: that of the definition and of the file it stands in. A name that stands for two tasks does no harm: what is learned only
 * decides how many travel together, and who goes first.
 */
import type { Compilation } from '../compile/compilation.ts';
import type { TaskExecutor } from '../executor/executor.ts';
import type { AnyTask, Work } from '../flow/unit.ts';
import type { DurationDetail } from '../persistence/records.ts';

const ACTIONS = ['execute', 'revert'] as const;

export class Learning {
  readonly #executor: TaskExecutor;
  /** One task of each definition. */
  readonly #tasks: readonly AnyTask[];
  /** From how many times is what is kept, by name. */
  readonly #kept = new Map<string, number>();

  constructor(compilation: Compilation, executor: TaskExecutor) {
    this.#executor = executor;
    this.#tasks = executor.durations === undefined ? [] : definitionsIn(compilation);
  }

  /** True when nothing is to be learned from earlier processes: an earlier run has, or there is nothing to learn. */
  get knowsAll(): boolean {
    const { durations } = this.#executor;
    return this.#tasks.every(({ work }) => durations?.learned(work, 'execute') != null);
  }

  teach(details: readonly DurationDetail[]): void {
    const known = new Map(details.map((detail) => [detail.task, detail]));
    for (const task of this.#tasks) {
      for (const action of ACTIONS) {
        const detail = known.get(nameOf(task.work, action));
        if (detail === undefined) continue;
        this.#kept.set(detail.task, detail.times);
        this.#executor.durations?.teach(task.work, action, detail);
      }
    }
  }

  /** What was learned since and is worth to be kept: from twice as many times as what is. */
  news(): readonly DurationDetail[] {
    const news: DurationDetail[] = [];
    for (const task of this.#tasks) {
      for (const action of ACTIONS) {
        const learned = this.#executor.durations?.learned(task.work, action) ?? null;
        const name = nameOf(task.work, action);
        if (learned === null || learned.times < 2 * (this.#kept.get(name) ?? 0)) continue;
        this.#kept.set(name, learned.times);
        news.push({ task: name, mean: learned.mean, times: learned.times });
      }
    }
    return news;
  }
}

function definitionsIn({ atoms }: Compilation): readonly AnyTask[] {
  const found = new Map<Work, AnyTask>();
  for (const { atom } of atoms.values()) {
    const task = atom.kind === 'map' ? atom.task : atom;
    if (task.kind === 'task' && task.work.module !== null) found.set(task.work, task);
  }
  return [...found.values()];
}

function nameOf({ module, name }: Work, action: (typeof ACTIONS)[number]): string {
  return `${module?.split('/').at(-1) ?? ''}#${name} ${action}`;
}
