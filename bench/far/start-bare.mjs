/** A whole process: prints the first result of one worker thread that imports the same module. */
import { Worker } from 'node:worker_threads';

const worker = new Worker(new URL('./start-bare-worker.mjs', import.meta.url), { workerData: { n: 12 } });
worker.once('message', (squared) => process.stdout.write(`${squared}\n`));
