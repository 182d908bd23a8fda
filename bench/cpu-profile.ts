/** A CPU profile of the thread that it is called on: which functions take the time themselves. */
import { type Profiler, Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';

/** µs between two looks. */
const INTERVAL = 100;

export interface Hot {
  readonly name: string;
  readonly place: string;
  /** Of all time that was profiled, from 0 to 1. */
  readonly share: number;
}

export async function startProfile(): Promise<Session> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
  await session.post('Profiler.start');
  return session;
}

/** The functions that took most time themselves, the most first; without what they called. */
export async function stopProfile(session: Session, count: number): Promise<readonly Hot[]> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return hottest(profile).slice(0, count);
}

function hottest({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly Hot[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { name: string; place: string; sum: number }>();
  let all = 0;
  samples.forEach((id, at) => {
    const frame = frames.get(id);
    // Each delta is the time before its sample, so a sample stands for the delta after it.
    const time = Math.max(0, timeDeltas[at + 1] ?? 0);
    if (frame === undefined) return;
    const name = frame.functionName || '(anonymous)';
    const place = placeOf(frame);
    const entry = times.get(`${name} ${place}`) ?? { name, place, sum: 0 };
    entry.sum += time;
    times.set(`${name} ${place}`, entry);
    all += time;
  });
  return [...times.values()]
    .sort((a, b) => b.sum - a.sum)
    .map(({ name, place, sum }) => ({ name, place, share: sum / all }));
}

/** Empty for what is no function, as `(idle)` and `(garbage collector)`. */
function placeOf({ url, lineNumber }: { readonly url: string; readonly lineNumber: number }): string {
  if (url === '') return '';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return `${path.slice(path.lastIndexOf('/dist/') + 1)}:${lineNumber + 1}`;
}
