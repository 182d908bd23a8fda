/** The far side of the crossings in codec.test.ts: opens what it gets, does what it is told, and closes the answer. */
import { parentPort } from 'node:worker_threads';
import { close, open, share, transfer, transferList, type Value } from '../../src/protocol/codec.ts';

type Action = 'echo' | 'write' | 'share' | 'move' | 'big' | 'deep';

/** Views and their first writes, by action. */
function perform(action: Action, value: unknown): unknown {
  switch (action) {
    case 'echo':
      return value;
    case 'write':
      (value as Uint8Array)[0] = 77;
      return null;
    case 'share':
      return { pixels: share(new Uint8Array(1000).fill(1)) };
    case 'move': {
      const pixels = new Uint8Array(1000).fill(2);
      return transfer({ pixels }, [pixels.buffer as ArrayBuffer]);
    }
    case 'big':
      return { pixels: new Float64Array(8 * 2 ** 20).fill(1.5) };
    case 'deep': {
      let nested: object = {};
      for (let i = 0; i < 100_000; i += 1) nested = { nested };
      return nested;
    }
  }
}

parentPort?.on('message', ({ action, value }: { action: Action; value: Value }) => {
  try {
    const result = close(perform(action, open(value)), 'result', { read: action !== 'move' });
    parentPort?.postMessage(result, transferList(result));
  } catch (thrown) {
    parentPort?.postMessage((thrown as { code: string }).code);
  }
});
