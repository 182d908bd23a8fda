/** Keeps when atoms entered their states, and how long they took, among the notes of each (`storage.metadata`). */
import type { AtomEvent } from '../engine/events.ts';
import { type AtomState, isRevertGivenBack } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import type { Heard } from './event-lines.ts';
import { type Stop, stopOf } from './stop.ts';

/** What is heard, and where the notes are kept. */
interface Recorded extends Heard {
  readonly storage: Pick<Storage, 'annotate'>;
}

const BEGINS: ReadonlySet<AtomState> = new Set(['RUNNING', 'REVERTING']);

/**
 * Notes `duration` with each atom: ms from RUNNING, or from REVERTING, to the state that ended it; of several attempts
 * the last. What the crossing to a thread and back takes is in it; `elapsed` of the event is the task's own code alone.
 *
 * @returns what stops it
 */
export function recordDurations(engine: Recorded): Stop {
  const begun = new Map<string, number>();
  const heard = ({ name, state, oldState }: AtomEvent): void => {
    const now = performance.now();
    const since = begun.get(name);
    begun.delete(name);
    if (BEGINS.has(state)) begun.set(name, now);
    else if (since !== undefined && state !== 'PENDING' && !isRevertGivenBack(state, oldState))
      engine.storage.annotate(name, { duration: now - since });
  };
  return stopOf(engine.on('atom', heard));
}

/**
 * Notes `<STATE>-timestamp` with each atom, such as `SUCCESS-timestamp`: when it last entered that state, in ms since
 * 1970.
 *
 * @returns what stops it
 */
export function recordTimestamps(engine: Recorded): Stop {
  return stopOf(
    engine.on('atom', ({ name, state, at }) => engine.storage.annotate(name, { [`${state}-timestamp`]: at })),
  );
}
