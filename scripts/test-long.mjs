// The model's property tests with very many random flows: 25,000 for each of the four kinds of
// run in this process, 100,000 in all, a tenth as many on threads, and 33,000 kept in backends; an archive that is killed 20 times,
// 4,000 durable flows that are broken by kills, up to five times each, and 4,000 losses of power.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const env = {
  TASKLOOM_RUNS: '25000',
  TASKLOOM_KILLS: '20',
  TASKLOOM_CRASHES: '4000',
  TASKLOOM_CUTS: '2000',
  ...process.env,
};
const suites = [
  ['test/model', 'test/engine/maps.properties.test.ts'],
  ['test/durability', 'test/model', '--config', 'vitest.durability.config.ts'],
];
for (const suite of suites) {
  const args = [vitest, 'run', ...suite, '--testTimeout=7200000'];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  process.exitCode ||= status ?? 1;
}
