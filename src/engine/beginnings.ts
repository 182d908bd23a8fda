/** What is told of atoms that were sent off, before their outcome: they begin, are given back, say something, are not wanted. */
import type { AtomNode } from '../compile/node.ts';
import type { WorkEvent } from '../protocol/messages.ts';
import type { Action } from './arrival.ts';
import type { Before, SchedulerHost } from './dispatch.ts';
import { tellWorkEvent } from './events.ts';
import type { HeldUp } from './held-up.ts';
import type { LoopParts } from './loop-parts.ts';
import type { Maps } from './maps.ts';

export class Beginnings implements SchedulerHost {
  readonly #parts: LoopParts;
  readonly #heldUp: HeldUp;
  /** Made after this. */
  readonly #maps: () => Maps;

  constructor(parts: LoopParts, heldUp: HeldUp, maps: () => Maps) {
    this.#parts = parts;
    this.#heldUp = heldUp;
    this.#maps = maps;
  }

  began(node: AtomNode, action: Action): void {
    const { moves, storage } = this.#parts;
    if (action === 'revert') moves.moveAtom(node, 'REVERTING');
    else moves.moveAtom(node, 'RUNNING', { began: true, attempt: storage.recordAt(node).attempt + 1 });
    if (node.item !== null) this.#maps().began(node.item.map, node.item.index);
  }

  returned(node: AtomNode, before: Before): void {
    this.#parts.moves.takeBack(node, before);
    if (node.item !== null) this.#maps().returned(node.item.map, node.item.index);
  }

  withdrawn(node: AtomNode): void {
    if (node.item === null) this.#heldUp.keep(node);
    else this.#maps().ended(node.item.map, node.item.index);
  }

  said({ name }: AtomNode, event: WorkEvent): void {
    const { storage, notifier } = this.#parts;
    tellWorkEvent(name, event, storage, notifier);
  }
}
