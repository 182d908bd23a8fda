/** Each task leaves something behind, and knows how to take it back. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerError, taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** Registered, so that the caller gets an instance of it and not a plain Error. */
export class DiskQuota extends Error {
  override readonly name = 'DiskQuota';
  readonly code = 'E_QUOTA';
}
registerError(DiskQuota);

export const makeFolder = task('make-folder', {
  requires: ['folder'],
  provides: 'made',
  async execute({ folder }: { folder: string }) {
    await mkdir(folder);
    return folder;
  },
  async revert({ folder }) {
    await rm(folder, { recursive: true });
  },
});

export const writePage = task('write-page', {
  requires: ['made'],
  provides: 'page',
  async execute({ made }: { made: string }) {
    const page = join(made, 'page.html');
    await writeFile(page, '<p>Hello.</p>');
    return page;
  },
  async revert(_args, context, { result, failures }) {
    context.log.info(`removes the page, because of: ${[...failures.keys()].join(', ')}`);
    if (result !== undefined) await rm(result);
  },
});

export const writeImages = task('write-images', {
  requires: ['made', 'page'],
  execute(_args: { made: string; page: string }): void {
    throw new DiskQuota('no room for the images');
  },
  // The task that failed is reverted too, and first: it may have done half of its work.
  revert(_args, context, { failure }) {
    context.log.info(`has nothing to remove; it failed itself: ${failure?.message}`);
  },
});
