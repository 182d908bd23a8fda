/** The same as `start-bare.mjs`, in a process that has imported the task and with it taskloom: what a flow cannot begin without. */
import { Worker } from 'node:worker_threads';
import './square.mjs';

const worker = new Worker(new URL('./start-bare-worker.mjs', import.meta.url), { workerData: { n: 12 } });
worker.once('message', (squared) => process.stdout.write(`${squared}\n`));
