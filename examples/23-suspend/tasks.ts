/** Numbers that are halved when even, else tripled plus one, until they come to 1: which takes the longest way? */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export interface Way {
  readonly start: number;
  readonly steps: number;
}

/** Takes the longest way so far, if there is one, and gives the longest of both. */
export const search = task('search', {
  requires: ['from', 'to'],
  optional: ['longest'],
  provides: 'longest',
  execute(
    { from, to, longest = { start: 1, steps: 0 } }: { from: number; to: number; longest?: Way },
    { log },
  ) {
    log.info(`${from} to ${to}`);
    let best = longest;
    for (let start = from; start < to; start++) {
      const steps = stepsFrom(start);
      if (steps > best.steps) best = { start, steps };
    }
    return best;
  },
});

function stepsFrom(start: number): number {
  let steps = 0;
  for (let n = start; n > 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) steps += 1;
  return steps;
}
