/** What the types of maps let through and what they refuse. Nothing here runs: `tsc -p .` is the test. */
import {
  type AnyTask,
  type AnyUnit,
  type GivesOf,
  graph,
  type Items,
  linear,
  map,
  type NeedsOf,
  run,
  type Task,
  type TaskMap,
  task,
  times,
  unordered,
} from 'taskloom';
import { type Exactly, expectType } from './exactly.ts';

const square = task('square', {
  requires: ['n'],
  provides: 'squared',
  execute: ({ n }: { n: number }) => n * n,
});
const tell = task('tell', {
  requires: ['word', 'at', 'sign'],
  optional: ['end'],
  retry: times(2),
  execute: ({ word, at }: { word: string; at: number; sign: string; end?: string }) => `${at}${word}`,
});

// Items by a symbol.
const squares = map('squares', { over: 'list', as: 'n', task: square, provides: 'squares' });
expectType<Exactly<NeedsOf<typeof squares>, { list: Items<number> }>>();
expectType<Exactly<GivesOf<typeof squares>, { squares: number[] }>>();
const told = map('told', { over: 'words', as: 'word', indexAs: 'at', task: tell, provides: 'told' });
expectType<Exactly<NeedsOf<typeof told>, { words: Items<string>; sign: string; end?: string }>>();
expectType<Exactly<GivesOf<typeof told>, { told: string[] }>>();
const silent = map('silent', { over: 'list', as: 'n', task: square });
expectType<Exactly<keyof GivesOf<typeof silent>, never>>();
const inPlace = map('in place', { over: 'n', as: 'n', task: square, provides: 'n' });
expectType<Exactly<NeedsOf<typeof inPlace>, { n: Items<number> }>>();
const typed: TaskMap<{ list: Items<number> }, { squares: number[] }> = squares;

async function* later(): AsyncGenerator<number> {
  yield 1;
}
const results = await run(squares, { store: { list: [1, 2] } });
expectType<Exactly<typeof results, { squares: number[] }>>();
await run(squares, { store: { list: new Set([1]) } });
await run(squares, { store: { list: later() } });
await run(told, { store: { words: ['a'], sign: '!' } });
// @ts-expect-error items are numbers
await run(squares, { store: { list: ['1'] } });
// @ts-expect-error a number is no list
await run(squares, { store: { list: 1 } });
// @ts-expect-error a text is no list of texts
await run(told, { store: { words: 'ab', sign: '!' } });
// @ts-expect-error sign is missing
await run(told, { store: { words: ['a'] } });
// @ts-expect-error the list is missing
await run(squares);

// Items from a function.
interface UpTo {
  upTo: number;
}
const counted = map('counted', {
  over: {
    requires: ['upTo'],
    *items({ upTo }: UpTo) {
      for (let n = 0; n < upTo; n++) yield n;
    },
  },
  as: 'n',
  task: square,
  provides: 'all',
});
expectType<Exactly<NeedsOf<typeof counted>, { upTo: number }>>();
const streamed = map('streamed', { over: { items: later }, as: 'n', task: square, provides: 'all' });
expectType<Exactly<keyof NeedsOf<typeof streamed>, never>>();
await run(streamed);
const waiting = map('waiting', { over: { requires: ['go'], items: () => [1] }, as: 'n', task: square });
expectType<Exactly<NeedsOf<typeof waiting>, { readonly go: unknown }>>();
map('m', { over: { items: () => JSON.parse('[1]') as unknown[] }, as: 'n', task: square });

// @ts-expect-error items are numbers
map('m', { over: { items: () => ['1'] }, as: 'n', task: square });
// @ts-expect-error a promise of a list
map('m', { over: { items: async () => [1] }, as: 'n', task: square });
// @ts-expect-error a text is no list of texts
map('m', { over: { items: () => 'ab' }, as: 'word', task: tell });
// @ts-expect-error upTo is not listed
map('m', { over: { items: ({ upTo }: UpTo) => [upTo] }, as: 'n', task: square });
// @ts-expect-error other is not taken
map('m', { over: { requires: ['upTo', 'other'], items: ({ upTo }: UpTo) => [upTo] }, as: 'n', task: square });

// The symbols of an item.
const bound = task('bound', {
  requires: ['word', 'mark', 'sign'],
  rebind: { word: 'item' },
  inject: { mark: '!' },
  execute: (args: { word: string; mark: string; sign: string }) => args.word,
});
const rebound = map('rebound', { over: 'words', as: 'item', task: bound, provides: 'all' });
expectType<Exactly<NeedsOf<typeof rebound>, { words: Items<string>; sign: string }>>();
const optional = task('optional', { optional: ['n'], execute: ({ n }: { n?: number }) => n });
const maybe = map('maybe', { over: 'list', as: 'n', task: optional, provides: 'all' });
expectType<Exactly<NeedsOf<typeof maybe>, { list: Items<number | undefined> }>>();
expectType<Exactly<GivesOf<typeof maybe>, { all: (number | undefined)[] }>>();
const undone = task('undone', {
  requires: ['n'],
  async execute({ n }: { n: number }) {
    return [n];
  },
  revert: ({ trash }: { trash: string }) => trash,
  revertRequires: ['trash'],
});
const cleaned = map('cleaned', { over: 'list', as: 'n', task: undone, provides: 'all' });
expectType<Exactly<NeedsOf<typeof cleaned>, { list: Items<number>; trash: string }>>();
expectType<Exactly<GivesOf<typeof cleaned>, { all: [number][] }>>();

// @ts-expect-error the task takes no x
map('m', { over: 'list', as: 'x', task: square });
// @ts-expect-error word is the argument, item the symbol
map('m', { over: 'list', as: 'word', task: bound });
// @ts-expect-error mark is injected
map('m', { over: 'list', as: 'mark', task: bound });
// @ts-expect-error the task takes no x
map('m', { over: 'list', as: 'word', indexAs: 'x', task: tell });
// @ts-expect-error sign is text
map('m', { over: 'list', as: 'word', indexAs: 'sign', task: tell });
// @ts-expect-error both under one symbol
map('m', { over: 'list', as: 'n', indexAs: 'n', task: square });
// @ts-expect-error a flow
map('m', { over: 'list', as: 'n', task: linear('f').add(square) });
// @ts-expect-error a map
map('m', { over: 'list', as: 'list', task: squares });
// @ts-expect-error no task
map('m', { over: 'list', as: 'n' });
// @ts-expect-error no over
map('m', { as: 'n', task: square });
// @ts-expect-error no such option
map('m', { over: 'list', as: 'n', task: square, parallel: 3 });

// What is provided.
const parts = map('parts', { over: 'list', as: 'n', task: square, provides: ['first', 'second'] });
expectType<Exactly<GivesOf<typeof parts>, { first: number; second: number }>>();
// @ts-expect-error a list has positions, and no properties
map('m', { over: 'list', as: 'n', task: square, provides: { many: 'length' } });

// Reduce.
const summed = map('summed', {
  reduce: {
    initial: { sum: 0, many: 0 },
    add(so, result, index) {
      expectType<Exactly<typeof so, { sum: number; many: number }>>();
      expectType<Exactly<typeof result, number>>();
      expectType<Exactly<typeof index, number>>();
      return { sum: so.sum + result, many: so.many + 1 };
    },
    order: 'arrival',
  },
  over: 'list',
  as: 'n',
  task: square,
  provides: { total: 'sum' },
});
expectType<Exactly<GivesOf<typeof summed>, { total: number }>>();
const joined = map('joined', {
  over: 'list',
  as: 'n',
  task: square,
  reduce: { initial: '', add: async (so, n) => `${so}${n}` },
  provides: 'text',
});
expectType<Exactly<GivesOf<typeof joined>, { text: string }>>();
map('m', {
  over: 'list',
  as: 'n',
  task: square,
  // @ts-expect-error results are numbers
  reduce: { initial: 0, add: (so, n: string) => so + n.length },
});
// @ts-expect-error what is accumulated is a number
map('m', { over: 'list', as: 'n', task: square, reduce: { initial: 0, add: () => 'text' } });
// @ts-expect-error the fold has no count
map('m', {
  over: 'list',
  as: 'n',
  task: square,
  reduce: { initial: { a: 0 }, add: (so) => so },
  provides: { a: 'b' },
});
// @ts-expect-error no such order
map('m', { over: 'list', as: 'n', task: square, reduce: { initial: 0, add: (so) => so, order: 'none' } });

// In flows.
const make = task('make', { provides: 'list', execute: (): number[] => [1, 2] });
const sum = task('sum', {
  requires: ['squares'],
  provides: 'sum',
  execute: ({ squares: all }: { squares: number[] }) => all.length,
});
const inOrder = linear('f').add(make, squares, sum);
expectType<Exactly<keyof NeedsOf<typeof inOrder>, never>>();
expectType<Exactly<GivesOf<typeof inOrder>['squares'], number[]>>();
const anyOrder = graph('f').add(sum, squares, make);
expectType<Exactly<keyof NeedsOf<typeof anyOrder>, never>>();
const apart = unordered('f').add(squares, told);
expectType<Exactly<keyof NeedsOf<typeof apart>, 'list' | 'words' | 'sign' | 'end'>>();
const again = linear('f').add(squares, map('roots', { over: 'squares', as: 'n', task: square }));
expectType<Exactly<NeedsOf<typeof again>, { list: Items<number> }>>();
const makeWords = task('words', { provides: 'list', execute: (): string[] => ['a'] });
// @ts-expect-error the list has texts
linear('f').add(makeWords, squares);
// @ts-expect-error the same, whoever comes first
graph('f').add(squares, makeWords);
const takesTexts = task('texts', { requires: ['squares'], execute: (args: { squares: string[] }) => args });
// @ts-expect-error results are numbers
linear('f').add(squares, takesTexts);

// Of what the compiler can't know it says nothing.
declare const anyTask: AnyTask;
declare const symbol: string;
declare const ofSymbols: Task<{ n: number }, { squared: number }>;
const untyped = map('untyped', { over: 'list', as: 'n', task: anyTask, provides: 'squares' });
expectType<Exactly<NeedsOf<typeof untyped>, { list: Items<unknown> }>>();
linear('f').add(untyped, sum);
linear('f').add(make, map('m', { over: 'list', as: 'n', task: ofSymbols, provides: 'squares' }), sum);
// @ts-expect-error the types of its symbols are known
map('m', { over: 'list', as: 'x', task: ofSymbols });
map('m', { over: { items: () => [1] }, as: 'n', task: anyTask });
const named = map(symbol, { over: symbol, as: 'n', task: square, provides: symbol });
expectType<Exactly<keyof NeedsOf<typeof named>, never>>();
expectType<Exactly<GivesOf<typeof named>['anything'], unknown>>();
const loose = map('loose', { over: 'words', as: symbol, indexAs: symbol, task: tell });
expectType<
  Exactly<
    NeedsOf<typeof loose>,
    { words: Items<unknown>; word?: string; at?: number; sign?: string; end?: string }
  >
>();
const generated = [symbol].map((name) =>
  task(name, { requires: [name], provides: name, execute: (args: Record<string, number>) => args }),
);
const units: AnyUnit[] = generated.map((each) =>
  map(`all ${each.name}`, { over: 'list', as: 'n', task: each }),
);
linear('f').add(units, typed);
map('m', { over: 'list', as: 'n', task: square.as('s', { rebind: { n: symbol } }) });
