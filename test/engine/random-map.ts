/**
 * Random flows with a map for a property test; what their tasks do, the oracle says.
 *
 *            ┌─▶ map of 0 to 12 items, each with attempts of its own ─┐
 *   before ─ all ─▶ beside ─────────────────────────────────────────────▶ after     (a round; the flow may have two)
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import {
  type AnyUnit,
  type Decision,
  type History,
  linear,
  map,
  type Retry,
  retry,
  task,
  times,
  unordered,
} from 'taskloom';
import type { Drawing, Oracle, Undo } from './map-oracle.ts';

const few = (max: number): fc.Arbitrary<number[]> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.integer({ min: 1, max }), { maxLength: 3 }) },
  );

export const drawings: fc.Arbitrary<Drawing> = fc
  .record({
    items: fc.array(few(4), { maxLength: 12 }),
    attempts: fc.option(fc.integer({ min: 1, max: 3 })),
    isAsking: fc.boolean(),
    rounds: fc.option(fc.integer({ min: 1, max: 2 })),
    reverts: fc.boolean(),
    reduce: fc.constantFrom(null, 'index' as const, 'arrival' as const),
    isLate: fc.boolean(),
    concurrency: fc.option(fc.integer({ min: 1, max: 4 })),
    source: fc.constantFrom('list' as const, 'sync' as const, 'async' as const, 'once' as const),
    pause: fc.constantFrom(0, 5),
    beside: few(2),
    after: few(2),
  })
  // A second round would find the iterator used up.
  .map((drawn) => (drawn.source === 'once' ? { ...drawn, rounds: null } : drawn));

/** How many iterators were begun and came to their end, or were closed. */
export interface Opened {
  begun: number;
  ended: number;
}

/** The flow of a drawing; what its tasks do, the oracle says. */
export function build(drawing: Drawing, oracle: Oracle): { unit: AnyUnit; store: object; opened: Opened } {
  const { items, rounds, reverts, reduce, isLate, concurrency, source, pause } = drawing;
  const opened: Opened = { begun: 0, ended: 0 };
  function* now(): Generator<number> {
    opened.begun++;
    try {
      for (const index of items.keys()) yield index;
    } finally {
      opened.ended++;
    }
  }
  async function* later(): AsyncGenerator<number> {
    for (const index of now()) {
      for (let turn = 0; turn < pause; turn++) await nextTurn();
      yield index;
    }
  }
  const undoing = { revert: ({ n }: { n: number }, _: unknown, undo: Undo) => oracle.revertItem(n, undo) };
  const act = task('act', {
    requires: ['n'],
    execute: ({ n }: { n: number }) => oracle.executeItem(n),
    ...(reverts ? undoing : {}),
    ...retryOf(drawing),
  });
  const add = (so: string, value: string, index: number): string | Promise<string> => {
    const folded = oracle.fold(so, value, index);
    return isLate ? Promise.resolve(folded) : folded;
  };
  const unit = linear('f', rounds === null ? {} : { retry: times(rounds) }).add([
    task('before', {
      execute: () => oracle.executeBefore(),
      revert: (_, __, undo) => oracle.revertBefore(undo),
    }),
    unordered('middle').add([
      map('m', {
        over: source === 'list' || source === 'once' ? 'list' : { items: source === 'sync' ? now : later },
        as: 'n',
        task: act,
        provides: 'all',
        ...(reduce === null ? {} : { reduce: { initial: '', add, order: reduce } }),
        ...(concurrency === null ? {} : { concurrency }),
      }) as AnyUnit,
      task('beside', {
        execute: () => oracle.executeBeside(),
        revert: (_, __, undo) => oracle.revertBeside(undo),
      }),
    ]),
    task('after', {
      requires: ['all'],
      execute: ({ all }: { all: unknown }) => oracle.executeAfter(all),
      revert: (_, __, undo) => oracle.revertAfter(undo),
    }),
  ]);
  return { unit, store: { list: source === 'once' ? later() : [...items.keys()] }, opened };
}

function retryOf({ attempts, isAsking }: Drawing): { readonly retry?: Retry } {
  if (attempts === null) return {};
  if (!isAsking) return { retry: times(attempts) };
  const onFailure = async ({ length }: History): Promise<Decision> => {
    await nextTurn();
    return length < attempts ? 'RETRY' : 'REVERT';
  };
  return { retry: retry('ask', { execute: () => undefined, onFailure }) };
}
