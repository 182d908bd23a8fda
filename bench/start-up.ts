/** Start-up: what a user waits for when a process has one thing to do on a thread. */
import { figure } from './figure.ts';
import { inFreshProcess } from './fresh-process.ts';
import type { Question } from './question.ts';
import { interleave } from './rounds.ts';

const BARE = 'bare worker thread';
const SCRIPTS = {
  node: new URL('./far/start-node.mjs', import.meta.url),
  bare: new URL('./far/start-bare.mjs', import.meta.url),
  importing: new URL('./far/start-importing.mjs', import.meta.url),
  taskloom: new URL('./far/start-taskloom.mjs', import.meta.url),
};

export const startUp: Question = {
  name: 'start-up',
  asks: 'How long is it from the start of a process to the first result of a task on a thread?',
  async answer({ processes }) {
    const first = async (script: URL): Promise<number> => (await inFreshProcess(script)).ms;
    const times = await interleave(processes, {
      node: () => first(SCRIPTS.node),
      bare: () => first(SCRIPTS.bare),
      importing: () => first(SCRIPTS.importing),
      taskloom: () => first(SCRIPTS.taskloom),
    });
    const bare = { case: BARE, samples: times.bare };
    const named = (name: string) => ({ bench: 'start-up', case: name, unit: 'ms' });
    return [
      figure(named('Node alone'), times.node),
      figure(named(BARE), times.bare),
      figure(named(`${BARE}, the task imported before`), times.importing, bare),
      figure(named('taskloom'), times.taskloom, bare, { on: 'ratio', atMost: 1.3 }),
    ];
  },
};
