/**
 * Reads what a page shows. A code block whose first line is a comment with a file name is that file; a console block
 * holds commands, each after a `$`, and below it what it prints.
 */
import { readFileSync } from 'node:fs';
import { sameLines } from '../examples/run-node.ts';

const ROOT = new URL('../../', import.meta.url);

export interface Command {
  readonly line: string;
  /** What the page says that it prints; empty when the page doesn't say. */
  readonly prints: string;
}

export function readPage(page: string): string {
  return sameLines(readFileSync(new URL(page, ROOT), 'utf8'));
}

/** The files that a page shows, by name. */
export function filesIn(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const block of blocksIn(text, 'js|ts')) {
    const name = /^\/\/ ([\w.-]+\.[jt]s)\n/.exec(block)?.[1];
    if (name === undefined) throw new Error(`A code block does not begin with its file name:\n${block}`);
    if (found.has(name)) throw new Error(`Two code blocks are named ${name}`);
    found.set(name, block);
  }
  return found;
}

/** The commands of a page's console blocks, in their order. */
export function commandsIn(text: string): readonly Command[] {
  return blocksIn(text, 'console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return { line: part.slice(0, end), prints: part.slice(end + 1) };
      }),
  );
}

/** The lines of a page's sh blocks, without their comments. */
export function shellLinesIn(text: string): readonly string[] {
  return blocksIn(text, 'sh')
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*/, ''))
    .filter((line) => line !== '');
}

function blocksIn(text: string, language: string): string[] {
  const fences = text.matchAll(new RegExp(`^\`\`\`(?:${language})\\n([\\s\\S]*?)^\`\`\`$`, 'gm'));
  return [...fences].map(([, block = '']) => block);
}
