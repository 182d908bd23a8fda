/** What the types let through and refuse of validators and hooks. Nothing here runs: `tsc -p .` is the test. */
import { type } from 'arktype';
import { type GivesOf, linear, type NeedsOf, run, task } from 'taskloom';
import * as v from 'valibot';
import { z } from 'zod';
import { type Exactly, expectType } from './exactly.ts';

// What execute gets, where its parameter has no type of its own: what the schemas output.
const three = task('three', {
  requires: ['a', 'b', 'c', 'free'],
  optional: ['d'],
  validate: {
    a: z.string(),
    b: v.object({ x: v.number() }),
    c: type({ 'y?': 'boolean' }),
    d: z.number(),
  },
  execute({ a, b, c, d, free }) {
    expectType<Exactly<typeof a, string>>();
    expectType<Exactly<typeof b, { x: number }>>();
    expectType<Exactly<typeof c, { y?: boolean }>>();
    expectType<Exactly<typeof d, number | undefined>>();
    expectType<Exactly<typeof free, unknown>>();
  },
});
expectType<
  Exactly<
    NeedsOf<typeof three>,
    { a: string; b: { x: number }; c: { y?: boolean }; free: unknown; d?: number }
  >
>();

// What the flow needs is what the schemas take in; what execute gets, what they put out.
const transforming = task('transforming', {
  requires: ['width', 'options'],
  rebind: { width: 'w' },
  provides: 'area',
  validate: {
    width: z.string().transform(Number),
    options: z.object({ height: z.number().default(2) }),
    area: z.number().positive(),
  },
  execute: ({ width, options }: { width: number; options: { height: number } }) => width * options.height,
});
expectType<Exactly<NeedsOf<typeof transforming>, { w: string; options: { height?: number | undefined } }>>();
expectType<Exactly<GivesOf<typeof transforming>, { area: number }>>();
const flow = linear('f').add(transforming);
() => run(flow, { store: { w: '5', options: {} } });
// @ts-expect-error the schema takes text in
() => run(flow, { store: { w: 5, options: {} } });
const again = transforming.as('again', { inject: { width: '5' }, provides: 'other' });
expectType<Exactly<NeedsOf<typeof again>, { options: { height?: number | undefined } }>>();
// @ts-expect-error the schema takes text in
transforming.as('again', { inject: { width: 5 } });
task('a', {
  requires: ['n'],
  inject: { n: '5' },
  validate: { n: z.string().transform(Number) },
  execute: ({ n }) => n,
});

// Parts of the result.
task('positions', {
  provides: ['w', 'name'],
  validate: { w: v.number(), name: type('string') },
  execute: (): [number, string] => [1, 'n'],
});
task('properties', {
  provides: { width: 'w', title: 't' },
  validate: { title: z.string() },
  execute: async () => ({ w: 1, t: 'x' }),
});
// The arguments of revert.
task('reverts', {
  requires: ['a'],
  revertRequires: ['trash'],
  validate: { a: z.number(), trash: z.string() },
  execute: ({ a }) => a + 1,
  revert: ({ trash }) => expectType<Exactly<typeof trash, string>>(),
});

// @ts-expect-error the schema outputs a number
task('a', { requires: ['a'], validate: { a: z.number() }, execute: ({ a }: { a: string }) => a });
// @ts-expect-error the schema outputs a number after its transform
task('a', {
  requires: ['a'],
  validate: { a: z.string().transform(Number) },
  execute: ({ a }: { a: string }) => a,
});
// @ts-expect-error neither an argument nor a provided symbol
task('a', { requires: ['a'], validate: { b: z.number() }, execute: ({ a }: { a: string }) => a });
// @ts-expect-error the symbol's own name is not that of the argument
task('a', {
  requires: ['a'],
  rebind: { a: 'b' },
  validate: { b: z.string() },
  execute: ({ a }: { a: string }) => a,
});
// @ts-expect-error the result is a number
task('a', { provides: 'n', validate: { n: z.string() }, execute: () => 5 });
// @ts-expect-error the second position is a number
task('a', { provides: ['a', 'b'], validate: { b: z.string() }, execute: () => [1, 2] });
// @ts-expect-error the property is a number
task('a', { provides: { width: 'w' }, validate: { width: z.string() }, execute: () => ({ w: 1 }) });
// @ts-expect-error revert takes text
task('a', {
  requires: ['a'],
  revertRequires: ['trash'],
  validate: { trash: z.number() },
  execute: ({ a }) => a,
  revert: ({ trash }: { trash: string }) => trash,
});
// @ts-expect-error no schema
task('a', { requires: ['a'], validate: { a: Number }, execute: ({ a }: { a: number }) => a });
// @ts-expect-error validators are the definition's
transforming.as('x', { validate: {} });

// Hooks.
task('hooks', {
  execute: () => 1,
  async preExecute(context) {
    expectType<Exactly<typeof context.name, string>>();
  },
  postExecute: ({ log }) => log.info('done'),
  revert() {},
  preRevert: () => {},
  postRevert: () => {},
});
// @ts-expect-error no function
task('a', { execute: () => 1, preExecute: 5 });
// @ts-expect-error hooks of the definition stay
three.as('x', { preExecute: () => {} });
