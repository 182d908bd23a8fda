/**
 * Import time: what `import 'taskloom'` adds to the start of every process that uses it. Beside it as many empty modules, which is what
 * their number costs, and all of its own code in one file, which is what is left when a bundler has put them together.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { figure, zip } from './figure.ts';
import { inFreshProcess } from './fresh-process.ts';
import type { Question } from './question.ts';
import { interleave } from './rounds.ts';
import { inScratch } from './scratch.ts';

const EMPTY = 'an empty module';
const SCRIPT = new URL('./far/time-import.mjs', import.meta.url);
const EMPTY_URL = new URL('./far/empty.mjs', import.meta.url).href;
const ENTRY = new URL('../dist/src/index.js', import.meta.url);
/** Loaded from elsewhere when they are needed. */
const LATER = ['piscina', 'comlink', 'tsx', 'esbuild', '@photostructure/sqlite'];

export const importTime: Question = {
  name: 'import-time',
  asks: 'How long does the import of the package take in a fresh process?',
  answer: ({ processes }) =>
    inScratch(async (folder) => {
      const modules = modulesOf(ENTRY);
      const many = manyEmpty(folder, modules.size);
      const bundle = join(folder, 'bundle.mjs');
      await build({
        entryPoints: [fileURLToPath(ENTRY)],
        outfile: bundle,
        bundle: true,
        platform: 'node',
        format: 'esm',
        external: LATER,
      });
      const importOf = async (specifier: string): Promise<number> =>
        Number((await inFreshProcess(SCRIPT, specifier)).output);
      const times = await interleave(processes, {
        empty: () => importOf(EMPTY_URL),
        many: () => importOf(many),
        bundled: () => importOf(pathToFileURL(bundle).href),
        taskloom: () => importOf('taskloom'),
      });
      const named = (name: string) => ({ bench: 'import-time', case: name, unit: 'ms' });
      const empty = { case: EMPTY, samples: times.empty };
      return [
        figure(named(EMPTY), times.empty),
        figure(named('as many empty modules as taskloom has'), times.many),
        figure(named('taskloom in one file'), times.bundled, empty),
        figure(named('taskloom'), times.taskloom, empty, { on: 'value', atMost: 30 }),
        figure(
          named('taskloom less an empty module'),
          zip(times.taskloom, times.empty, (taskloom, less) => taskloom - less),
        ),
      ];
    }),
};

/** All modules of ours that are loaded with this one. */
function modulesOf(entry: URL): ReadonlySet<string> {
  const found = new Set([entry.href]);
  for (const module of found) {
    const source = readFileSync(new URL(module), 'utf8');
    for (const [, path] of source.matchAll(/^(?:import|export|\}) .*from '(\.[^']+)'/gm))
      found.add(new URL(path ?? '', module).href);
  }
  return found;
}

/** The address of a module that imports so many others, less itself. */
function manyEmpty(folder: string, count: number): string {
  const names = Array.from({ length: count - 1 }, (_, at) => `empty-${at}.mjs`);
  for (const name of names) writeFileSync(join(folder, name), '');
  const entry = join(folder, 'all.mjs');
  writeFileSync(entry, names.map((name) => `import './${name}';\n`).join(''));
  return pathToFileURL(entry).href;
}
