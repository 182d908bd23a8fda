/** The rules of a small build: each says what it reads and what it makes, and none says when. */
import { createHash } from 'node:crypto';
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** Stands for a compiler: whatever is put in leads to another eight digits. */
function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8);
}

export const grammar = task('grammar', {
  requires: ['rules'],
  provides: 'parserSource',
  execute: ({ rules }: { rules: string }) => `parser of ${rules}`,
});

export const parser = task('parser', {
  requires: ['parserSource'],
  provides: 'parserObject',
  execute: ({ parserSource }: { parserSource: string }) => digest(parserSource),
});

export const runtime = task('runtime', {
  requires: ['source'],
  provides: 'runtimeObject',
  execute: ({ source }: { source: string }) => digest(source),
});

export const program = task('program', {
  requires: ['parserObject', 'runtimeObject'],
  provides: 'binary',
  execute: (objects: { parserObject: string; runtimeObject: string }) =>
    digest(objects.parserObject, objects.runtimeObject),
});

export const manual = task('manual', {
  requires: ['rules', 'version'],
  provides: 'page',
  execute: ({ rules, version }: { rules: string; version: string }) => `${version}: ${rules}`,
});

export const bundle = task('bundle', {
  requires: ['binary', 'page'],
  provides: 'archive',
  execute: ({ binary, page }: { binary: string; page: string }) => digest(binary, page),
});
