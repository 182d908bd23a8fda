/** Runs a flow and one that fails and is taken back. Ends by itself; prints one line of JSON. */
import { existsSync, readFileSync } from 'node:fs';
import { linear, run, TaskloomError } from 'taskloom';
import flow from './flow.ts';
import { fail, keep, square } from './tasks.ts';

const done = await run(flow, { store: { n: 12, file: 'ts-done.txt' } });
const squared: number = done.squared;

const failing = linear('failing').add(square, keep, fail);
const error: unknown = await run(failing, { store: { n: 3, file: 'ts-failed.txt' } }).catch(
  (thrown: unknown) => thrown,
);

// @ts-expect-error: the symbol `file` is missing
const missing: unknown = await run(flow, { store: { n: 1 } }).catch((thrown: unknown) => thrown);

console.log(
  JSON.stringify({
    squared,
    onThread: done.thread > 0,
    written: readFileSync('ts-done.txt', 'utf8'),
    error:
      error instanceof RangeError
        ? { range: true, message: error.message, code: 'code' in error && error.code }
        : { range: false, message: String(error) },
    // The first line of the stack that names a file says where the user's own code threw.
    thrownAt: /tasks\.[tj]s:\d+/.exec((error as Error).stack ?? '')?.[0],
    revertedFile: !existsSync('ts-failed.txt'),
    missing: missing instanceof TaskloomError && missing.code,
  }),
);
