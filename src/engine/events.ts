/** What an engine tells, typed: one interface per event. Values stay closed until a listener reads them. */
import { TaskloomError } from '../errors.ts';
import type { LogLevel } from '../flow/context.ts';
import type { Nothing } from '../flow/symbols.ts';
import { hint } from '../hint.ts';
import type { Notifier } from '../notifier.ts';
import { A_NAME, checkOptions } from '../options.ts';
import type { WorkEvent } from '../protocol/messages.ts';
import type { AtomState, FlowState } from '../states.ts';
import type { AtomKind } from '../storage/atom-record.ts';
import type { Storage } from '../storage/storage.ts';

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
  /** The atom's name; of an item of a map, that of the map and its position: `thumbnails[17]`. */
  readonly name: string;
  readonly kind: AtomKind;
  /** Of an item of a map, and of the retry of one, its position; else null. */
  readonly index: number | null;
  readonly flowId: string;
  /**
   * One that a worker gave back before it began, from its batch, stands where it stood before: PENDING, or, where it was to be
   * reverted, SUCCESS or FAILURE once more, with `oldState` REVERTING and `elapsed` null.
   */
  readonly state: AtomState;
  readonly oldState: AtomState;
  /** When, in ms since 1970. */
  readonly at: number;
  /** ms in the task's own code, measured where it ran, and of a map from its first item to its last; null for states that no code led to. */
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

/** A task told of something of its own. */
export interface NoticeEvent {
  readonly name: string;
  readonly flowId: string;
  /** What the task calls it. */
  readonly event: string;
  readonly details: unknown;
  readonly at: number;
}

/** What `engine.on(kind, listener)` can hear. */
export interface EngineEvents {
  readonly flow: FlowEvent;
  readonly atom: AtomEvent;
  readonly progress: ProgressEvent;
  readonly log: LogEvent;
  readonly notice: NoticeEvent;
}

/** Of which atom the events are to be heard; those of the flow are of none. */
export type ListenOptions<K extends keyof EngineEvents = keyof EngineEvents> = K extends 'flow'
  ? Nothing
  : {
      /** The name of an atom. It need not be in the flow: the flow may not be compiled yet. Default: every atom. */
      readonly atom?: string;
    };

/** Tells what happened, to whoever listens. */
export type Teller = Pick<Notifier<EngineEvents>, 'has' | 'tell'>;

/** Tells it when what happened is written. */
export function tellLater(notifier: Notifier<EngineEvents>, after: (action: () => void) => void): Teller {
  return {
    has: (kind, about) => notifier.has(kind, about),
    tell: (kind, event, about) => {
      if (notifier.has(kind, about)) after(() => notifier.tell(kind, event, about));
    },
  };
}

const KINDS: readonly (keyof EngineEvents)[] = ['flow', 'atom', 'progress', 'log', 'notice'];

/** Returns the name of the atom that is to be heard, if it is only one. @throws TaskloomError OPTION_INVALID */
export function checkListener(kind: string, listener: unknown, options: object): string | undefined {
  const details = { kind };
  if (!KINDS.includes(kind as keyof EngineEvents)) {
    const message = `An engine has no events '${kind}'.${hint(String(kind), KINDS)} There are: ${KINDS.join(', ')}.`;
    throw new TaskloomError('OPTION_INVALID', message, { details });
  }
  if (typeof listener !== 'function') {
    throw new TaskloomError('OPTION_INVALID', `The listener of '${kind}' must be a function.`, { details });
  }
  checkOptions(options, kind === 'flow' ? {} : { atom: A_NAME }, `on('${kind}')`);
  return (options as ListenOptions<'atom'>).atom;
}

/** Keeps what a task says while it runs, and tells it. */
export function tellWorkEvent(name: string, event: WorkEvent, storage: Storage, notifier: Teller): void {
  const about = { name, flowId: storage.flowId, at: Date.now() };
  switch (event.kind) {
    case 'progress': {
      const { fraction, details } = event;
      storage.setProgress(name, fraction, details);
      notifier.tell('progress', { ...about, fraction, details }, name);
      return;
    }
    case 'log': {
      const { level, message, details } = event;
      notifier.tell('log', { ...about, level, message, details }, name);
      return;
    }
    case 'notice':
      notifier.tell('notice', { ...about, event: event.event, details: event.details }, name);
  }
}
