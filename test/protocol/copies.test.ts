/**
 * How often the bytes of a large value are copied on their way: by who closes it, by the thread that forwards it, by who opens it. Copies
 * are counted where they are made, at the functions that make them; what crosses a port is looked at on the other side.
 */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { close, open, share, transfer, transferList, type Value } from '../../src/protocol/codec.ts';

const MB = 1024 * 1024;
const typed = Object.getPrototypeOf(Uint8Array.prototype) as {
  set(from: ArrayLike<number>, at?: number): void;
};
const buffers = ArrayBuffer.prototype as { slice(from?: number, to?: number): ArrayBuffer };
const original = { set: typed.set, slice: buffers.slice };
let copied = 0;

beforeEach(() => {
  copied = 0;
  typed.set = function (this: unknown, from, at) {
    copied += (from as unknown as Uint8Array).byteLength ?? 0;
    original.set.call(this, from, at);
  };
  buffers.slice = function (this: unknown, from, to) {
    const slice = original.slice.call(this, from, to);
    copied += slice.byteLength;
    return slice;
  };
});
afterEach(() => {
  typed.set = original.set;
  buffers.slice = original.slice;
});

/** How many MB `action` copies, and what it gives. */
function counted<T>(action: () => T): { readonly mb: number; readonly value: T } {
  copied = 0;
  const value = action();
  return { mb: Math.round(copied / MB), value };
}

/** Through a port to another side and back from there: what the main thread does between two tasks. */
function forward(value: Value): Value {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value, transferList(value));
  const arrived = receiveMessageOnPort(port2)?.message as Value;
  port1.close();
  return arrived;
}

/** Every buffer of the value is the memory of the one that was sent, and not a copy of it. */
function isSameMemory(sent: readonly (ArrayBuffer | SharedArrayBuffer)[], arrived: Value): boolean {
  if (typeof arrived !== 'object' || arrived === null || 'list' in arrived) return false;
  return arrived.buffers.every((buffer, at) => {
    const before = sent[at];
    if (before instanceof ArrayBuffer) return before.byteLength === 0;
    new Uint8Array(buffer)[0] = 77;
    return before !== undefined && new Uint8Array(before)[0] === 77;
  });
}

const big = (): Uint8Array<ArrayBuffer> => new Uint8Array(4 * MB).fill(1);

test.each<[string, () => unknown, boolean, { close: number; open: number }]>([
  ['a typed array that tasks may read', () => big(), true, { close: 4, open: 4 }],
  ['the same in the midst of an object', () => ({ deep: [{ pixels: big() }] }), true, { close: 4, open: 4 }],
  ['a part of one: that part only', () => big().subarray(MB, 2 * MB), true, { close: 1, open: 1 }],
  ['an array buffer', () => big().buffer, true, { close: 4, open: 4 }],
  [
    'one that is shared, when it was copied into shared memory',
    () => {
      const numbers = big();
      return share(numbers);
    },
    true,
    { close: 4, open: 0 },
  ],
  ['shared memory itself', () => new Uint8Array(new SharedArrayBuffer(4 * MB)), true, { close: 0, open: 0 }],
  [
    'one that is moved, and that nobody else reads',
    () => {
      const numbers = big();
      return transfer(numbers, [numbers.buffer]);
    },
    false,
    { close: 0, open: 0 },
  ],
  [
    'one that is moved though tasks may read it',
    () => {
      const numbers = big();
      return transfer(numbers, [numbers.buffer]);
    },
    true,
    { close: 4, open: 4 },
  ],
  ['a long text: into shared memory', () => 'x'.repeat(4 * MB), true, { close: 4, open: 0 }],
])('%s', (_what, make, read, wanted) => {
  const value = make();
  const closed = counted(() => close(value, 'result', { read }));
  const sent =
    typeof closed.value === 'object' && closed.value !== null && 'buffers' in closed.value
      ? closed.value.buffers
      : [];
  const forwarded = counted(() => forward(closed.value));
  const opened = counted(() => open(forwarded.value));
  expect({ close: closed.mb, forward: forwarded.mb, open: opened.mb }).toEqual({ ...wanted, forward: 0 });
  expect(isSameMemory(sent, forwarded.value)).toBe(true);
});

test('a value that several tasks need is closed once, and forwarded to each without a copy', () => {
  const closed = counted(() => close({ pixels: big() }, 'result'));
  const forwarded = counted(() => [1, 2, 3].map(() => forward(closed.value)));
  expect([closed.mb, forwarded.mb]).toEqual([4, 0]);
  for (const each of forwarded.value)
    expect((open(each) as { pixels: Uint8Array }).pixels.length).toBe(4 * MB);
});
