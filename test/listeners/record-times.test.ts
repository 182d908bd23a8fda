/** When and how long, among the notes of each atom. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine, linear, recordDurations, recordTimestamps, task } from 'taskloom';
import { expect, it } from 'vitest';

const nap = task('nap', { execute: () => sleep(30) });
const quick = task('quick', { execute: () => 1 });

it('recordDurations keeps the ms from RUNNING to the end', async () => {
  const engine = createEngine(linear('f').add(nap, quick), { executor: 'serial' });
  const stop = recordDurations(engine);
  engine.storage.annotate('nap', { mine: 1 });
  await engine.run();
  expect(engine.storage.metadata('nap')).toMatchObject({ mine: 1, duration: expect.any(Number) });
  expect(engine.storage.metadata('nap')['duration']).toBeGreaterThan(25);
  expect(engine.storage.metadata('quick')['duration']).toBeLessThan(25);
  const before = engine.storage.metadata('nap')['duration'];
  stop();
  engine.reset();
  await engine.run();
  expect(engine.storage.metadata('nap')['duration']).toBe(before);
});

it('recordDurations forgets nothing at a reset, and counts nothing that did not run', async () => {
  const engine = createEngine(linear('f').add(quick), { executor: 'serial' });
  recordDurations(engine);
  expect(engine.storage.metadata('quick')).toEqual({});
  await engine.run();
  const { duration } = engine.storage.metadata('quick') as { duration: number };
  engine.reset();
  expect(engine.storage.metadata('quick')).toEqual({ duration });
});

it('recordTimestamps keeps when each state was entered', async () => {
  const engine = createEngine(linear('f').add(quick), { executor: 'serial' });
  const began = Date.now();
  recordTimestamps(engine);
  await engine.run();
  const notes = engine.storage.metadata('quick') as Record<string, number>;
  expect(Object.keys(notes)).toEqual(['RUNNING-timestamp', 'SUCCESS-timestamp']);
  expect(notes['RUNNING-timestamp']).toBeGreaterThanOrEqual(began);
  expect(notes['SUCCESS-timestamp']).toBeGreaterThanOrEqual(notes['RUNNING-timestamp']!);
});
