/** What an engine spent its time on, and how far its flow is. */
import type { Compilation } from '../compile/compilation.ts';
import type { AtomState, EngineState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';

const STEPS = ['RESUMING', 'SCHEDULING', 'WAITING', 'ANALYZING'] as const;
type Step = (typeof STEPS)[number];

export interface Statistics {
  /** ms spent in each of the engine's states; WAITING is the time in which only tasks ran. */
  readonly elapsed: Readonly<Record<Step, number>>;
  /** ms in which a run was going on. */
  readonly activeFor: number;
  /** Atoms that are SUCCESS or IGNORE. */
  readonly completed: number;
  /** The other atoms. */
  readonly incomplete: number;
  /** Atoms that are RUNNING or REVERTING. */
  readonly awaiting: number;
  /**
   * Failures of execute that were resolved, by a retry or by reverting, over all runs: all but those with
   * `neverResolve`, which end the run as they are (TaskFlow `builder.py`, `discarded_failures`).
   */
  readonly discardedFailures: number;
}

/** Adds up the time in each state. */
export class RunClock {
  readonly elapsed: Record<Step, number> = { RESUMING: 0, SCHEDULING: 0, WAITING: 0, ANALYZING: 0 };
  #in: Step | null = null;
  #since = 0;

  enter(state: EngineState): void {
    this.leave();
    this.#in = isStep(state) ? state : null;
  }

  leave(): void {
    const now = performance.now();
    if (this.#in !== null) this.elapsed[this.#in] += now - this.#since;
    this.#in = null;
    this.#since = now;
  }
}

function isStep(state: EngineState): state is Step {
  return state === 'WAITING' || state === 'ANALYZING' || state === 'SCHEDULING' || state === 'RESUMING';
}

const COMPLETED: ReadonlySet<AtomState> = new Set(['SUCCESS', 'IGNORE']);
const AWAITED: ReadonlySet<AtomState> = new Set(['RUNNING', 'REVERTING']);

export function statisticsOf(
  compilation: Compilation,
  storage: Storage,
  { elapsed }: RunClock,
  discardedFailures: number,
): Statistics {
  let [completed, awaiting] = [0, 0];
  for (const node of compilation.atoms.values()) {
    const { state } = storage.recordAt(node);
    if (COMPLETED.has(state)) completed++;
    if (AWAITED.has(state)) awaiting++;
  }
  return {
    elapsed: { ...elapsed },
    activeFor: STEPS.reduce((sum, step) => sum + elapsed[step], 0),
    completed,
    incomplete: compilation.atoms.size - completed,
    awaiting,
    discardedFailures,
  };
}
