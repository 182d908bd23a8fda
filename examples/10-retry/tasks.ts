/** The attempt's value is a symbol like any other: here it is the box that is tried. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export interface Box {
  readonly name: string;
  readonly litres: number;
}

export const unfold = task('unfold', {
  requires: ['box'],
  provides: 'room',
  execute({ box }: { box: Box }, context) {
    context.log.info(`takes the ${box.name} box`);
    return box.litres;
  },
  revert({ box }, context) {
    context.log.info(`folds the ${box.name} box up again`);
  },
});

export const fill = task('fill', {
  requires: ['room', 'things'],
  provides: 'left',
  execute({ room, things }: { room: number; things: readonly number[] }) {
    let left = room;
    for (const [at, litres] of things.entries()) {
      if (litres > left) throw new RangeError(`no room for thing ${at + 1} of ${things.length}`);
      left -= litres;
    }
    return left;
  },
});
