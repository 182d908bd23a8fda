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

test('gives progress between outcomes, and tells how far it is read', () => {
  const reader = new OutcomeRing();
  const writer = new OutcomeRing(reader.memory);
  const outcome: Outcome = { kind: 'executed', result: 'x'.repeat(100), absent: [], elapsed: 1 };
  // Round and round: records of both kinds stand at every place of the ring's end.
  for (let number = -5000; number < 5000; number++) {
    const [before, fraction] = [writer.written, 1 / (number + 5001)];
    expect(writer.writeProgress(number, fraction)).toBe(true);
    const between = writer.written;
    expect(writer.write(outcome)).toBe(true);
    expect(reader.readProgress()).toBeNull();
    reader.lookTo(writer.written);
    expect([before, between].map((written) => reader.isReadTo(written))).toEqual([true, false]);
    const event = { kind: 'progress', fraction, details: undefined };
    expect(reader.readProgress()).toEqual({ number, event });
    expect([between, writer.written].map((written) => reader.isReadTo(written))).toEqual([true, false]);
    expect(reader.readProgress()).toBeNull();
    expect(reader.read()).toEqual(outcome);
    expect(reader.isReadTo(writer.written)).toBe(true);
  }
});

test('takes no progress when it is full', () => {
  const ring = new OutcomeRing();
  let written = 0;
  while (ring.writeProgress(written, 0.5)) written++;
  expect(written).toBe(Math.floor((256 * 1024) / 13));
  ring.look();
  for (let number = 0; number < written; number++) expect(ring.readProgress()?.number).toBe(number);
  expect(ring.isEmpty).toBe(true);
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
