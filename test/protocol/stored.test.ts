/** Values as the bytes that backends keep: what comes back is what was closed, and what is damaged is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { close, open, type Value } from '../../src/protocol/codec.ts';
import { bytesOf, fromBytes, toBytes } from '../../src/protocol/stored.ts';

const roundTrip = (value: Value): Value => fromBytes(toBytes(value));

describe('a value as bytes', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
        }),
        (value) => {
          const closed = close(value, 'value');
          expect(open(roundTrip(closed))).toEqual(open(closed));
        },
      ),
    );
  });

  it('also where it is a number, a text, or a list of such', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double(),
          fc.bigInt(),
          fc.string({ unit: 'binary' }),
          fc.boolean(),
          fc.constant(null),
          fc.constant(undefined),
        ),
        (value) => {
          expect(roundTrip(value)).toBe(value);
          expect(open(roundTrip({ list: [value, { list: [value] }] }))).toEqual([value, [value]]);
        },
      ),
    );
    expect(roundTrip('lone \ud800 surrogate')).toBe('lone \ud800 surrogate');
  });

  it('with its large buffers, shared ones in shared memory again', () => {
    const big = new Float64Array(100_000).fill(2.5);
    const closed = roundTrip(close({ big, small: big.subarray(0, 2) }, 'value'));
    expect(open(closed)).toEqual({ big, small: big.subarray(0, 2) });
    const long = roundTrip(close('x'.repeat(1_000_000), 'value')) as { bytes: Uint8Array };
    expect(long.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('takes no room where it is undefined, unless that is to be told from nothing', () => {
    expect(toBytes(undefined)).toBeNull();
    expect(fromBytes(bytesOf(undefined))).toBeUndefined();
  });
});

describe('bytes that are damaged', () => {
  const refused = (bytes: Uint8Array): void => {
    try {
      open(fromBytes(bytes));
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: expect.stringMatching(/^VALUE_(UNREADABLE|TOO_LARGE)$/) });
    }
  };

  it('are refused with a code, or read as another value; nothing else', () => {
    const whole = bytesOf(
      close({ list: [1, 'two', new Float64Array(9000)], map: new Map([[1, 2n]]) }, 'value'),
    );
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(whole.length),
        (at, flip, length) => {
          const bytes = Uint8Array.from(whole);
          bytes[at] = (bytes[at] as number) ^ flip;
          refused(bytes);
          refused(whole.slice(0, length));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of another format are refused by its number', () => {
    expect(() => fromBytes(new Uint8Array([9, 4]))).toThrow(/format 9/);
    expect(() => fromBytes(new Uint8Array([1, 200]))).toThrow(/kind 200/);
    expect(() => fromBytes(new Uint8Array([1]))).toThrow(
      expect.objectContaining({ code: 'VALUE_UNREADABLE' }),
    );
  });
});
