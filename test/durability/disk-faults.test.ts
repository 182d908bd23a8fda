/**
 * A disk that is full, or gives errors: the flow is suspended with an error that says so, and goes on when that is over, in the
 * same process or another.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite } from 'taskloom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child, until } from './child.ts';
import { fileLayer } from './file-layer.ts';

let folder = '';
let file = '';

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'taskloom-disk-')), 'runs');
  mkdirSync(folder);
  file = join(folder, 'runs.db');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

async function expectWhole(): Promise<void> {
  const backend = sqlite(file);
  expect(await backend.check()).toEqual([]);
  await backend.close();
}

describe.skipIf(fileLayer === null)('a disk', () => {
  let children: Child[] = [];
  afterEach(async () => {
    for (const child of children) child.kill();
    await Promise.all(children.map(({ exit }) => exit));
    children = [];
  });
  const beside = (name: string): string => join(folder, '..', name);
  const start = (spec: object): Child => {
    const all = { id: 'one', db: file, log: beside('log'), executor: 'serial', lease: 30_000, ...spec };
    const env = {
      LD_PRELOAD: fileLayer as string,
      FILE_LAYER_DIR: folder,
      FILE_LAYER_FAULT: beside('fault'),
    };
    const child = new Child('one-flow.mjs', [JSON.stringify(all)], env);
    children.push(child);
    return child;
  };
  const begin = (fault: string): void => writeFileSync(beside('fault'), fault);
  const end = (): void => rmSync(beside('fault'));
  const lines = (): string[] =>
    readFileSync(beside('log'), 'utf8')
      .split('\n')
      .map((line) => line.slice(line.indexOf(' ') + 1))
      .filter((line) => line.startsWith('+'));
  beforeEach(() => writeFileSync(beside('log'), ''));

  const tasks = (): object[] => [{ name: 'a' }, { name: 'b', gate: beside('gate') }, { name: 'c' }];
  const faults = [
    ['that is full', 'ENOSPC', 'STORAGE_FULL', 'normal'],
    ['that cannot be synced', 'EIO', 'STORAGE_UNAVAILABLE', 'full'],
  ] as const;

  it.each(faults)(
    '%s suspends the flow; the same engine goes on when that is over',
    async (_, fault, code, durability) => {
      const child = start({ tasks: tasks(), durability, isPatient: true });
      await until(() => lines().includes('+b'), 'it runs b');
      begin(fault);
      writeFileSync(beside('gate'), '');
      expect(await child.says('done', 'failed')).toMatchObject({ kind: 'failed', code, state: 'SUSPENDED' });
      child.tell('again');
      await until(() => child.said.length === 3, 'it fails again');
      expect(child.said[2]).toMatchObject({ kind: 'failed', code, state: 'SUSPENDED' });
      end();
      child.tell('again');
      expect(await child.says('done')).toMatchObject({ state: 'SUCCESS' });
      expect(lines()).toEqual(['+a', '+b', '+c']);
      await child.exit;
      await expectWhole();
    },
  );

  it.each(faults)(
    '%s loses nothing that was recorded to another process',
    async (_, fault, code, durability) => {
      const child = start({ tasks: tasks(), durability, isPatient: true });
      await until(() => lines().includes('+b'), 'it runs b');
      begin(fault);
      writeFileSync(beside('gate'), '');
      await child.says('failed');
      child.kill();
      await child.exit;
      const refused = start({ tasks: tasks(), durability, isCold: true });
      expect(await refused.says('done', 'failed')).toMatchObject({ kind: 'failed', code });
      await refused.exit;
      end();
      const other = start({ tasks: tasks(), durability });
      expect(await other.says('done', 'failed')).toMatchObject({
        kind: 'done',
        results: { a: `a by ${child.pid}`, b: `b by ${other.pid}` },
      });
      expect(lines()).toEqual(['+a', '+b', '+b', '+c']);
      await other.exit;
      await expectWhole();
    },
  );

  it.each([
    ['is full', 'ENOSPC', 'STORAGE_FULL'],
    ['cannot be written', 'EACCES', 'STORAGE_UNAVAILABLE'],
  ])('that %s from the start: nothing runs until that is over', async (_, fault, code) => {
    begin(fault);
    const child = start({ tasks: [{ name: 'a' }], isCold: true, isPatient: true });
    expect(await child.says('done', 'failed')).toMatchObject({ kind: 'failed', code, state: 'PENDING' });
    expect(lines()).toEqual([]);
    end();
    child.tell('again');
    expect(await child.says('done')).toMatchObject({ state: 'SUCCESS' });
    await child.exit;
    await expectWhole();
  });
});
