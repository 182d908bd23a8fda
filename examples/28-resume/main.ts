/**
 * A process is killed in the midst of its work, and another one goes on: the archive demo, which keeps what is done with `--db`.
 *
 *   archive           ─▶ part 0 ─▶ part 1 ─▶ part 2 ─▶ …   unbroken/
 *   archive --db FILE ─▶ part 0 ─▶ SIGKILL                   │
 *   archive --db FILE             ─▶ what is left ─▶ …       resumed/  the same, byte for byte
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../archive/demo.ts', import.meta.url));
const MB = 1024 * 1024;

const scratch = mkdtempSync(join(tmpdir(), 'taskloom-resume-'));
const folder = join(scratch, 'folder');
const db = join(scratch, 'runs.db');

fillFolder();
console.log(`unbroken: ${await archive('unbroken', [])}`);
console.log(`broken:   ${await archive('resumed', ['--db', db], 'killed')}`);
console.log(`resumed:  ${await archive('resumed', ['--db', db])}`);
const [one, other] = [filesIn('unbroken'), filesIn('resumed')];
const isSame = one.length === other.length && one.every((file, at) => file.equals(other[at] as Buffer));
console.log(`${one.length} files, ${isSame ? 'the same, byte for byte' : 'and they differ'}`);
rmSync(scratch, { recursive: true });

/** So that there is something to do for a while: 8 MB of text, which makes four parts and more. */
function fillFolder(): void {
  mkdirSync(folder);
  for (let file = 0; file < 4; file++) {
    const lines = Array.from({ length: 100_000 }, (_, line) => `${file} ${line} ${Math.sin(file + line)}`);
    writeFileSync(join(folder, `${file}.txt`), lines.join('\n').slice(0, 2 * MB));
  }
}

/** Runs the demo in a process of its own; one that is to be killed is, when the first part is there. Says how it ended. */
function archive(name: string, options: readonly string[], end?: 'killed'): Promise<string> {
  const out = join(scratch, name);
  const fixed = ['--threads', '1', '--quality', '7', '--no-measure'];
  const args = ['--import', 'tsx', DEMO, folder, '--out', out, ...fixed, ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const look = setInterval(() => {
    if (end === 'killed' && existsSync(join(out, 'parts', '000000.br'))) child.kill('SIGKILL');
  }, 10);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearInterval(look);
      resolve(signal ?? (code === 0 ? 'done' : `failed with ${code}`));
    });
  });
}

/** The bytes of all files of an archive, in the order of their names. */
function filesIn(out: string): readonly Buffer[] {
  const root = join(scratch, out);
  const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return paths.map((path) => readFileSync(path));
}
