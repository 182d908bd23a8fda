/**
 * A worker thread with nothing of ours in it, through which an array goes: into fresh memory of its own, and back into fresh
 * memory that is shared, as any value must that each task may change and several may read.
 */
import { parentPort } from 'node:worker_threads';

parentPort.on('message', (shared) => {
  const own = new Float64Array(shared.length);
  own.set(shared);
  own[0] += 1;
  const next = new Float64Array(new SharedArrayBuffer(own.byteLength));
  next.set(own);
  parentPort.postMessage(next);
});
