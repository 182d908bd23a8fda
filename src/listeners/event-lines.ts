/** A state change in one line, the same for all who write it. */
import type { AtomEvent, EngineEvents, FlowEvent } from '../engine/events.ts';
import type { Listener } from '../notifier.ts';
import { oneLine } from './masking.ts';

/** What a listener needs of an engine. */
export interface Heard {
  on<K extends keyof EngineEvents>(kind: K, listener: Listener<EngineEvents[K]>): () => void;
}

export function flowLine({ name, state, oldState }: FlowEvent): string {
  return `flow '${oneLine(name)}' ${oldState} → ${state}`;
}

export function atomLine({ kind, name, state, oldState, failure }: AtomEvent): string {
  const why = failure === null ? '' : `: ${oneLine(`${failure.name}: ${failure.message}`)}`;
  return `${kind} '${oneLine(name)}' ${oldState} → ${state}${why}`;
}
