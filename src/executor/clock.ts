/** Time, as executors need it: a clock that tests can replace by one that they move by hand. */

/** What setTimeout can wait; what is longer would fire at once. */
const LONGEST = 2 ** 31 - 1;

export interface Clock {
  /** ms, monotonic. */
  now(): number;
  /** ms since 1970, for what is to be known in another process. */
  wall(): number;
  /** Calls `action` once, `ms` from now; returns what calls it off. */
  after(ms: number, action: () => void): () => void;
}

/** The monotonic clock of the process. Its timers keep the process alive only as long as tasks run. */
export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, action) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = left > LONGEST ? setTimeout(wait, LONGEST, left - LONGEST) : setTimeout(action, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves when the promise has settled well, or after so many ms. */
export async function atMost(
  settled: Promise<unknown> | null,
  ms: number = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) {
    await settled;
    return;
  }
  let callOff = (): void => {};
  const late = new Promise<void>((resolve) => {
    callOff = realClock.after(ms, resolve);
  });
  await Promise.race([settled, late]);
  callOff();
}
