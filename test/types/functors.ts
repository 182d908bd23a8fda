/** What the types make of tasks whose execute is a function on single values. Nothing here runs: `tsc -p .` is the test. */
import {
  type GivesOf,
  linear,
  mapArguments,
  type NeedsOf,
  reduceArguments,
  task,
  taskModule,
} from 'taskloom';
import { type Exactly, expectType } from './exactly.ts';

const define = taskModule(import.meta.url);

const lengths = define('lengths', {
  ...mapArguments(['a', 'b'], (text: string) => text.length),
  provides: ['x', 'y'],
});
expectType<Exactly<NeedsOf<typeof lengths>, { a: string; b: string }>>();
expectType<Exactly<GivesOf<typeof lengths>, { x: number; y: number }>>();

const list = task('list', { ...mapArguments(['a', 'b'], async (text: string) => [text]), provides: 'texts' });
expectType<Exactly<GivesOf<typeof list>, { texts: [string[], string[]] }>>();

const sum = task('sum', { ...reduceArguments(['x', 'y'], (a: number, b: number) => a + b), provides: 'sum' });
expectType<Exactly<NeedsOf<typeof sum>, { x: number; y: number }>>();
expectType<Exactly<GivesOf<typeof sum>, { sum: number }>>();

const flow = linear('f').add(lengths, sum);
expectType<Exactly<NeedsOf<typeof flow>, { a: string; b: string }>>();
expectType<Exactly<GivesOf<typeof flow>['sum'], number>>();

const other = sum.as('other', { rebind: { x: 'a' }, provides: 'more' });
expectType<Exactly<NeedsOf<typeof other>, { a: number; y: number }>>();
const names: string[] = ['a', 'b'];
const unlisted = task('unlisted', { ...mapArguments(names, (value: number) => value), provides: 'all' });
expectType<Exactly<GivesOf<typeof unlisted>, { all: number[] }>>();

const undone = task('undone', {
  ...reduceArguments(['x', 'y'], (a: number, b: number) => a + b),
  provides: 'sum',
  revert: ({ x }, _context, { result }) => console.log(x.toFixed(), result?.toFixed()),
});
expectType<Exactly<NeedsOf<typeof undone>, { x: number; y: number }>>();

// @ts-expect-error x is text
linear('clash').add(list, task('x', { provides: 'x', execute: () => 'text' }), sum);
// @ts-expect-error no function
mapArguments(['a'], 5);
// @ts-expect-error no list
mapArguments('a', (text: string) => text);
// @ts-expect-error a function of two types
reduceArguments(['a', 'b'], (a: number, b: string) => a + b.length);
