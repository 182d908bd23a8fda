/** The tasks that are measured; worker threads import this module. */
import { taskModule } from 'taskloom';
import { makeItems } from './far/items.mjs';
import { spin } from './far/spin.mjs';

const task = taskModule(import.meta.url);

export const noOp = task('no-op', { execute(): void {} });

export const spinFor = task('spin-for', {
  requires: ['turns'],
  execute({ turns }: { turns: number }): number {
    return spin(turns);
  },
});

export const spinAndTell = task('spin-and-tell', {
  requires: ['turns'],
  execute({ turns }: { turns: number }, context): number {
    const last = spin(turns);
    context.progress(1);
    return last;
  },
});

export const addOne = task('add-one', {
  requires: ['n'],
  provides: 'sum',
  execute({ n }: { n: number }): number {
    return n + 1;
  },
});

/** As a program would return it that knows nothing of buffers. */
export const makeArray = task('make-array', {
  requires: ['length'],
  provides: 'array',
  execute({ length }: { length: number }): Float64Array {
    return new Float64Array(length).fill(1);
  },
});

export const makeShared = task('make-shared', {
  requires: ['length'],
  provides: 'array',
  execute({ length }: { length: number }, context): Float64Array {
    return context.share(new Float64Array(length).fill(1));
  },
});

/** Changes the array a little, and hands it on. */
export const touch = task('touch', {
  requires: ['array'],
  provides: 'array',
  execute({ array }: { array: Float64Array }): Float64Array {
    array[0] = (array[0] ?? 0) + 1;
    return array;
  },
});

export const touchShared = task('touch-shared', {
  requires: ['array'],
  provides: 'array',
  execute({ array }: { array: Float64Array }, context): Float64Array {
    array[0] = (array[0] ?? 0) + 1;
    return context.share(array);
  },
});

export const touchMoved = task('touch-moved', {
  requires: ['array'],
  provides: 'array',
  execute({ array }: { array: Float64Array }, context): Float64Array {
    array[0] = (array[0] ?? 0) + 1;
    return context.transfer(array, [array.buffer as ArrayBuffer]);
  },
});

export const makeGraph = task('make-graph', {
  requires: ['count'],
  provides: 'items',
  execute({ count }: { count: number }) {
    return makeItems(count);
  },
});

export const countItems = task('count-items', {
  requires: ['items'],
  execute({ items }: { items: readonly unknown[] }): number {
    return items.length;
  },
});
