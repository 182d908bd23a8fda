/** What an engine tells, typed: one interface per event. Values stay closed until a listener reads them. */
import type { LogLevel } from '../flow/context.ts';
import type { AtomState, FlowState } from '../states.ts';

export interface FlowEvent {
  /** The flow's name. */
  readonly name: string;
  readonly flowId: string;
  readonly state: FlowState;
  readonly oldState: FlowState;
  /** When, in ms since 1970. */
  readonly at: number;
}

export interface AtomEvent {
  /** The atom's name. */
  readonly name: string;
  readonly kind: 'task' | 'retry';
  readonly flowId: string;
  readonly state: AtomState;
  readonly oldState: AtomState;
  /** When, in ms since 1970. */
  readonly at: number;
  /** ms in the task's own code, measured where it ran; null for states that no code led to. */
  readonly elapsed: number | null;
  /** What execute (SUCCESS) or revert (REVERTED) returned; decoded anew each time that it is read. */
  readonly result: unknown;
  /** What execute (FAILURE) or revert (REVERT_FAILURE) threw; else null. */
  readonly failure: Error | null;
}

/** A task said how far it is. */
export interface ProgressEvent {
  readonly name: string;
  readonly flowId: string;
  /** From 0 to 1. */
  readonly fraction: number;
  readonly details: unknown;
  readonly at: number;
}

/** A task wrote a log line. */
export interface LogEvent {
  readonly name: string;
  readonly flowId: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly details: unknown;
  readonly at: number;
}

/** What `engine.on(kind, listener)` can hear. */
export interface EngineEvents {
  readonly flow: FlowEvent;
  readonly atom: AtomEvent;
  readonly progress: ProgressEvent;
  readonly log: LogEvent;
}
