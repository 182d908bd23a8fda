/** One task looks, the branches parse, the last one counts what there is. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const look = task('look', {
  requires: ['text'],
  execute: ({ text }: { text: string }) => (text.startsWith('[') ? 'json' : 'csv'),
});

export const parseJson = task('parse-json', {
  requires: ['text'],
  provides: 'list',
  execute: ({ text }: { text: string }) => JSON.parse(text) as unknown[],
});

export const splitLines = task('split-lines', {
  requires: ['text'],
  provides: 'lines',
  execute: ({ text }: { text: string }) => text.split('\n').filter((line) => line !== ''),
});

export const splitCells = task('split-cells', {
  requires: ['lines'],
  provides: 'table',
  execute: ({ lines }: { lines: string[] }) => lines.map((line) => line.split(',')),
});

/** Of a branch that did not run nothing is there, so what the branches give is optional. */
export const count = task('count', {
  optional: ['list', 'table'],
  provides: 'records',
  execute: ({ list, table }: { list?: unknown[]; table?: string[][] }) => (list ?? table ?? []).length,
});
