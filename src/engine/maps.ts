/**
 * The maps that run, of one loop: carries out what each says of its items, and brings back to it what became of them. An
 * item goes the way of every atom (scheduler, inbox, completer); what its end means, its map says.
 */
import type { ItemNodes, MapNode, Node, RetryNode, TaskNode } from '../compile/node.ts';
import type { Clock } from '../executor/clock.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Storage } from '../storage/storage.ts';
import type { Action, Arrival } from './arrival.ts';
import type { Teller } from './events.ts';
import { openSource } from './item-source.ts';
import type { MapHost } from './map-host.ts';
import { MapRun } from './map-run.ts';
import type { Moves } from './moves.ts';

/** What maps ask of the loop. */
export interface MapsHost {
  /** By which the retries of items wait. */
  readonly clock: Clock;
  send(node: TaskNode | RetryNode, action: Action): void;
  /** Asks a retry about a failure; `decided` is called in a turn of the loop. */
  ask(retry: RetryNode, decided: (decision: 'RETRY' | 'REVERT' | 'REVERT_ALL') => void): void;
  put(arrival: Arrival): void;
  /** There is something to look at. */
  wake(): void;
  /** A map has failed by `culprit`, which may be itself; `all`: whatever retries are around. */
  failed(map: MapNode, culprit: string, failure: Failure, all: boolean): void;
  revertFailed(culprit: string, failure: Failure): void;
}

export class Maps {
  readonly #storage: Storage;
  readonly #moves: Moves;
  readonly #notifier: Teller;
  readonly #host: MapsHost;
  readonly #runs = new Map<MapNode, { readonly run: MapRun; readonly action: Action }>();
  /** Those of which something has changed. */
  readonly #touched = new Set<MapNode>();

  constructor(storage: Storage, moves: Moves, notifier: Teller, host: MapsHost) {
    this.#storage = storage;
    this.#moves = moves;
    this.#notifier = notifier;
    this.#host = host;
  }

  /** How many run. */
  get size(): number {
    return this.#runs.size;
  }

  /** Begins to execute or to revert the items of a map. */
  start(node: MapNode, action: Action): void {
    const run = new MapRun(node, action, this.#storage.itemsOf(node), this.#hostOf(node));
    this.#runs.set(node, { run, action });
    const { attempt } = this.#storage.recordAt(node);
    if (action === 'revert') this.#moves.moveAtom(node, 'REVERTING');
    else this.#moves.moveAtom(node, 'RUNNING', { began: true, attempt: attempt + 1 });
    run.begin();
    this.#touch(node);
  }

  /** Lets maps come to their end without sending more: all, those that execute or revert, or some of them. */
  stop(action?: Action, among?: ReadonlySet<Node>): void {
    for (const [node, { run, action: own }] of this.#runs) {
      if ((action ?? own) !== own || among?.has(node) === false) continue;
      run.stop();
      this.#touch(node);
    }
  }

  /** What was sent of an item has begun. */
  began(map: MapNode, index: number): void {
    const run = this.#runs.get(map)?.run;
    run?.began(index);
    if (run?.isHungry) this.#touch(map);
  }

  /** What was sent of an item and had begun waits again. */
  returned(map: MapNode, index: number): void {
    this.#runs.get(map)?.run.returned(index);
  }

  /** What was sent of an item ended, or is not wanted any more. */
  ended(map: MapNode, index: number): void {
    this.#runs.get(map)?.run.ended(index);
    this.#touch(map);
  }

  /** Lets those maps go on of whose items something has changed. */
  advance(): void {
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const node of touched) {
      const found = this.#runs.get(node);
      if (found === undefined) continue;
      const outcome = found.run.advance();
      this.#tellProgress(node, found.run);
      if (outcome === null) continue;
      this.#runs.delete(node);
      this.#host.put({ kind: 'completion', node, action: found.action, outcome });
    }
  }

  #touch(node: MapNode): void {
    this.#touched.add(node);
    this.#host.wake();
  }

  #hostOf(map: MapNode): MapHost {
    const host = this.#host;
    return {
      recordOf: (node) => this.#storage.recordAt(node),
      openSource: () => openSource(map, this.#storage),
      send: (node, action) => host.send(node, action),
      ask: ({ task, retry }) => this.#ask(map, task, retry),
      takeBack: (task) => this.#moves.setIntention(task, 'REVERT'),
      restart: (nodes) => this.#restart(nodes),
      failed: (culprit, failure, all) => host.failed(map, culprit.name, failure, all),
      revertFailed: (culprit, failure) => host.revertFailed(culprit.name, failure),
      later: (promise, found, failed = () => {}) => {
        const turn = (take: () => void): void => {
          host.put({
            kind: 'turn',
            take: () => {
              take();
              this.#touch(map);
            },
          });
        };
        promise.then(
          (value) => turn(() => found(value)),
          (thrown: unknown) => turn(() => failed(thrown)),
        );
      },
    };
  }

  #ask(map: MapNode, task: TaskNode, retry: RetryNode): void {
    const { failure } = this.#storage.recordAt(task);
    this.#moves.noteFailure(retry, task.name, failure ?? failureFrom(undefined));
    const index = task.item?.index ?? 0;
    this.#host.ask(retry, (decision) => {
      this.#runs.get(map)?.run.decided(index, decision);
      this.#touch(map);
    });
  }

  #restart({ task, retry }: ItemNodes & { readonly retry: RetryNode }): void {
    const { history } = this.#storage.recordAt(retry);
    const pause = retry.atom.pause(history.length);
    this.#moves.moveAtom(retry, 'RETRYING', { retryAt: this.#host.clock.wall() + pause });
    this.#moves.resetAtom(task);
  }

  #tellProgress({ name }: MapNode, { fraction }: MapRun): void {
    if (fraction === null) return;
    this.#storage.setProgress(name, fraction, undefined);
    if (!this.#notifier.has('progress')) return;
    const { flowId } = this.#storage;
    this.#notifier.tell('progress', { name, flowId, fraction, details: undefined, at: Date.now() });
  }
}
