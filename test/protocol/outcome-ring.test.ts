import fc from 'fast-check';
import { expect, test } from 'vitest';
import { close, type Value } from '../../src/protocol/codec.ts';
import type { Outcome } from '../../src/protocol/messages.ts';
import { OutcomeRing } from '../../src/protocol/outcome-ring.ts';

const results: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value[]>(undefined, null, true, false, -0, Number.NaN, Number.NEGATIVE_INFINITY),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('ÿ'.repeat(2000), 'Ā'.repeat(2000), '\ud800', ''),
  fc.string({ minLength: 0, maxLength: 3000 }),
  fc.object().map((value) => close(value, 'result')),
);
const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc
    .record({ result: results, elapsed: fc.double() })
    .map((more) => ({ kind: 'executed' as const, absent: [], ...more })),
  fc
    .record({ result: results, elapsed: fc.double() })
    .map((more) => ({ kind: 'reverted' as const, ...more })),
);

test('gives what was written in its order, as it was, however full it is and however often it comes round', () => {
  const steps = fc.array(fc.oneof({ weight: 4, arbitrary: outcomes }, { weight: 1, arbitrary: fc.nat(60) }), {
    minLength: 200,
    maxLength: 800,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (taken) => {
      const reader = new OutcomeRing();
      const writer = new OutcomeRing(reader.memory);
      const waiting: Outcome[] = [];
      const read = (most: number): void => {
        reader.look();
        for (let count = 0; count < most && !reader.isEmpty; count++)
          expect(reader.read()).toEqual(waiting.shift());
      };
      for (const step of taken) {
        if (typeof step === 'number') read(step);
        else if (writer.write(step)) waiting.push(step);
        // What is not taken for want of room is taken once there is some.
        else {
          read(Number.POSITIVE_INFINITY);
          expect(writer.write(step)).toBe(true);
          waiting.push(step);
        }
      }
      read(Number.POSITIVE_INFINITY);
      expect(waiting).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

test('sees nothing that was written after the last look', () => {
  const ring = new OutcomeRing();
  const outcome: Outcome = { kind: 'executed', result: 1, absent: [], elapsed: 1 };
  ring.write(outcome);
  expect(ring.isEmpty).toBe(true);
  ring.look();
  ring.write(outcome);
  expect(ring.read()).toEqual(outcome);
  expect(ring.isEmpty).toBe(true);
});

test('is written until it is full, and not over its end', () => {
  const ring = new OutcomeRing();
  const outcome: Outcome = { kind: 'executed', result: 'x'.repeat(4000), absent: [], elapsed: 1 };
  let written = 0;
  while (ring.write(outcome)) written++;
  expect(written).toBe(Math.floor((256 * 1024) / 4013));
  ring.look();
  for (; written > 0; written--) expect(ring.read()).toEqual(outcome);
  expect(ring.isEmpty).toBe(true);
});

test.each<[string, Outcome]>([
  ['a failure', { kind: 'refused', failure: { name: 'Error', message: 'no' } as never }],
  ['absent parts', { kind: 'executed', result: null, absent: [1], elapsed: 1 }],
  ['a bigint', { kind: 'executed', result: 1n, absent: [], elapsed: 1 }],
  ['long text', { kind: 'executed', result: 'x'.repeat(5000), absent: [], elapsed: 1 }],
  ['many bytes', { kind: 'executed', result: close('x'.repeat(9000), 'result'), absent: [], elapsed: 1 }],
  [
    'a buffer beside the bytes',
    { kind: 'executed', result: close(new Uint8Array(100_000), 'result'), absent: [], elapsed: 1 },
  ],
  ['a list of closed values', { kind: 'executed', result: { list: [1] }, absent: [], elapsed: 1 }],
])('leaves %s to be posted', (_, outcome) => {
  expect(new OutcomeRing().write(outcome)).toBe(false);
});
