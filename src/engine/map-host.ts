/** What the going through a map's items asks of the engine. */
import type { ItemNodes, MapNode, RetryNode, TaskNode } from '../compile/node.ts';
import type { Failure } from '../failure.ts';
import type { AtomRecord } from '../storage/atom-record.ts';
import type { OpenSource } from '../storage/item-records.ts';
import type { Action } from './arrival.ts';

/** What a run asks for. All but `recordOf` and `openSource` call back later, in a turn of the engine's loop. */
export interface MapHost {
  recordOf(node: TaskNode | RetryNode): AtomRecord;
  openSource(): OpenSource;
  send(node: TaskNode | RetryNode, action: Action): void;
  /** Asks an item's retry what the failure of its task means; `decided` is told. */
  ask(nodes: ItemNodes & { readonly retry: RetryNode }): void;
  /** What an item's task did is to be reverted. */
  takeBack(task: TaskNode): void;
  /** Puts an item back, and its retry to where it waits for the next attempt. */
  restart(nodes: ItemNodes & { readonly retry: RetryNode }): void;
  /** An item, or the map itself, has failed for good; what that means for the flow may stop this run. */
  failed(culprit: TaskNode | RetryNode | MapNode, failure: Failure, all: boolean): void;
  revertFailed(culprit: TaskNode | RetryNode, failure: Failure): void;
  /** Hands on what was promised. */
  later<T>(promise: Promise<T>, found: (value: T) => void, failed?: (thrown: unknown) => void): void;
}
