/** A context without a type of its own doesn't cost the types of the result, whatever the shape of provides. */
import { type GivesOf, task } from 'taskloom';
import type { Exactly } from './exactly.ts';

export const whole = task('whole', {
  requires: ['n'],
  provides: 'sum',
  execute({ n }: { n: number }, context) {
    context.progress(0.5);
    return n + 1;
  },
});
export const keys = task('keys', {
  requires: ['n'],
  provides: { a: 'a' },
  execute({ n }: { n: number }, context) {
    context.progress(0.5);
    return { a: n };
  },
});
export const places = task('places', {
  requires: ['n'],
  provides: ['first'],
  async execute({ n }: { n: number }, context) {
    context.progress(0.5);
    return [n];
  },
});
// @ts-expect-error: the result has no 'b'
export const missing = task('missing', {
  provides: { a: 'b' },
  execute: () => ({ a: 1 }),
});

export const checks: [
  Exactly<GivesOf<typeof whole>, { sum: number }>,
  Exactly<GivesOf<typeof keys>, { a: number }>,
  Exactly<GivesOf<typeof places>, { first: number }>,
] = [true, true, true];
