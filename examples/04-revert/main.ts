/**
 * A failure takes back what ran, in reverse order, and then reaches the caller as the error that the task threw.
 *
 *   make-folder ─ made ─▶ write-page ─ page ─▶ write-images ✗
 *        ◀── 3. revert ──── ◀── 2. revert ────── ◀── 1. revert
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, linear } from 'taskloom';
import { DiskQuota, makeFolder, writeImages, writePage } from './tasks.ts';

const place = await mkdtemp(join(tmpdir(), 'taskloom-'));
const folder = join(place, 'site');

const engine = createEngine(linear('site').add(makeFolder, writePage, writeImages), { store: { folder } });
engine.on('atom', ({ name, state }) => console.log(`${name}: ${state}`));
engine.on('log', ({ name, message }) => console.log(`${name} ${message}`));

try {
  await engine.run();
} catch (error) {
  if (!(error instanceof DiskQuota)) throw error;
  console.log(`caught ${error.name} (${error.code}): ${error.message}`);
} finally {
  await engine.close();
}
console.log(`flow: ${engine.storage.flowState}, folder left behind: ${existsSync(folder)}`);
await rm(place, { recursive: true });
