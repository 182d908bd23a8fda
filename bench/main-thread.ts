/** What keeps the main thread from everything else while work goes on elsewhere. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Said from within the work, where not all of it counts. */
export interface Window {
  /** What was before does not count. */
  begin(): void;
  /** What comes after does not count. */
  end(): void;
}

/**
 * ms of the longest stretch for which the main thread could do nothing else. It looks at every turn of the event loop,
 * which therefore never sleeps: where other threads want all cores, what the system gives them meanwhile counts as well.
 */
export async function longestStall(work: (window: Window) => Promise<unknown>): Promise<number> {
  let watching = true;
  let longest = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const turn = (): void => {
    if (!watching) return;
    look();
    setImmediate(turn);
  };
  const begin = (): void => {
    longest = 0;
    last = performance.now();
  };
  const end = (): void => {
    if (watching) look();
    watching = false;
  };
  setImmediate(turn);
  await work({ begin, end });
  end();
  return longest;
}

/** ms for which the main thread was not asleep: all that it did, in one go or in many. */
export async function busyTime(work: (window: Window) => Promise<unknown>): Promise<number> {
  let before = performance.eventLoopUtilization();
  let active: number | null = null;
  const begin = (): void => {
    before = performance.eventLoopUtilization();
  };
  const end = (): void => {
    active ??= performance.eventLoopUtilization(before).active;
  };
  await work({ begin, end });
  end();
  return active ?? Number.NaN;
}

export interface Delays {
  readonly p99: number;
  readonly max: number;
}

/** ms from one timer of 1 ms to the next, as Node's own monitor counts them. */
export async function delaysDuring(work: () => Promise<unknown>): Promise<Delays> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  // Else the first delay and the last would not be seen: the monitor counts from one timer to the next.
  await sleep(5);
  await work();
  await sleep(5);
  histogram.disable();
  return { p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
}
