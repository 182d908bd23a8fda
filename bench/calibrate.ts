/** How many turns of `spin` make a length of time, and how long turns take when nothing is in their way. */
import { spin } from './far/spin.mjs';
import type { Scale } from './question.ts';
import { timed } from './rounds.ts';

/** Turns that take 1 ms, at the best of several tries: what else the machine does can only lengthen them. */
export function calibrate({ quick }: Scale): number {
  const turns = quick ? 1_000_000 : 10_000_000;
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 7; tries++) {
    const began = performance.now();
    spin(turns);
    best = Math.min(best, performance.now() - began);
  }
  return turns / best;
}

/** ms that the tasks take one after the other in a plain loop. */
export function workTime(turns: readonly number[]): Promise<number> {
  return timed(() => {
    for (const each of turns) spin(each);
  });
}
