/** Folders for tests: trees with everything odd in them, and what is compared of a tree. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** `length` bytes that hardly compress; the same for the same `seed`. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed + 1) * 2654435761;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

/** Fills the folder `root`. Returns the names of what can't be archived. */
export function makeOddTree(root: string, seed: number): string[] {
  const windows = process.platform === 'win32';
  const names = ['.hidden', '-rf', '--', 'ünïcödé', '🦊 emoji', ' spaces ', 'a'.repeat(120), 'index.json.br'];
  if (!windows) names.push('new\nline', 'back\\slash', 'q"uo\'te*?', '\u001b[31mred', 'trailing.', 'con');
  for (const [at, name] of names.entries()) writeFileSync(join(root, name), noise(at * 700, seed + at));
  mkdirSync(join(root, 'empty folder'));
  let deep = root;
  for (let at = 0; at < 40; at += 1) {
    deep = join(deep, `${at}`);
    mkdirSync(deep);
  }
  writeFileSync(join(deep, 'at the bottom'), 'deep');
  writeFileSync(
    join(root, 'large'),
    Buffer.concat([noise(3_000_000, seed), Buffer.alloc(6_000_000), noise(70, seed)]),
  );
  writeFileSync(join(root, 'copy of .hidden'), readFileSync(join(root, 'ünïcödé')));
  utimesSync(join(root, 'large'), 1e9, 1e9 + 0.25);
  return windows ? [] : makePosixOddities(root);
}

function makePosixOddities(root: string): string[] {
  symlinkSync('large', join(root, 'link'));
  symlinkSync('nowhere', join(root, 'broken link'));
  symlinkSync('.', join(root, 'cyclic link'));
  symlinkSync('self', join(root, 'self'));
  symlinkSync('/', join(root, '0', 'outside'));
  chmodSync(join(root, '.hidden'), 0o400);
  chmodSync(join(root, '-rf'), 0o4755);
  mkdirSync(join(root, 'shut'));
  writeFileSync(join(root, 'shut', 'inside'), 'inside');
  chmodSync(join(root, 'shut'), 0o555);
  // Not on macOS, whose file system takes UTF-8 only.
  if (process.platform === 'linux')
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff, 0xfe])]), 'odd');
  execFileSync('mkfifo', [join(root, 'pipe')]);
  return ['pipe'];
}

/** Of everything under `root`, by name: kind, mode, time and content. */
export function snapshot(root: string, without: readonly string[] = []): Record<string, string> {
  const found: [string, string][] = [];
  const visit = (folder: Buffer, prefix: string): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      // latin1 keeps names apart that are no UTF-8.
      const shown = prefix + name.toString('latin1');
      if (without.includes(shown)) continue;
      found.push([shown, describe(path)]);
      if (lstatSync(path).isDirectory()) visit(path, `${shown}/`);
    }
  };
  visit(Buffer.from(root), '');
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describe(path: Buffer): string {
  const stats = lstatSync(path);
  const time = Math.round(stats.mtimeMs);
  if (stats.isSymbolicLink()) return `link ${readlinkSync(path)} ${time}`;
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) return `folder ${mode} ${time}`;
  return `file ${mode} ${time} ${stats.size} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}
