/** A task module in TypeScript: erasable syntax only, so that Node runs it as it is. */
import { rm, writeFile } from 'node:fs/promises';
import { threadId } from 'node:worker_threads';
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const square = task('square', {
  requires: ['n'],
  provides: { squared: 'squared', thread: 'thread' },
  execute({ n }: { n: number }, context) {
    context.progress(0.5);
    return { squared: n * n, thread: threadId };
  },
});

export const keep = task('keep', {
  requires: ['squared', 'file'],
  provides: 'kept',
  async execute({ squared, file }: { squared: number; file: string }) {
    await writeFile(file, String(squared));
    return file;
  },
  async revert({ file }) {
    await rm(file);
  },
});

export const fail = task('fail', {
  requires: ['kept'],
  execute(_args: { kept: string }): void {
    throw Object.assign(new RangeError('too far'), { code: 'E_TOO_FAR' });
  },
});
