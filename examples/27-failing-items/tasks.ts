/** Books one night of a tour. A house that is hard to reach is called again; one that is full is full. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { taskModule, times } from 'taskloom';

const task = taskModule(import.meta.url);

export const book = task('book', {
  requires: ['town', 'night', 'folder'],
  // Of each item by itself.
  retry: times(2),
  async execute({ town, night, folder }: { town: string; night: number; folder: string }, { attempt, log }) {
    log.info(`asks for a room in ${town}, attempt ${attempt}`);
    await mkdir(join(folder, town));
    if (town === 'Bodø' && attempt === 1) throw new Error('the line is busy');
    if (town === 'Narvik') throw new RangeError('there is no room in Narvik');
    await writeFile(join(folder, town, 'booking.txt'), `night ${night + 1}`);
    return `${town}, night ${night + 1}`;
  },
  async revert({ town, folder }, { log }, { result }) {
    log.info(result === undefined ? `clears away what it began for ${town}` : `cancels ${result}`);
    await rm(join(folder, town), { recursive: true });
  },
});
