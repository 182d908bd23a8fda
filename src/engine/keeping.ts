/**
 * Which results the engine's option `keep` lets go, and when: as soon as nobody in the flow can need one. Made anew for each run,
 * from what is known of the atoms; told of every change of their states.
 *
 * 1. An atom is settled when it is SUCCESS or IGNORE and meant to stay so, and all before it is; a retry is closed when all in
 *    its flow is settled. So what a retry can put back to PENDING lies in its flow, or is not settled: not even what a no has
 *    left out while something before it still ran.
 * 2. Who reads a result to execute claims it until it is settled; where a retry around the reader is not around the provider,
 *    until the outermost such retry is closed: until then that may run the reader again, and not the provider.
 * 3. What a retry takes is claimed until it is closed: it is asked about each failure in its flow.
 * 4. What reverts take, the own result of what can be reverted included, is claimed until the flow is SUCCESS; of an atom that
 *    was ignored only as long as it may be put back.
 * 5. A provider that is shadowed is claimed by what shadows it, until that has given the part (engine/uses.ts); where a retry may
 *    put that back with all its readers, and not the one that is shadowed, until it is closed: the next time the part may lack.
 */
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type Node, type RetryNode, type Source } from '../compile/node.ts';
import type { Storage } from '../storage/storage.ts';
import { readToExecute, readToRevert, shownToDeciders, takesItsResult } from './readings.ts';
import type { Selector } from './selector.ts';
import { type Use, Uses } from './uses.ts';

/** What an engine keeps of results: all, those that `run` resolves to, or none. */
export type Keep = 'all' | 'provided' | 'none';

/** Why a result is held. A shadow's is held while the use passes to what it shadows. */
interface Claim {
  readonly kind: 'execute' | 'revert' | 'shadow';
  readonly reader: AtomNode;
  readonly use: Use;
  isHeld: boolean;
}

export class Keeping {
  readonly #compilation: Compilation;
  readonly #storage: Storage;
  readonly #keep: 'provided' | 'none';
  readonly #isDone: (node: Node) => boolean;
  readonly #uses: Uses;
  /** By the index of the node: claims that may go when it is settled. */
  readonly #untilSettled: (Claim[] | undefined)[] = [];
  /** By the index of the retry: claims that may go when it is closed. */
  readonly #untilClosed: (Claim[] | undefined)[] = [];
  readonly #isSettled: Uint8Array;
  /** By the index of the retry: how much right in its flow is not settled, itself included; a flow with a retry counts as one. */
  readonly #open: Int32Array;
  /** By the index of the retry: how many retries are around it, itself included. */
  readonly #depth: Int32Array;
  /** True when the flow was SUCCESS as the run began, and nothing has been added to it. */
  readonly isOver: boolean;

  /** @param isDone - As the selector has it */
  constructor(
    compilation: Compilation,
    storage: Storage,
    keep: 'provided' | 'none',
    isDone: (node: Node) => boolean,
  ) {
    const { nodes, atoms } = compilation;
    this.#compilation = compilation;
    this.#storage = storage;
    this.#keep = keep;
    this.#isDone = isDone;
    this.#uses = new Uses(nodes.length, (node) => this.#dropIfSettled(node));
    this.#isSettled = new Uint8Array(nodes.length);
    this.#open = new Int32Array(nodes.length);
    this.#depth = new Int32Array(nodes.length);
    for (const node of atoms.values()) this.#place(node);
    for (const node of atoms.values()) this.#claimAll(node);
    if (keep === 'provided')
      for (const source of compilation.results.values()) this.#uses.acquire(this.#use(source));
    this.isOver = storage.flowState === 'SUCCESS' && [...atoms.values()].every((node) => this.#isDone(node));
    for (const node of atoms.values()) if (isDone(node)) this.#settle(node);
  }

  /** To be told after every change of an atom's state, when the selector knows of it. */
  changed(node: AtomNode): void {
    const isSettled = this.#isDone(node);
    if (isSettled === (this.#isSettled[node.index] === 1)) return;
    if (isSettled) this.#settleAll(node);
    else this.#unsettle(node);
  }

  /** The flow is SUCCESS: nothing runs again and nothing is reverted, so that only what `run` resolves to is kept. */
  finish(): void {
    const kept = new Set<AtomNode>();
    if (this.#keep === 'provided') {
      for (const nearest of this.#compilation.results.values()) {
        let source: Source | null = nearest;
        while (source !== null && this.#storage.values.provided(source) === null) source = source.previous;
        if (source !== null) kept.add(source.node);
      }
    }
    for (const node of this.#compilation.atoms.values()) {
      if (!kept.has(node)) this.#storage.drop(node);
      else if (node.kind === 'map') this.#storage.itemsOf(node).dropInputs();
    }
  }

  /** Counts an atom among those that hold open the retry around it; that one stands before it. */
  #place(node: AtomNode): void {
    if (node.kind === 'retry') {
      this.#open[node.index] = 1;
      this.#depth[node.index] = depthIn(this.#depth, node.retry) + 1;
    }
    if (node.retry !== null) this.#open[node.retry.index] = (this.#open[node.retry.index] as number) + 1;
  }

  #claimAll(node: AtomNode): void {
    const around = node.kind === 'retry' ? node : node.retry;
    for (const source of readToExecute(node)) this.#claim('execute', node, around, source);
    for (const source of readToRevert(node)) this.#claim('revert', node, around, source);
    // Nobody is asked before a retry runs another time.
    for (const source of shownToDeciders(node)) this.#claim('execute', node, node.retry, source);
    if (takesItsResult(node)) this.#uses.need(node);
  }

  #claim(kind: 'execute' | 'revert', reader: AtomNode, around: RetryNode | null, source: Source): void {
    const use = this.#use(source);
    this.#uses.acquire(use);
    this.#untilFree({ kind, reader, use, isHeld: true }, around, source.node);
  }

  #use(source: Source): Use {
    return this.#uses.of(source, (use) => {
      const { node: reader } = use.source;
      const around = reader.kind === 'retry' ? reader : reader.retry;
      const { previous } = use;
      if (previous === null) return;
      const { node } = previous.source;
      this.#untilFree({ kind: 'shadow', reader, use, isHeld: true }, around, node);
      if (this.#outermost(around, node) === null) return;
      this.#uses.acquire(previous);
      this.#untilFree({ kind: 'execute', reader, use: previous, isHeld: true }, around, node);
    });
  }

  /** Puts a claim where it waits for what lets it go (rules 2 and 3). */
  #untilFree(claim: Claim, around: RetryNode | null, provider: AtomNode): void {
    const retry = this.#outermost(around, provider);
    const claims = retry === null ? this.#untilSettled : this.#untilClosed;
    const { index } = retry ?? claim.reader;
    const list = claims[index];
    if (list === undefined) claims[index] = [claim];
    else list.push(claim);
  }

  /** Of the retries around the reader the outermost that is not around the provider; null when there is none. */
  #outermost(around: RetryNode | null, provider: AtomNode): RetryNode | null {
    let [inner, other] = [around, provider.kind === 'retry' ? provider : provider.retry];
    let found: RetryNode | null = null;
    while (inner !== other) {
      const [depth, otherDepth] = [depthIn(this.#depth, inner), depthIn(this.#depth, other)];
      if (depth >= otherDepth && inner !== null) {
        found = inner;
        inner = inner.retry;
      }
      if (otherDepth >= depth && other !== null) other = other.retry;
    }
    return found;
  }

  /** An atom, and what lies behind it and waited for nothing else. */
  #settleAll(start: AtomNode): void {
    const done = new Set<Node>([start]);
    for (const node of done) {
      if (isAtom(node)) this.#settle(node);
      for (const next of node.successors)
        if (this.#isSettled[next.index] === 0 && this.#isDone(next)) done.add(next);
    }
  }

  #settle(node: AtomNode): void {
    this.#isSettled[node.index] = 1;
    this.#letGo(this.#untilSettled[node.index]);
    let retry = node.kind === 'retry' ? node : node.retry;
    for (; retry !== null; retry = retry.retry) {
      const open = (this.#open[retry.index] as number) - 1;
      this.#open[retry.index] = open;
      if (open > 0) break;
      this.#letGo(this.#untilClosed[retry.index]);
    }
    if (!this.#uses.isNeeded(node)) this.#storage.drop(node);
  }

  #unsettle(node: AtomNode): void {
    this.#isSettled[node.index] = 0;
    this.#holdAgain(this.#untilSettled[node.index]);
    let retry = node.kind === 'retry' ? node : node.retry;
    for (; retry !== null; retry = retry.retry) {
      const open = this.#open[retry.index] as number;
      this.#open[retry.index] = open + 1;
      if (open > 0) break;
      this.#holdAgain(this.#untilClosed[retry.index]);
    }
  }

  #letGo(claims: readonly Claim[] = []): void {
    for (const claim of claims) {
      if (!claim.isHeld || !this.#mayGo(claim)) continue;
      claim.isHeld = false;
      if (claim.kind === 'shadow') this.#uses.stopPassing(claim.use);
      else this.#uses.release(claim.use);
    }
  }

  #holdAgain(claims: readonly Claim[] = []): void {
    for (const claim of claims) {
      if (claim.isHeld) continue;
      claim.isHeld = true;
      if (claim.kind === 'shadow') this.#uses.passAgain(claim.use);
      else this.#uses.acquire(claim.use);
    }
  }

  #mayGo({ kind, reader, use }: Claim): boolean {
    if (kind === 'execute') return true;
    const { state, absent } = this.#storage.recordAt(reader);
    return kind === 'revert' ? state === 'IGNORE' : state === 'SUCCESS' && !absent.includes(use.source.take);
  }

  #dropIfSettled(node: AtomNode): void {
    if (this.#isSettled[node.index] === 1) this.#storage.drop(node);
  }
}

/** What keeps results by the option; null where there is nothing to do. */
export function keepingOf(
  compilation: Compilation,
  storage: Storage,
  selector: Selector,
  keep: Keep = 'all',
): Keeping | null {
  if (keep === 'all') return null;
  selector.rebuild(storage.isNew);
  return new Keeping(compilation, storage, keep, (node) => selector.isDone(node));
}

function depthIn(depths: Int32Array, retry: RetryNode | null): number {
  return retry === null ? 0 : (depths[retry.index] as number);
}
