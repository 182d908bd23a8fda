/** What the types of task definitions let through and what they refuse. Nothing here runs: `tsc -p .` is the test. */
import { type AnyTask, type GivesOf, linear, type NeedsOf, task, taskModule } from 'taskloom';
import { type Exactly, expectType } from './exactly.ts';

const define = taskModule(import.meta.url);

// Arguments.
const plain = task('plain', { execute() {} });
expectType<Exactly<keyof NeedsOf<typeof plain>, never>>();
expectType<Exactly<keyof GivesOf<typeof plain>, never>>();
const onlyContext = define('only context', {
  provides: 'name',
  async execute(_, context) {
    return context.name;
  },
});
expectType<Exactly<GivesOf<typeof onlyContext>, { name: string }>>();

const optional = task('optional', {
  requires: ['a'],
  optional: ['b'],
  execute: ({ a, b }: { a: number; b?: string }, { signal }) => (signal.aborted ? a : b),
});
expectType<Exactly<NeedsOf<typeof optional>, { a: number; b?: string }>>();
const untyped = task('untyped', { requires: ['a'], execute: ({ a }) => a });
expectType<Exactly<NeedsOf<typeof untyped>, { a: unknown }>>();
const orderOnly = task('order only', { requires: ['a'], execute() {} });
expectType<Exactly<NeedsOf<typeof orderOnly>, { a: unknown }>>();

// @ts-expect-error b is not listed
task('a', { requires: ['a'], execute: (args: { a: number; b: number }) => args });
// @ts-expect-error b is not taken
task('a', { requires: ['a', 'b'], execute: (args: { a: number }) => args });
// @ts-expect-error b may be absent
task('a', { requires: ['a'], optional: ['b'], execute: (args: { a: number; b: number }) => args });
// @ts-expect-error no such option
task('a', { require: ['a'], execute: () => 1 });
// @ts-expect-error no execute
task('a', { provides: 'x' });

// Provides.
const tuple = task('tuple', {
  provides: ['w', 'h', 'name'],
  execute: (): [number, number, string] => [1, 2, 'n'],
});
expectType<Exactly<GivesOf<typeof tuple>, { w: number; h: number; name: string }>>();
const asyncTuple = task('async tuple', {
  provides: ['w', 'name'],
  async execute() {
    return [1, 'n'] as const;
  },
});
expectType<Exactly<GivesOf<typeof asyncTuple>, { w: 1; name: 'n' }>>();
const inferred = task('inferred', {
  provides: ['w', 'name'],
  async execute() {
    return [1, 'n'];
  },
});
expectType<Exactly<GivesOf<typeof inferred>, { w: number; name: string }>>();
const empty = task('empty', { provides: 'list', execute: async () => [] });
expectType<Exactly<GivesOf<typeof empty>, { list: [] }>>();
const list = task('list', {
  provides: 'list',
  execute: async (_, { attempt }): Promise<number[]> => [attempt],
});
expectType<Exactly<GivesOf<typeof list>, { list: number[] }>>();
const numbers = task('numbers', { provides: ['w', 'h'], execute: () => [1, 2] });
expectType<Exactly<GivesOf<typeof numbers>, { w: number; h: number }>>();
const keys = task('keys', {
  provides: { width: 'w', title: 't' },
  execute: async () => ({ w: 1, t: 'x', z: 0 }),
});
expectType<Exactly<GivesOf<typeof keys>, { width: number; title: string }>>();
// @ts-expect-error the result has no property t
task('a', { provides: { width: 'w', title: 't' }, execute: () => ({ w: 1 }) });
// @ts-expect-error provides is no number
task('a', { provides: 5, execute: () => 1 });

// Rebind and inject.
const bound = task('bound', {
  requires: ['a', 'b', 'c'],
  rebind: { a: 'first' },
  inject: { b: 'text' },
  execute: (args: { a: number; b: string; c: boolean }) => args.a,
});
expectType<Exactly<NeedsOf<typeof bound>, { first: number; c: boolean }>>();
// @ts-expect-error no such argument
task('a', { requires: ['a'], rebind: { z: 'x' }, execute: (args: { a: number }) => args });
// @ts-expect-error one is an argument, the other not
task('a', { requires: ['a'], rebind: { a: 'y', z: 'x' }, execute: (args: { a: number }) => args });
// @ts-expect-error a is a number
task('a', { requires: ['a'], inject: { a: 'text' }, execute: (args: { a: number }) => args });
// @ts-expect-error no such argument
task('a', { requires: ['a'], inject: { a: 1, z: 2 }, execute: (args: { a: number }) => args });

// Revert.
task('revert', {
  requires: ['path'],
  provides: 'size',
  async execute({ path }: { path: string }) {
    return path.length;
  },
  async revert({ path }, context, { result, failure, failures }) {
    expectType<Exactly<typeof path, string>>();
    expectType<Exactly<typeof context.name, string>>();
    expectType<Exactly<typeof result, number | undefined>>();
    expectType<Exactly<typeof failure, Error | undefined>>();
    expectType<Exactly<typeof failures, ReadonlyMap<string, Error>>>();
  },
});
const other = task('revert takes others', {
  requires: ['path'],
  execute: ({ path }: { path: string }) => path,
  revert: ({ trash }: { trash: string }) => trash,
  revertRequires: ['trash'],
  revertRebind: { trash: 'bin' },
});
expectType<Exactly<NeedsOf<typeof other>, { path: string; bin: string }>>();
const elsewhere = task('revert takes from elsewhere', {
  requires: ['path'],
  execute: ({ path }: { path: string }) => path,
  revert: ({ path }) => path,
  revertRebind: { path: 'backup' },
});
expectType<Exactly<NeedsOf<typeof elsewhere>, { path: string; backup: string }>>();
task('a', {
  requires: ['path'],
  execute: ({ path }: { path: string }) => path,
  // @ts-expect-error not listed
  revert: ({ size }) => size,
});

// As.
const again = bound.as('again', { rebind: { c: 'third' }, inject: { a: 5 }, priority: 3 });
expectType<Exactly<NeedsOf<typeof again>, { third: boolean }>>();
const twin = keys.as('twin', { provides: { height: 'w' } });
expectType<Exactly<GivesOf<typeof twin>, { height: number }>>();
const renamed = tuple.as('renamed', { provides: ['x', 'y', 'z'] });
expectType<Exactly<GivesOf<typeof renamed>, { x: number; y: number; z: string }>>();
const whole = onlyContext.as('whole', { provides: 'title' });
expectType<Exactly<GivesOf<typeof whole>, { title: string }>>();
const same = onlyContext.as('same');
expectType<Exactly<GivesOf<typeof same>, { name: string }>>();
const anyTasks: AnyTask[] = [bound, again, twin, renamed, whole, same];
linear('l').add(anyTasks);
// @ts-expect-error no such argument
bound.as('x', { rebind: { z: 'x' } });
// @ts-expect-error a is a number
bound.as('x', { inject: { a: 'text' } });
// @ts-expect-error two of three positions
tuple.as('x', { provides: ['x', 'y'] });
// @ts-expect-error a name for the whole, not positions
onlyContext.as('x', { provides: ['x'] });
// @ts-expect-error no such option
bound.as('x', { priorities: 1 });
