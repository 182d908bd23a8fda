/**
 * A worker thread with nothing of ours in it: what threads and messages cost by themselves.
 * A message is a list: for how many turns to spin, one after the other; an empty one makes it an echo.
 */
import { parentPort } from 'node:worker_threads';
import { spin } from './spin.mjs';

parentPort.on('message', (list) => {
  let last = 0;
  for (const turns of list) last = spin(turns);
  parentPort.postMessage(last);
});
