// Runs a flow, a flow that fails and is taken back, and an engine by hand. Ends by itself; prints one line of JSON.
import { existsSync, readFileSync } from 'node:fs';
import { createEngine, linear, run } from 'taskloom';
import flow from './flow.js';
import { fail, keep, square } from './tasks.js';

const done = await run(flow, { store: { n: 12, file: 'js-done.txt' } });

const failing = linear('failing').add(square, keep, fail);
const error = await run(failing, { store: { n: 3, file: 'js-failed.txt' } }).catch((thrown) => thrown);

const engine = createEngine(flow, { store: { n: 4, file: 'js-engine.txt' }, threads: 1 });
const states = [];
engine.on('flow', ({ state }) => states.push(state));
await engine.run();
const squared = await engine.storage.fetch('squared');
await engine.close();

console.log(
  JSON.stringify({
    squared: done.squared,
    onThread: done.thread > 0,
    written: readFileSync('js-done.txt', 'utf8'),
    error: { range: error instanceof RangeError, message: error.message, code: error.code },
    revertedFile: !existsSync('js-failed.txt'),
    engine: { squared, states },
  }),
);
