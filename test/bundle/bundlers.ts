/** The bundlers that users have, each building the same app in three ways into a folder that runs by itself. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import * as vite from 'vite';

/**
 * - `entries`: taskloom is external and the task module is an entry point, as the guide says.
 * - `inlined`: taskloom is external, but the tasks are in the bundle of the app.
 * - `swallowed`: the task module is an entry point, but taskloom is in the bundle.
 */
export type Way = 'entries' | 'inlined' | 'swallowed';

const SOURCES = fileURLToPath(new URL('./app', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

export const BUNDLERS: Readonly<Record<string, (way: Way, folder: string) => Promise<unknown>>> = {
  esbuild: (way, folder) =>
    esbuild.build({
      entryPoints: Object.values(entriesOf(way, folder)),
      external: way === 'swallowed' ? [] : ['taskloom'],
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      // What esbuild's users write for CommonJS parts of an ESM bundle.
      banner: {
        js: "import { createRequire as cr } from 'node:module'; const require = cr(import.meta.url);",
      },
    }),
  vite: (way, folder) =>
    vite.build({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      ssr: way === 'swallowed' ? { noExternal: true } : { external: ['taskloom'] },
      build: {
        ssr: true,
        outDir: folder,
        emptyOutDir: false,
        target: 'node20',
        rolldownOptions: { input: entriesOf(way, folder) },
      },
    }),
};

function entriesOf(way: Way, folder: string): Record<string, string> {
  const main = join(folder, 'src/main.ts');
  return way === 'inlined' ? { main } : { main, tasks: join(folder, 'src/tasks.ts') };
}

/** A folder outside of the repository that holds the app's sources and where `taskloom` is installed. */
export async function makeApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'taskloom-bundle-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await cp(SOURCES, join(folder, 'src'), { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  await symlink(PACKAGE, join(folder, 'node_modules/taskloom'), 'junction');
  return folder;
}

export async function removeApp(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

export interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the bundled app to its end; one that hangs is killed, and its code is then no number. */
export function runApp(folder: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['main.js'], { cwd: folder, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 'killed'), stdout, stderr });
    });
  });
}
