/**
 * A retry that tries one value after another: when an attempt fails, what it did is reverted, the failed task first, and
 * the next value is tried.
 *
 *   packing_retry ─ box ─▶ unfold ─ room ─▶ fill ✗
 *         ▲               ◀─ 2. revert ─── ◀─ 1. revert
 *         └── 3. next box ───┘
 */
import { createEngine, forEach, linear } from 'taskloom';
import { type Box, fill, unfold } from './tasks.ts';

const boxes: readonly Box[] = [
  { name: 'small', litres: 4 },
  { name: 'medium', litres: 9 },
  { name: 'large', litres: 20 },
];
const flow = linear('packing', { retry: forEach(boxes, { provides: 'box' }) }).add(unfold, fill);

const engine = createEngine(flow, { store: { things: [3, 2, 5, 4] } });
engine.on('log', ({ name, message }) => console.log(`${name} ${message}`));
engine.on('atom', ({ name, failure }) => {
  if (failure !== null) console.log(`${name} fails: ${failure.message}`);
});
const { box, left } = await engine.run();
await engine.close();

console.log(`packed into the ${box.name} box, ${left} litres to spare`);
for (const [at, { provided, failures }] of engine.storage.retryHistory('packing_retry').attempts.entries()) {
  const outcome = [...failures].map(([name, { message }]) => `${name}: ${message}`).join('') || 'worked';
  console.log(`attempt ${at + 1}, the ${(provided as Box).name} box: ${outcome}`);
}
