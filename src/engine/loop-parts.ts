/** What the parts of a run work on, and what the engine's options say about failures. */
import type { Compilation } from '../compile/compilation.ts';
import type { Notifier } from '../notifier.ts';
import { KeptFlow } from '../storage/kept-flow.ts';
import { Storage } from '../storage/storage.ts';
import type { Commits } from './commits.ts';
import { type EngineEvents, type Teller, tellLater } from './events.ts';
import { Moves } from './moves.ts';
import { Selector } from './selector.ts';

export interface LoopParts {
  readonly compilation: Compilation;
  /** What `storage` reads. */
  readonly kept: KeptFlow;
  readonly storage: Storage;
  readonly selector: Selector;
  readonly moves: Moves;
  readonly notifier: Teller;
  /** Null: what changes is written nowhere. */
  readonly commits: Commits | null;
}

/** The parts of an engine, before anything is known of its flow. */
export function newLoopParts(
  compilation: Compilation,
  flowId: string,
  listeners: Notifier<EngineEvents>,
  commits: Commits | null,
): LoopParts {
  const kept = new KeptFlow(commits?.journal ?? null);
  const storage = new Storage(compilation, flowId, kept);
  const selector = new Selector(compilation, (node) => storage.recordAt(node));
  const notifier = commits === null ? listeners : tellLater(listeners, (action) => commits.afterAll(action));
  const moves = new Moves(storage, selector, notifier);
  return { compilation, kept, storage, selector, moves, notifier, commits };
}

export interface FailurePolicy {
  readonly deferReverts: boolean;
  readonly neverResolve: boolean;
}
