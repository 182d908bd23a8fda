/** The tasks that are measured; worker threads import this module. */
import { taskModule } from 'taskloom';
import { spin } from './far/spin.mjs';

const task = taskModule(import.meta.url);

export const noOp = task('no-op', { execute(): void {} });

export const spinFor = task('spin-for', {
  requires: ['turns'],
  execute({ turns }: { turns: number }): number {
    return spin(turns);
  },
});

export const addOne = task('add-one', {
  requires: ['n'],
  provides: 'sum',
  execute({ n }: { n: number }): number {
    return n + 1;
  },
});
