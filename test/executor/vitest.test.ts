/** Users test their flows with vitest: it imports a task module by itself, and worker threads import it again. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROJECT = fileURLToPath(new URL('../fixtures/vitest-project/', import.meta.url));
const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

test.each(['forks', 'threads'])('real threads work under vitest, pool %s', async (pool) => {
  const args = [VITEST, 'run', '--root', PROJECT, '--pool', pool, '--no-color'];
  // Not as a part of the run that this test is in.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(stdout).toMatch(/Tests\s+1 passed/);
});
