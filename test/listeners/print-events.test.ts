/** A line for each state change. */
import { createEngine, linear, printEvents, task } from 'taskloom';
import { expect, it } from 'vitest';
import { refused } from '../flow/refused.ts';

it('prints one line per state change, until it is stopped', async () => {
  const lines: string[] = [];
  const engine = createEngine(
    linear('f').add(
      task('a\n\u001b[31m', { execute: () => 1 }),
      task('b', {
        execute: () => {
          throw new RangeError('too\nfar');
        },
      }),
    ),
    { executor: 'serial' },
  );
  const stop = printEvents(engine, { write: (line) => lines.push(line) });
  await engine.run().catch(() => {});
  expect(lines).toEqual([
    "flow 'f' PENDING → RUNNING",
    "task 'a\\n\\u001b[31m' PENDING → RUNNING",
    "task 'a\\n\\u001b[31m' RUNNING → SUCCESS",
    "task 'b' PENDING → RUNNING",
    "task 'b' RUNNING → FAILURE: RangeError: too\\nfar",
    "task 'b' FAILURE → REVERTING",
    "task 'b' REVERTING → REVERTED",
    "task 'a\\n\\u001b[31m' SUCCESS → REVERTING",
    "task 'a\\n\\u001b[31m' REVERTING → REVERTED",
    "flow 'f' RUNNING → REVERTED",
  ]);
  stop();
  await engine.run().catch(() => {});
  expect(lines.length).toBe(10);
});

it('refuses a write that is no function', () => {
  const engine = createEngine(linear('f'), { executor: 'serial' });
  refused('OPTION_INVALID', () => printEvents(engine, { write: 'stdout' as never }));
});
