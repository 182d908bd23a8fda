/** Keeps the state changes in a list, for tests. */
import type { AtomEvent, FlowEvent } from '../engine/events.ts';
import type { AtomState, FlowState } from '../states.ts';
import type { AtomKind } from '../storage/atom-record.ts';
import type { Heard } from './event-lines.ts';
import { type Stop, stopOf } from './stop.ts';

/** A state change: whose, its name, the state that it entered, and the whole event. */
export type CapturedEvent =
  | readonly [kind: 'flow', name: string, state: FlowState, details: FlowEvent]
  | readonly [kind: AtomKind, name: string, state: AtomState, details: AtomEvent];

export interface Capture extends Disposable {
  /** In the order in which they came; grows while it is listened. */
  readonly events: readonly CapturedEvent[];
  readonly stop: Stop;
}

/** Keeps every state change of the flow and of its atoms, until it is stopped. */
export function captureEvents(engine: Heard): Capture {
  const events: CapturedEvent[] = [];
  const stop = stopOf(
    engine.on('flow', (event) => void events.push(['flow', event.name, event.state, event])),
    engine.on('atom', (event) => void events.push([event.kind, event.name, event.state, event])),
  );
  return { events, stop, [Symbol.dispose]: stop };
}
