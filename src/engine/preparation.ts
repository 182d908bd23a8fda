/**
 * What comes before a run: takes up what is kept of the flow, makes it this engine's own, and puts the store's values in; and
 * what may be changed between two runs.
 */
import type { AtomNode, Node } from '../compile/node.ts';
import { DEFAULT_LOGBOOK } from '../persistence/backend.ts';
import { type AtomState, isGoingBack, RESETTABLE } from '../states.ts';
import { freshFlow } from './engine-backend.ts';
import type { LoopParts } from './loop-parts.ts';
import type { AnyEngineOptions } from './options.ts';
import { isRunning } from './refusals.ts';

export interface RewindOptions {
  /** The name of an atom. Default: only what failed or was reverted is put back. */
  readonly from?: string;
}

export class Preparation {
  readonly #parts: LoopParts;
  readonly #options: AnyEngineOptions;
  /** What is kept is taken up, and the store's values are in. */
  isDone = false;

  constructor(parts: LoopParts, options: AnyEngineOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Without making the flow this engine's own. */
  look(): undefined | Promise<void> {
    const { commits, kept } = this.#parts;
    if (commits !== null && !this.isDone) return commits.look(kept).then(() => this.adopt());
    this.adopt();
    return undefined;
  }

  /** Makes the flow this engine's own, as it is kept now; one that a process left in its midst is SUSPENDED. */
  async claim(): Promise<void> {
    const { commits, compilation, kept, storage, moves } = this.#parts;
    const { logbook = DEFAULT_LOGBOOK, factory } = this.#options;
    if (await commits?.open(freshFlow(compilation, logbook, factory), kept)) this.isDone = false;
    if (storage.flowState === 'RUNNING' || storage.flowState === 'SUSPENDING') moves.moveFlow('RESUMING');
    if (storage.flowState === 'RESUMING') moves.moveFlow('SUSPENDED');
  }

  /** Once what is kept is known. @throws as `Engine.prepare` */
  adopt(): void {
    const { storage, moves, kept } = this.#parts;
    const { store, secret = [], onVersionChange = 'keep', injectTransient = true } = this.#options;
    for (const node of storage.adopt(onVersionChange)) moves.resetAtom(node);
    if (storage.flowState === 'REVERTED') this.#resetAll();
    if (this.isDone) return;
    kept.addSecrets(secret);
    storage.inject({ ...store });
    if (!injectTransient) storage.keepInjected();
    this.isDone = true;
  }

  /** @throws TaskloomError ENGINE_STATE_INVALID while the flow runs */
  reset(): void {
    const { storage } = this.#parts;
    if (!RESETTABLE.includes(storage.flowState)) throw isRunning(storage.flowName);
    this.#resetAll();
  }

  /** As `Engine.rewind`. */
  rewind(from: string | undefined): void {
    const { compilation, storage, moves, kept } = this.#parts;
    const back = new Set<Node>();
    if (from !== undefined) back.add(startOf(storage.nodeOf(from)));
    for (const node of compilation.atoms.values()) if (LOST.has(storage.recordAt(node).state)) back.add(node);
    for (const node of back) for (const behind of node.successors) back.add(behind);
    for (const node of compilation.atoms.values()) {
      if (back.has(node)) moves.resetAtom(node);
      // Also of a retry that was taking back what lies behind it: that stands again, and its attempt goes on.
      else if (isGoingBack(storage.recordAt(node).intention)) moves.setIntention(node, 'EXECUTE');
    }
    kept.aborted = null;
    if (storage.flowState === 'REVERTED') moves.resetFlow();
  }

  #resetAll(): void {
    const { compilation, moves } = this.#parts;
    for (const node of compilation.atoms.values()) moves.resetAtom(node);
    moves.resetFlow();
  }
}

/** An item is put back with the whole map. */
function startOf(node: AtomNode): AtomNode {
  return node.item?.map ?? node;
}

/** What an atom has to be put back from, to be executed again. */
const LOST: ReadonlySet<AtomState> = new Set([
  'FAILURE',
  'REVERTING',
  'REVERTED',
  'REVERT_FAILURE',
  'PARTIAL',
]);
