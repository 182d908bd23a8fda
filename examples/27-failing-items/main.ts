/**
 * An item that fails is tried again by itself, and nothing else with it. When one gives up, no further item starts, and
 * every item that ran is reverted.
 *
 *   Oslo ✓ ─▶ Bodø ✗ ↩ ✓ ─▶ Narvik ✗ ↩ ✗        Tromsø is not asked
 *     ◀──────────◀── revert ──◀─┘
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, map } from 'taskloom';
import { book } from './tasks.ts';

const tour = map('tour', {
  over: 'towns',
  as: 'town',
  indexAs: 'night',
  task: book,
  // One after another, so that the lines below come in this order.
  concurrency: 1,
  provides: 'bookings',
});

const folder = await mkdtemp(join(tmpdir(), 'taskloom-'));
const engine = createEngine(tour, { store: { towns: ['Oslo', 'Bodø', 'Narvik', 'Tromsø'], folder } });
engine.on('log', ({ name, message }) => console.log(`${name} ${message}`));
try {
  await engine.run();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.log(`${[...engine.storage.failures.keys()]} gave up: ${error.message}`);
}
console.log(`items: ${engine.storage.itemStates('tour').join(', ')}`);
console.log(`bookings left: ${(await readdir(folder)).length}`);
await engine.close();
await rm(folder, { recursive: true });
