/**
 * A million numbers, made once: five tasks on several threads read the same memory, and a result moves instead of being
 * copied.
 *
 *                    ┌▶ sum 0 … sum 3 ─▶ four sums
 *   sample ─ wave ═══╪▶ memory        ─▶ what kind of memory the others see
 *           shared   └▶ squares ═══════▶ squared (moved)
 */
import { linear, run, unordered } from 'taskloom';
import { memory, sample, squares, sumPart } from './tasks.ts';

const flow = linear('buffers').add(
  sample,
  unordered('readers').add(
    sumPart.as('sum 0', { inject: { part: 0 }, provides: 'sum0' }),
    sumPart.as('sum 1', { inject: { part: 1 }, provides: 'sum1' }),
    sumPart.as('sum 2', { inject: { part: 2 }, provides: 'sum2' }),
    sumPart.as('sum 3', { inject: { part: 3 }, provides: 'sum3' }),
    memory,
    squares,
  ),
);

const { sum0, sum1, sum2, sum3, kind, squared } = await run(flow, { store: { size: 1_000_000 } });
console.log(`sum of ${[sum0, sum1, sum2, sum3].join(' + ')} = ${sum0 + sum1 + sum2 + sum3}`);
console.log(`the readers saw: ${kind}`);
console.log(`the caller got ${squared.length} numbers, the last is ${squared.at(-1)}`);
