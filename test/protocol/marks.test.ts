import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { isBefore, Marks, nextOf } from '../../src/protocol/marks.ts';

test('what is called back cannot be claimed, and what is claimed is not called back', () => {
  const near = new Marks();
  const far = new Marks(near.memory);
  expect(far.claim(0)).toBe(true);
  expect(far.claim(0)).toBe(false);
  expect(near.callBack(5)).toBe(1);
  for (const number of [1, 2, 4]) expect(far.claim(number)).toBe(false);
  expect(far.claim(5)).toBe(true);
  expect(near.callBack(6)).toBe(6);
});

test('a request whose code began last is known by its number, with the time', () => {
  const near = new Marks();
  const far = new Marks(near.memory);
  expect(near.startOf(0)).toBeNull();
  far.begin(0, 123.5);
  expect(near.startOf(0)).toBe(123.5);
  far.begin(1, 124);
  expect([near.startOf(0), near.startOf(1)]).toEqual([null, 124]);
});

test('a thread is done when nothing that it sees to be sent waits to be claimed', () => {
  const near = new Marks();
  const far = new Marks(near.memory);
  expect(far.isDone).toBe(true);
  // The message may be there before the mark.
  far.claim(0);
  expect(far.isDone).toBe(true);
  near.noteSent(3);
  expect(far.isDone).toBe(false);
  far.claim(1);
  expect(far.isDone).toBe(false);
  far.claim(2);
  expect(far.isDone).toBe(true);
  // Also where the numbers wrap.
  near.callBack(2 ** 31 - 2);
  near.noteSent(-(2 ** 31));
  far.claim(2 ** 31 - 2);
  expect(far.isDone).toBe(false);
  far.claim(2 ** 31 - 1);
  expect(far.isDone).toBe(true);
});

test('a thread is done when what waits there is called back', () => {
  const near = new Marks();
  const far = new Marks(near.memory);
  near.noteSent(3);
  far.claim(0);
  expect(far.isDone).toBe(false);
  near.callBack(3);
  expect(far.isDone).toBe(true);
});

test('a thread sees whether what it does is awaited', () => {
  const near = new Marks();
  const far = new Marks(near.memory);
  expect(far.isAwaited).toBe(false);
  near.isAwaited = true;
  expect(far.isAwaited).toBe(true);
  near.isAwaited = false;
  expect(far.isAwaited).toBe(false);
});

test('a thread waits without sleeping while it may, and no longer than until it is sent more', () => {
  const near = new Marks();
  const far = new Marks(near.memory);
  expect(far.spinUntilSent(1e9)).toBe(false);
  near.maySpin = true;
  expect(far.spinUntilSent(0.01)).toBe(false);
  near.noteSent(1);
  expect(far.spinUntilSent(1e9)).toBe(true);
  far.claim(0);
  near.maySpin = false;
  expect(far.spinUntilSent(1e9)).toBe(false);
});

test('numbers go on past 32 bits', () => {
  const last = 2 ** 31 - 1;
  expect(nextOf(last)).toBe(-(2 ** 31));
  expect(isBefore(last, nextOf(last))).toBe(true);
  expect(isBefore(nextOf(last), last)).toBe(false);
});

test('of two that reach for a request at once, one gets it', async () => {
  const COUNT = 200_000;
  const near = new Marks();
  const claimed = new SharedArrayBuffer(COUNT);
  const sent = new Int32Array(new SharedArrayBuffer(4));
  // The same words as Marks.claim, in plain JavaScript: a worker does not load TypeScript on every Node.
  const worker = new Worker(
    `const { workerData: { memory, claimed, sent, count }, parentPort } = require('node:worker_threads');
     const words = new Int32Array(memory, 0, 1), seen = new Uint8Array(claimed);
     parentPort.postMessage('ready');
     for (let number = 0; number < count; number++) {
       while (Atomics.load(sent, 0) <= number);
       if (Atomics.compareExchange(words, 0, number, number + 1) === number) seen[number] = 1;
     }
     parentPort.postMessage('done');`,
    { eval: true, workerData: { memory: near.memory, claimed, sent, count: COUNT } },
  );
  const calledBack = new Uint8Array(COUNT);
  await new Promise((resolve) => worker.once('message', resolve));
  const done = new Promise((resolve) => worker.once('message', resolve));
  for (let next = 0; next < COUNT; ) {
    // What is sent is what the worker may claim, and is called back while it is on its way through it.
    next = Math.min(COUNT, next + 50);
    Atomics.store(sent, 0, next);
    while (next % 100 === 0 && !near.isClaimed(next - 25));
    for (let number = near.callBack(next); number < next; number++) calledBack[number] = 1;
  }
  await done;
  const seen = new Uint8Array(claimed);
  expect(seen.findIndex((one, number) => one + (calledBack[number] ?? 0) !== 1)).toBe(-1);
  await worker.terminate();
});
