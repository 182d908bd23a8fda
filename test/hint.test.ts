/** The way out of a misspelt name. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hint, nearest } from '../src/hint.ts';

test.each([
  ['requries', ['requires', 'rebind'], 'requires'],
  ['THREADS', ['threads'], 'threads'],
  ['a', ['b'], 'b'],
  ['pixels', ['folder', 'level'], null],
  ['x', [], null],
  ['x'.repeat(1000), ['x'.repeat(1001)], null],
])('nearest to %s of %j', (name, known, meant) => {
  expect(nearest(name, known)).toBe(meant);
  expect(hint(name, known)).toBe(meant === null ? '' : ` Did you mean '${meant}'?`);
});

test('a known name is its own nearest', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), {
    minLength: 1,
    selector: (name) => name.toLowerCase(),
  });
  fc.assert(
    fc.property(names, fc.nat(), (known, at) => {
      const name = known[at % known.length] as string;
      expect(nearest(name, known)).toBe(name);
    }),
  );
});
