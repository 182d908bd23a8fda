/** The demo on folders with everything odd in them: what is restored is what was archived, and failures leave nothing. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { ThreadPoolTaskExecutor } from 'taskloom';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { packAll, survey } from '../../examples/archive/archive.ts';
import { restore } from '../../examples/archive/restore.ts';
import { demo, start } from './archive-demo.ts';
import { makeOddTree, noise, snapshot } from './trees.ts';

const POSIX = process.platform !== 'win32';

let executor: ThreadPoolTaskExecutor;
let home: string;
let root: string;
let out: string;
let to: string;

beforeAll(() => {
  executor = new ThreadPoolTaskExecutor({ threads: 2 });
});
afterAll(() => executor.stop());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'taskloom-test-'));
  [root, out, to] = [join(home, 'root'), join(home, 'out'), join(home, 'to')];
  await mkdir(root);
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function archive() {
  const surveyed = await survey(root, { executor });
  return packAll(surveyed, { executor, out, quality: 4 });
}

test('restores bytes, modes, times and links of an odd tree', async () => {
  const unfit = makeOddTree(root, 20);
  const { index } = await archive();
  await restore({ from: out, to, executor });
  expect(index.notes.map(({ path }) => path).sort()).toEqual(unfit.sort());
  expect(snapshot(to)).toEqual(snapshot(root, unfit));
  expect(index.entries.length).toBeGreaterThan(30);
});

test('stores equal files and equal chunks once', async () => {
  const large = noise(5_000_000, 1);
  for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), large);
  await writeFile(join(root, 'zeros'), Buffer.alloc(20 * 1024 * 1024));
  const surveyed = await survey(root, { executor });
  expect(surveyed.plan.duplicates).toEqual({ chunks: 15, bytes: 10_000_000 + 9 * 2 * 1024 * 1024 });
  const { bytes } = await packAll(surveyed, { executor, out, quality: 4 });
  expect(bytes).toBeLessThan(5_100_000);
  await restore({ from: out, to, executor });
  expect(snapshot(to)).toEqual(snapshot(root));
});

test('archives an empty folder, and a large number of small files in few parts', async () => {
  expect((await archive()).index.entries).toEqual([]);
  await rm(out, { recursive: true });
  for (let at = 0; at < 3000; at += 1) writeFileSync(join(root, `file ${at}`), `content ${at}`);
  const { index } = await archive();
  expect(index.parts.length).toBeLessThan(12);
  await restore({ from: out, to, executor });
  expect(snapshot(to)).toEqual(snapshot(root));
});

test('notes files that vanish or change while it runs, and stays consistent', async () => {
  for (const [at, name] of ['kept', 'gone', 'longer', 'shorter', 'emptied', 'other'].entries())
    writeFileSync(join(root, name), noise(3000, at));
  for (const name of ['twin 1', 'twin 2', 'twin 3']) writeFileSync(join(root, name), noise(9000, 9));
  const before = snapshot(root);
  const surveyed = await survey(root, { executor });
  rmSync(join(root, 'gone'));
  rmSync(join(root, 'twin 1'));
  writeFileSync(join(root, 'longer'), noise(9999, 50));
  writeFileSync(join(root, 'shorter'), 'short');
  writeFileSync(join(root, 'emptied'), '');
  writeFileSync(join(root, 'twin 2'), noise(9000, 51));
  const { index } = await packAll(surveyed, { executor, out, quality: 4 });
  await restore({ from: out, to, executor });

  expect(Object.fromEntries(index.notes.map(({ path, why }) => [path, why]))).toEqual({
    gone: 'it vanished before it was read',
    'twin 1': 'it changed after it was hashed; archived as it was then',
    'twin 2': 'it changed after it was hashed; archived as it was then',
    longer: 'it changed while it was read; archived as it was read',
    shorter: 'it changed while it was read; archived as it was read',
    emptied: 'it changed while it was read; archived as it was read',
  });
  const after = snapshot(to);
  for (const name of ['kept', 'other', 'twin 1', 'twin 2', 'twin 3'])
    expect(after[name]).toEqual(before[name]);
  expect(after).not.toHaveProperty('gone');
  expect(readFileSync(join(to, 'longer'))).toEqual(noise(9999, 50).subarray(0, 3000));
  expect(readFileSync(join(to, 'shorter'), 'utf8')).toBe('short');
  expect(readFileSync(join(to, 'emptied'), 'utf8')).toBe('');
});

test('refuses damaged parts and takes back what it restored', async () => {
  for (let at = 0; at < 8; at += 1) await writeFile(join(root, `file ${at}`), noise(1_500_000, at));
  await archive();
  const part = join(out, 'parts', '000003.br');
  const bytes = readFileSync(part);
  bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0);
  writeFileSync(part, bytes);
  await expect(restore({ from: out, to, executor })).rejects.toThrow();
  expect(existsSync(to)).toBe(false);
});

test.each(['../evil', 'a/../../evil', '/etc/evil', 'a//b', ''])(
  'refuses the path %j in an index',
  async (path) => {
    await writeFile(join(root, 'file'), 'content');
    await archive();
    const file = join(out, 'index.json.br');
    const index = JSON.parse(brotliDecompressSync(readFileSync(file)).toString());
    index.entries[0].path = path;
    writeFileSync(file, brotliCompressSync(JSON.stringify(index)));
    await expect(restore({ from: out, to, executor })).rejects.toThrow(/entry 0 has a path/);
    expect(existsSync(to)).toBe(false);
  },
);

test('the command archives and restores', async () => {
  const unfit = makeOddTree(root, 21);
  const archived = await demo(root, '--out', out, '--threads', '2');
  expect(archived).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/failed/) });
  expect(archived.stdout).toMatch(/speed-up +\d\.\d\d over one thread: .* with 1, .* with 2/);
  const restored = await demo('--restore', out, '--to', to);
  expect(restored.code).toBe(0);
  expect(snapshot(to)).toEqual(snapshot(root, unfit));
});

test.each([
  ['exit', 'WORKER_EXITED'],
  ['throw', 'RangeError'],
])('a task that ends by %s in the midst leaves no archive', async (how, code) => {
  for (let at = 0; at < 12; at += 1) await writeFile(join(root, `file ${at}`), noise(1_500_000, at));
  const { code: exit, stderr } = await demo(root, '--out', out, '--threads', '2', '--break', how);
  expect(stderr).toContain(code);
  expect(stderr).toMatch(/[1-9]\d* parts? w.* taken back, and the folder .* is gone/);
  expect(exit).toBe(1);
  expect(existsSync(out)).toBe(false);
});

test.runIf(POSIX)('Ctrl-C leaves no archive', async () => {
  for (let at = 0; at < 30; at += 1) await writeFile(join(root, `file ${at}`), noise(1_500_000, at));
  const child = start([root, '--out', out, '--quality', '11', '--threads', '1']);
  while (!existsSync(join(out, 'parts', '000000.br')) && child.process.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.process.kill('SIGINT');
  const { code, stderr } = await child.ended;
  expect(stderr).toContain('Interrupted');
  expect(code).toBe(130);
  expect(existsSync(out)).toBe(false);
});

test('wrong use is one sentence', async () => {
  await mkdir(out);
  await writeFile(join(out, 'precious'), 'content');
  const missing = await demo(join(home, 'nowhere'));
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/nowhere does not exist\./) });
  const full = await demo(root, '--out', out);
  expect(full).toMatchObject({ code: 2, stderr: expect.stringMatching(/out is not empty/) });
  expect(await readdir(out)).toEqual(['precious']);
});
