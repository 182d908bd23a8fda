/** Import time: what `import 'taskloom'` adds to the start of every process that uses it. */
import { figure, zip } from './figure.ts';
import { inFreshProcess } from './fresh-process.ts';
import type { Question } from './question.ts';
import { interleave } from './rounds.ts';

const EMPTY = 'an empty module';
const SCRIPT = new URL('./far/time-import.mjs', import.meta.url);
const EMPTY_URL = new URL('./far/empty.mjs', import.meta.url).href;

export const importTime: Question = {
  name: 'import-time',
  asks: 'How long does the import of the package take in a fresh process?',
  async answer({ processes }) {
    const importOf = async (specifier: string): Promise<number> =>
      Number((await inFreshProcess(SCRIPT, specifier)).output);
    const times = await interleave(processes, {
      empty: () => importOf(EMPTY_URL),
      taskloom: () => importOf('taskloom'),
    });
    const named = (name: string) => ({ bench: 'import-time', case: name, unit: 'ms' });
    return [
      figure(named(EMPTY), times.empty),
      figure(
        named('taskloom'),
        times.taskloom,
        { case: EMPTY, samples: times.empty },
        { on: 'value', atMost: 30 },
      ),
      figure(
        named('taskloom less an empty module'),
        zip(times.taskloom, times.empty, (taskloom, empty) => taskloom - empty),
      ),
    ];
  },
};
