/** A user's app in a bundle: what works, and the one sentence where it can't. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUNDLERS, makeApp, removeApp, runApp } from './bundlers.ts';

describe.each(Object.entries(BUNDLERS))('with %s', (_name, build) => {
  let folder = '';
  beforeEach(async () => {
    folder = await makeApp();
  });
  afterEach(() => removeApp(folder));

  test('an app whose task modules are entry points runs on threads', async () => {
    await build('entries', folder);
    const ended = await runApp(folder);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual({ doubled: 42, onThread: true });
  });

  test('tasks inlined in the app are refused: the worker would run the flow again', async () => {
    await build('inlined', folder);
    const ended = await runApp(folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('MODULE_RUNS_FLOW');
  });

  test('taskloom bundled in is refused: its workers are not where they should be', async () => {
    await build('swallowed', folder);
    const ended = await runApp(folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('WORKER_START_FAILED');
    expect(ended.stderr).toMatch(/external/);
  });
});
