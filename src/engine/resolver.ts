/**
 * Applies what failures mean: new intentions, and what is called back because of them. What a failure means, resolution.ts
 * says; what the intentions lead to, the selector.
 */
import { type AtomNode, isAtom, type Node, nodesBehind, type RetryNode } from '../compile/node.ts';
import type { Failure } from '../failure.ts';
import { errorFrom } from '../revival.ts';
import type { Action, Arrival } from './arrival.ts';
import type { Questions } from './asking.ts';
import type { FailurePolicy, LoopParts } from './loop-parts.ts';
import { type Resolution, resolve } from './resolution.ts';

export interface ResolverHost {
  readonly questions: Questions<Arrival>;
  /** Where what a retry answers goes: at once, and later. */
  readonly answers: { now(arrival: Arrival): void; late(arrival: Arrival): void };
  /** Calls back what has not begun: all of it, or one action, or that of some atoms. */
  withdraw(action?: Action, among?: ReadonlySet<Node>): void;
}

export class Resolver {
  readonly #parts: LoopParts;
  readonly #policy: FailurePolicy;
  readonly #host: ResolverHost;
  /** Errors that stop the run itself, by atom: failed reverts. */
  readonly fatal: Map<string, Error>;
  #isTakingBack = false;

  constructor(parts: LoopParts, policy: FailurePolicy, host: ResolverHost) {
    this.#parts = parts;
    this.#policy = policy;
    this.#host = host;
    this.fatal = new Map(parts.storage.revertFailures);
  }

  /** True once everything is being reverted. */
  get isTakingBack(): boolean {
    return this.#isTakingBack;
  }

  /**
   * Without a retry around the atom all is taken back; else that is asked, and until it answers nothing behind it starts.
   *
   * @param culprit - Whose failure it is, where that is another: an item of the atom, which is a map
   */
  resolve(
    node: AtomNode,
    culprit: string = node.name,
    failure: Failure | null = this.#failureOf(node),
  ): void {
    const { moves, storage } = this.#parts;
    const { deferReverts, neverResolve } = this.#policy;
    if (neverResolve) {
      if (failure !== null) this.stop(culprit, errorFrom(failure));
    } else if (node.retry === null) {
      this.takeBack();
    } else {
      const { questions, answers, withdraw } = this.#host;
      const about = new Set<Node>();
      const onAsk = (retry: RetryNode): void => {
        for (const each of [retry, ...nodesBehind(retry)]) about.add(each);
        withdraw('execute', about);
      };
      const found = (resolution: Resolution): Arrival => ({ kind: 'resolved', resolution });
      const failed = (thrown: unknown): never => {
        throw thrown;
      };
      const asking = resolve(node, { name: culprit, failure }, { storage, moves, deferReverts, onAsk });
      questions.ask(about, asking, { found, failed }, answers);
    }
  }

  /** Resolves what failed in an earlier run of this engine and was not resolved then. */
  resolveLeftovers(): void {
    const { compilation, storage } = this.#parts;
    if (storage.isNew) return;
    for (const node of compilation.atoms.values()) {
      const { state, intention } = storage.recordAt(node);
      if (state === 'FAILURE' && intention === 'EXECUTE') this.resolve(node);
    }
  }

  apply(resolution: Resolution): void {
    const { moves, storage } = this.#parts;
    if (resolution.kind === 'revert-all') {
      this.takeBack();
      return;
    }
    const { kind, retry } = resolution;
    // What is to be reverted anyway is not tried again.
    if (storage.recordAt(retry).intention === 'REVERT') return;
    const behind = nodesBehind(retry);
    this.#host.withdraw('execute', behind);
    moves.setIntention(retry, kind === 'retry' ? 'RETRY' : 'REVERT');
    for (const node of behind) if (isAtom(node)) moves.setIntention(node, 'REVERT');
  }

  /** The run can't go on: nothing more is sent off, and the flow ends in FAILURE. */
  stop(atom: string, error: Error): void {
    this.fatal.set(atom, error);
    this.#host.withdraw();
    this.#host.questions.drop();
  }

  /** Gives every atom the intention REVERT, so that no more start and all that ran are undone. Linear in atoms. */
  takeBack(): void {
    const { compilation, moves } = this.#parts;
    this.#isTakingBack = true;
    this.#host.questions.drop();
    this.#host.withdraw('execute');
    for (const node of compilation.atoms.values()) moves.setIntention(node, 'REVERT');
  }

  #failureOf(node: AtomNode): Failure | null {
    return this.#parts.storage.recordAt(node).failure;
  }
}
