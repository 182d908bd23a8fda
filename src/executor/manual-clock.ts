/** A clock that moves when told, and chance that can be repeated. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

interface Alarm {
  readonly at: number;
  readonly action: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  /** By time, then by the order in which they were set. */
  #alarms: readonly Alarm[] = [];

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const alarm: Alarm = { at: this.#now + ms, action };
    this.#alarms = [...this.#alarms, alarm].sort((a, b) => a.at - b.at);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** Goes from alarm to alarm, each with a turn of the event loop to have its effects in. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await nextTurn();
    for (let next = this.#alarms[0]; next !== undefined && next.at <= end; next = this.#alarms[0]) {
      this.#alarms = this.#alarms.slice(1);
      this.#now = next.at;
      next.action();
      await nextTurn();
    }
    this.#now = end;
  }
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
