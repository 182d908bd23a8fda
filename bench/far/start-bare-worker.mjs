/** The far side of `start-bare.mjs`. */
import { parentPort, workerData } from 'node:worker_threads';
import { square } from './square.mjs';

parentPort.postMessage(square(workerData));
