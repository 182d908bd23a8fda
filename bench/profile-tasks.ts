/** Tasks that begin and end a profile of the worker thread that they run on; the thread must be the only one. */
import { taskModule } from 'taskloom';
import { type Hot, startProfile, stopProfile } from './cpu-profile.ts';

const task = taskModule(import.meta.url);

/** Of this thread, from one task to the other. */
let session: Awaited<ReturnType<typeof startProfile>> | null = null;

export const profileFrom = task('profile-from', {
  async execute(): Promise<void> {
    session = await startProfile();
  },
});

export const profileUntil = task('profile-until', {
  requires: ['count'],
  provides: 'hot',
  async execute({ count }: { count: number }): Promise<readonly Hot[]> {
    if (session === null) throw new Error('No profile was begun on this thread.');
    const hot = await stopProfile(session, count);
    session = null;
    return hot;
  },
});
