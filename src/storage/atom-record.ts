/** What is known of one atom in one run. Only storage/ and the engine's one door (engine/moves.ts) write it. */
import type { Failure } from '../failure.ts';
import type { Take } from '../flow/symbols.ts';
import type { Value } from '../protocol/codec.ts';
import type { AtomState, Intention } from '../states.ts';

export interface AtomRecord {
  readonly name: string;
  state: AtomState;
  intention: Intention;
  /** How often execute has begun. */
  attempt: number;
  /** The closed result of execute; kept after a revert, but then hidden from fetch. */
  result: Value;
  /** The parts that symbols stand for and that the result lacks. */
  absent: readonly Take[];
  /** What execute threw. */
  failure: Failure | null;
  /** False when execute failed before the task's code ran, so that there is nothing to undo. */
  began: boolean;
  revertResult: Value;
  revertFailure: Failure | null;
  /** From 0 to 1. */
  progress: number;
  progressDetails: unknown;
  metadata: Record<string, unknown> | null;
}

export function newRecord(name: string): AtomRecord {
  return {
    name,
    state: 'PENDING',
    intention: 'EXECUTE',
    attempt: 0,
    result: undefined,
    absent: NONE,
    failure: null,
    began: false,
    revertResult: undefined,
    revertFailure: null,
    progress: 0,
    progressDetails: undefined,
    metadata: null,
  };
}

const NONE: readonly Take[] = [];

/** Puts an atom back to where it has not run. */
export function clearRecord(record: AtomRecord): void {
  Object.assign(record, { ...newRecord(record.name), attempt: record.attempt, metadata: record.metadata });
}
