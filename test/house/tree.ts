/** Reads the files of the repository, but for what is installed, made or git's own. */
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', '.git']);

/** Text of each file whose path, with slashes from the root of the repository, is wanted. */
export function readTree(wanted: (path: string) => boolean, folder = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(new URL(folder || '.', ROOT), { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue;
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) for (const [file, text] of readTree(wanted, `${path}/`)) found.set(file, text);
    else if (entry.isFile() && wanted(path)) found.set(path, readFileSync(new URL(path, ROOT), 'utf8'));
  }
  return found;
}
