/**
 * What is remembered of runs: logbook ─▶ flow detail ─▶ atom detail. Plain data, with what one may ask for in fields of its own;
 * values, and what else is known, are bytes that nobody on this floor opens.
 */
import type { AtomState, FlowState, Intention } from '../states.ts';

/** Flows that belong together, under a name. */
export interface LogbookDetail {
  readonly name: string;
  /** ms since 1970. */
  readonly createdAt: number;
  /** What its user notes with it. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Who runs a flow. */
export interface Owner {
  /** Of the engine: a uuid. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Names the process beyond its pid, which another may have later, and the machine beyond its name. */
  readonly process: string;
}

/** Where a flow comes from, so that it can be built again by who knows its id only. */
export interface Factory {
  /** Path of the module, relative to the root that the caller gave, with slashes. */
  readonly module: string;
  readonly export: string;
  /** As JSON: a list. */
  readonly args: string;
}

/** One run of a flow. */
export interface FlowDetail {
  readonly flowId: string;
  /** The flow's own name. */
  readonly name: string;
  readonly logbook: string;
  readonly state: FlowState;
  /** ms since 1970, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** How many atoms it has; of one to which nothing has happened yet there is no atom detail. */
  readonly atoms: number;
  /** The names of its units, nested, as JSON. */
  readonly outline: string;
  readonly factory: Factory | null;
  /** What somebody asked the owner for, who has not done it yet. */
  readonly asked: 'suspend' | null;
  /** Null when nobody runs it. */
  readonly owner: Owner | null;
  /** The owner's lease ends then, if it isn't renewed. */
  readonly expiresAt: number;
  /** How often it was claimed: what an earlier owner still writes is told from what this one writes. */
  readonly epoch: number;
  /** What else is known; see storage/details.ts. */
  readonly rest: Uint8Array | null;
}

/** A flow in a list of flows: its outline, which grows with its atoms, was not read, and is no field of it. */
export type FlowWithoutOutline = Omit<FlowDetail, 'outline'>;

export function withoutOutline({ outline: _, ...rest }: FlowDetail): FlowWithoutOutline {
  return rest;
}

/** A task, a retry or a map in one run, or an item of a map. */
export interface AtomDetail {
  readonly name: string;
  readonly kind: 'task' | 'retry' | 'map' | 'item';
  /** Of an item, and of an item's retry, the map's name. */
  readonly map: string | null;
  readonly version: string;
  readonly state: AtomState;
  readonly intention: Intention;
  /** How often execute has begun. */
  readonly attempt: number;
  /** It was handed to the task executor: though it is PENDING it may have begun when the process died. */
  readonly sent: boolean;
  /** The task's code has run. */
  readonly began: boolean;
  /** The result was let go, as the engine's option `keep` says. */
  readonly dropped: boolean;
  /** When this was written, in ms since 1970; this and `elapsed` come back to 15 digits. */
  readonly updatedAt: number;
  /** ms in the atom's own code, the last time that it ended; null when it did not. */
  readonly elapsed: number | null;
  /** What was thrown last, in words, for people who read the file. */
  readonly error: string | null;
  /** Closed; null: undefined, or none. */
  readonly result: Uint8Array | null;
  /** What else is known; see storage/details.ts. */
  readonly rest: Uint8Array | null;
}

/**
 * How an atom stands, for who only looks: `result` was not read. It is no field of it, so that nobody takes it for one that is
 * null.
 */
export type AtomWithoutResult = Omit<AtomDetail, 'result'>;

export function withoutResult({ result: _, ...rest }: AtomDetail): AtomWithoutResult {
  return rest;
}

/** How long a task takes, as learned by earlier runs. */
export interface DurationDetail {
  /** Names the definition and its action. */
  readonly task: string;
  /** ms. */
  readonly mean: number;
  readonly times: number;
}
