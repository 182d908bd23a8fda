/**
 * Where the items of a map come from: gives them one by one, at once or by promises, and only when asked. What was promised
 * and not taken yet is not lost when the map stops in its midst: it is the first thing that the next run gets.
 */
import type { MapNode } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import { describe } from '../flow/names.ts';
import { openArguments } from '../protocol/perform.ts';
import { prepareArguments } from '../storage/arguments.ts';
import type { OpenSource } from '../storage/item-records.ts';
import type { Storage } from '../storage/storage.ts';

type Step = IteratorResult<unknown, unknown>;
type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Iterators that were begun: those that can't be gone through twice would silently give nothing the second time. */
const begun = new WeakSet<object>();

export class ItemSource implements OpenSource {
  /** How many there are, where that is known from the start; else null. */
  readonly size: number | null;
  readonly #iterator: AnyIterator;
  readonly #isAsync: boolean;
  #next: Step | null = null;
  #coming: Promise<void> | null = null;
  #failure: { readonly thrown: unknown } | null = null;

  /** @throws TaskloomError ITEMS_INVALID when it can't be gone through, or only once and it was already */
  constructor(items: unknown, map: string) {
    const [iterator, isAsync] = iteratorOf(items, map);
    this.#iterator = iterator;
    this.#isAsync = isAsync;
    this.size = sizeOf(items);
  }

  peek(): Step | Promise<void> {
    if (this.#failure !== null) throw this.#failure.thrown;
    if (this.#next !== null) return this.#next;
    if (this.#isAsync) {
      this.#coming ??= this.#await(this.#iterator.next());
      return this.#coming;
    }
    this.#next = checked(this.#iterator.next());
    return this.#next;
  }

  /** What was peeked at is in hand. */
  take(): void {
    this.#next = null;
  }

  /** Never rejects: what went wrong is thrown by the next `peek`. */
  async #await(answer: unknown): Promise<void> {
    try {
      this.#next = checked(await answer);
    } catch (thrown) {
      this.#failure = { thrown };
    }
    this.#coming = null;
  }

  /** Lets the source go before its end; whatever it does then is its own affair. */
  close(): void {
    try {
      const answer: unknown = this.#iterator.return?.();
      if (answer instanceof Promise) answer.catch(() => {});
    } catch {
      // Nobody waits for what it has to say.
    }
  }
}

/**
 * Opens what a map goes through. Throws what the user's function throws, and what `prepareArguments` and the constructor
 * throw.
 */
export function openSource(node: MapNode, storage: Storage): ItemSource {
  const args = { ...openArguments(prepareArguments(node, 'execute', storage)) };
  for (const { name, symbol } of node.atom.args) {
    const live = storage.values.store.live(symbol);
    if (live !== null && !Object.hasOwn(args, name)) define(args, name, live);
  }
  return new ItemSource(node.atom.items(args), node.name);
}

function define(args: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(args, name, { value, enumerable: true, configurable: true, writable: true });
}

function iteratorOf(items: unknown, map: string): readonly [AnyIterator, isAsync: boolean] {
  const candidate = Object(items) as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  const makeAsync = candidate[Symbol.asyncIterator];
  const make = makeAsync ?? (typeof items === 'string' ? undefined : candidate[Symbol.iterator]);
  if (typeof make !== 'function') {
    throw invalid(map, `its items must be a list or another iterable, and were ${describe(items)}`);
  }
  const iterator = (make as () => AnyIterator).call(candidate);
  if (typeof iterator?.next !== 'function')
    throw invalid(map, 'its items have an iterator that has no next()');
  if (begun.has(iterator)) {
    const way = 'give a list, or a function that makes them anew: over: { items: () => … }';
    throw invalid(map, `its items can be gone through only once, and were already: ${way}`);
  }
  begun.add(iterator);
  return [iterator, makeAsync !== undefined];
}

/** An iterator of others may answer with anything. */
function checked(step: unknown): Step {
  if (typeof step === 'object' && step !== null) return step as Step;
  throw new TypeError(`The iterator of the items answered with ${describe(step)}.`);
}

function sizeOf(items: unknown): number | null {
  if (Array.isArray(items)) return items.length;
  return items instanceof Set || items instanceof Map ? items.size : null;
}

function invalid(map: string, what: string): TaskloomError {
  return new TaskloomError('ITEMS_INVALID', `Map '${map}' cannot run: ${what}.`, { details: { map } });
}
