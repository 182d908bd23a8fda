/** The archive demo with `--db`: stopped, killed and started again, it makes the archive of a run that nothing broke. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { demo, start } from '../examples/archive-demo.ts';
import { noise, snapshot } from '../examples/trees.ts';

/** How often an archive is killed in its midst. `npm run test:long` does so more often. */
const KILLS = Number(process.env['TASKLOOM_KILLS'] ?? 2);
const POSIX = process.platform !== 'win32';

let home: string;
let root: string;
let out: string;
let to: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'taskloom-test-'));
  [root, out, to] = [join(home, 'root'), join(home, 'out'), join(home, 'to')];
  await mkdir(root);
});
afterEach(() => rm(home, { recursive: true, force: true }));

test.runIf(POSIX)(
  'with --db, stopped and killed and started again each time, makes the same archive',
  async () => {
    for (let at = 0; at < 12; at += 1) await writeFile(join(root, `file ${at}`), noise(1_500_000, at));
    const fixed = [root, '--threads', '2', '--quality', '7', '--no-measure'];
    const began = performance.now();
    expect((await demo(...fixed, '--out', to)).code).toBe(0);
    const wall = performance.now() - began;

    const args = [...fixed, '--out', out, '--db', join(home, 'runs.db')];
    const interrupted = start(args);
    while (!existsSync(join(out, 'parts', '000000.br')) && interrupted.process.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    interrupted.process.kill('SIGINT');
    const { code, stderr } = await interrupted.ended;
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining('The same command goes on where this one stopped.'),
    ]);
    expect(existsSync(out)).toBe(true);

    for (let kill = 0; kill < KILLS; kill++) {
      const doomed = start(args);
      const timer = setTimeout(() => doomed.process.kill('SIGKILL'), Math.random() * wall);
      await doomed.ended;
      clearTimeout(timer);
    }
    expect((await demo(...args)).code).toBe(0);
    expect(contents(out)).toEqual(contents(to));
  },
  300_000,
);

/** What is in a folder, whenever it was written. */
function contents(folder: string): readonly (readonly [string, string])[] {
  const withoutTime = (entry: string): string => entry.split(' ').toSpliced(2, 1).join(' ');
  return Object.entries(snapshot(folder)).map(([name, entry]) => [name, withoutTime(entry)]);
}
