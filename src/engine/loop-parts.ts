/** What the parts of a run work on, and what the engine's options say about failures. */
import type { Compilation } from '../compile/compilation.ts';
import type { Notifier } from '../notifier.ts';
import type { Storage } from '../storage/storage.ts';
import type { EngineEvents } from './events.ts';
import type { Moves } from './moves.ts';
import type { Selector } from './selector.ts';

export interface LoopParts {
  readonly compilation: Compilation;
  readonly storage: Storage;
  readonly selector: Selector;
  readonly moves: Moves;
  readonly notifier: Notifier<EngineEvents>;
}

export interface FailurePolicy {
  readonly deferReverts: boolean;
  readonly neverResolve: boolean;
}
