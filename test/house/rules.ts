/** The rules of the house as functions over sources as text, so that the test can show that each of them can fail. */
import { posix } from 'node:path';

/** Text of each file by its path from the root of the repository, with slashes. */
export type Sources = ReadonlyMap<string, string>;

/** A file imports its own folder or a lower floor. Files right in src/ are the ground, but for the two on top. */
const FLOORS: Readonly<Record<string, number>> = {
  ground: 1,
  'flow/': 2,
  'persistence/': 2,
  'compile/': 3,
  'protocol/': 3,
  'storage/': 4,
  'executor/': 4,
  'workers/': 4,
  'engine/': 5,
  'listeners/': 6,
  'jobs/': 6,
  'report/': 6,
  'cli/': 7,
  'dashboard/': 7,
  'index.ts': 7,
  'testing.ts': 7,
};
const TOP: readonly string[] = ['index.ts', 'testing.ts'];
const MOST_LINES = 320;

/** Strings and comments, whichever begins first. */
const TEXT_OR_COMMENT = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g;
const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

export function brokenFloors(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    for (const target of importsOf(file, text)) {
      const [from, to] = [roomOf(file), roomOf(target)];
      const [low, high] = [FLOORS[from], FLOORS[to]];
      if (target === 'taskloom') found.push(`${file} imports ${target}: the package by its own name`);
      else if (!isOwn(target)) continue;
      else if (file === 'src/states.ts') found.push(`${file} imports ${target}: states.ts imports nothing`);
      else if (low === undefined || high === undefined)
        found.push(`${file} imports ${target}: ${low === undefined ? from : to} stands on no floor`);
      else if (from !== to && high >= low)
        found.push(`${file} (floor ${low}) imports ${target} (floor ${high})`);
    }
  }
  return found;
}

/** Each circle of imports once, as a path. */
export function circles(sources: Sources): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of importsOf(file, sources.get(file) ?? '')) if (sources.has(target)) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of sources.keys()) visit(file);
  return found;
}

export function brokenManners(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    const code = text.replace(TEXT_OR_COMMENT, (piece) => (piece.startsWith('/') ? ' ' : "''"));
    const lines = text.split('\n').length;
    if (!/^(#!.*\n)?\/\*\*/.test(text)) found.push(`${file}: no purpose comment on top`);
    if (/(?:[:<|&,([=]\s*|\b(?:as|extends|is)\s+)any\b(?!\s*[:(.])/.test(code)) found.push(`${file}: any`);
    if (/^export\s+default\b/m.test(code) && !file.startsWith('workers/'))
      found.push(`${file}: a default export`);
    if (/\benum\s+\w+\s*\{/.test(code)) found.push(`${file}: an enum`);
    if (/^(src\/.*|workers)\/index\.ts$/.test(file)) found.push(`${file}: an index.ts inside a folder`);
    if (/(^|\/)(utils?|common|types|helpers?)(\/|\.ts$)/.test(file))
      found.push(`${file}: a name that says nothing`);
    // V8 puts such a function among what is old at once: until the next full collection it holds all that it closes over, and what
    // is young hangs on that. It made scavenges of short runs ten times as long.
    if (
      /[\w)\]]\.#?\w+\s*(?:\?\?|\|\|)?=\s*(?:async\s*)?(?:\([^;{}()]*\)|\w+)(?:\s*:[^=;]+)?\s*=>/.test(code)
    )
      found.push(`${file}: a function written where it is assigned to a property`);
    if (lines > MOST_LINES) found.push(`${file}: ${lines} lines, more than ${MOST_LINES}`);
  }
  return found;
}

/** What a file imports, once each: paths from the root for own files, names for packages. */
function importsOf(file: string, text: string): Set<string> {
  const code = text.replace(TEXT_OR_COMMENT, (piece) => (piece.startsWith('/') ? ' ' : piece));
  const found = new Set<string>();
  for (const [, , name = ''] of code.matchAll(IMPORT))
    found.add(name.startsWith('.') ? posix.join(posix.dirname(file), name) : name);
  return found;
}

const isOwn = (path: string): boolean => /^(src|workers)\//.test(path);

/** `cli/` of src/cli/main.ts; `workers/`; `ground` or the file itself for files right in src/. */
function roomOf(file: string): string {
  if (file.startsWith('workers/')) return 'workers/';
  const inside = file.replace(/^src\//, '');
  const slash = inside.indexOf('/');
  if (slash >= 0) return inside.slice(0, slash + 1);
  return TOP.includes(inside) ? inside : 'ground';
}
