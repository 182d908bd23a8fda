/** The layer over the file system (test/fixtures/durability/file-layer.c): built with gcc, once for each process of tests. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../fixtures/durability/file-layer.c', import.meta.url));

/** The path of the library to preload; null where it can't be built: without Linux or gcc. */
export const fileLayer: string | null = build();

if (fileLayer === null) console.warn('No tests of power loss and full disks: they need Linux and gcc.');

function build(): string | null {
  if (process.platform !== 'linux') return null;
  const folder = mkdtempSync(join(tmpdir(), 'taskloom-layer-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const library = join(folder, 'layer.so');
  const { status, stderr, error } = spawnSync('gcc', [
    '-shared',
    '-fPIC',
    '-O1',
    '-o',
    library,
    SOURCE,
    '-ldl',
  ]);
  if (error !== undefined) return null;
  if (status !== 0) throw new Error(`gcc could not build ${SOURCE}: ${stderr}`);
  return library;
}
