/**
 * A worker thread with nothing of ours in it: what threads and messages cost by themselves.
 * A message is how often to spin for how many turns; `times: 0` makes it an echo.
 */
import { parentPort } from 'node:worker_threads';
import { spin } from './spin.mjs';

parentPort.on('message', ({ times, turns }) => {
  let last = 0;
  for (let done = 0; done < times; done++) last = spin(turns);
  parentPort.postMessage(last);
});
