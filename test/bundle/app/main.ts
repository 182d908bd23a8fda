/** The entry point of an app that gets bundled: runs a flow on a worker thread. */
import { linear, run } from 'taskloom';
import { double } from './tasks.ts';

const results = await run(linear('bundled').add(double), { store: { n: 21 }, threads: 1 });
console.log(JSON.stringify({ doubled: results.doubled, onThread: results.thread > 0 }));
