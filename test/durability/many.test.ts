/** Many engines at once on one file, of one process and of several: nobody is told that it is busy, and all come to their end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite } from 'taskloom';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Child } from './child.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskloom-many-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const TASKS = 10;

async function runAll(processes: number, engines: number): Promise<void> {
  const file = join(folder, 'runs.db');
  const all = Array.from({ length: processes }, () => new Child('many-child.mjs', [file, `${engines}`]));
  try {
    for (const child of all) expect(await child.says('ends')).toEqual({ kind: 'ends', ends: ['right'] });
    await Promise.all(all.map(({ exit }) => exit));
    expect(all.map(({ errors }) => errors).join('')).toBe('');
  } finally {
    for (const child of all) child.kill();
  }
  await using backend = sqlite(file);
  expect(await backend.check()).toEqual([]);
  const flows = await backend.flows();
  expect(flows.length).toBe(processes * engines);
  expect(new Set(flows.map(({ state, owner }) => `${state} ${owner?.pid}`))).toEqual(
    new Set(['SUCCESS undefined']),
  );
  for (const { flowId } of flows.slice(0, 20)) {
    const atoms = await backend.atoms(flowId);
    expect(atoms.filter(({ kind, state }) => kind === 'task' && state === 'SUCCESS').length).toBe(TASKS);
  }
}

it('a thousand engines of one process', () => runAll(1, 1000), 120_000);

it('four processes with a hundred engines each', () => runAll(4, 100), 120_000);
