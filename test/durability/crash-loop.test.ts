/**
 * Flows whose process is killed at any instant, again and again, reach the end of an unbroken run.
 *
 * TASKLOOM_CRASHES rounds on both executors together (default 200): flows that were broken, up to five times each, and
 * compared. A failure names the seed: `TASKLOOM_SEED=… npx vitest run test/durability/crash-loop.test.ts` draws the same
 * flows and kills; what a kill hits is never quite the same.
 */
import { describe, expect, it } from 'vitest';
import { crashLoop } from './crash-loop.ts';

const rounds = Math.ceil(Number(process.env['TASKLOOM_CRASHES'] ?? 200) / 2);
/** Rounds on one file. */
const MOST_AT_A_TIME = 250;
const seed = Number(process.env['TASKLOOM_SEED'] ?? Date.now() % 1_000_000_000);

describe(`a crash loop, TASKLOOM_SEED=${seed}`, () => {
  it.each(['serial', 'threads'] as const)(
    'comes to the end of an unbroken run: %s',
    async (executor) => {
      const began = performance.now();
      for (let [left, part] = [rounds, seed]; left > 0; part++) {
        const { violations, ...report } = await crashLoop({
          seed: part,
          rounds: Math.min(left, MOST_AT_A_TIME),
          executor,
        });
        expect(violations, `TASKLOOM_SEED=${part}`).toEqual([]);
        left -= report.rounds;
        const seconds = (performance.now() - began) / 1000;
        console.log(`${executor}: ${JSON.stringify(report)} after ${seconds.toFixed(1)} s`);
      }
    },
    60_000 + rounds * 3_000,
  );
});
