/** Large arrays: shared where several read them, moved where one does. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** Four tasks are to read this: they all see the one memory, and nothing is copied. */
export const sample = task('sample', {
  requires: ['size'],
  provides: 'wave',
  execute({ size }: { size: number }, context) {
    const wave = new Float64Array(size);
    for (let at = 0; at < size; at++) wave[at] = at % 1000;
    return context.share(wave);
  },
});

export const sumPart = task('sum-part', {
  requires: ['wave', 'part'],
  provides: 'sum',
  execute({ wave, part }: { wave: Float64Array; part: number }) {
    const length = wave.length / 4;
    return wave.subarray(part * length, (part + 1) * length).reduce((sum, each) => sum + each, 0);
  },
});

/** Only the caller reads this: its memory moves to the main thread. */
export const squares = task('squares', {
  requires: ['wave'],
  provides: 'squared',
  execute({ wave }: { wave: Float64Array }, context) {
    const squared = wave.map((each) => each * each);
    return context.transfer(squared, [squared.buffer as ArrayBuffer]);
  },
});

export const memory = task('memory', {
  requires: ['wave'],
  provides: 'kind',
  execute: ({ wave }: { wave: Float64Array }) => wave.buffer.constructor.name,
});
