/** The task module of an app that gets bundled. */
import { threadId } from 'node:worker_threads';
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const double = task('double', {
  requires: ['n'],
  provides: { doubled: 'doubled', thread: 'thread' },
  execute({ n }: { n: number }) {
    return { doubled: 2 * n, thread: threadId };
  },
});
