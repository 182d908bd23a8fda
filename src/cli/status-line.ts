/** The text of the live status line: what runs now, how far it is, and how much of the flow is done. */
import type { AtomEvent, ProgressEvent } from '../engine/events.ts';
import type { Tally } from './tally.ts';
import { duration, oneLine } from './text.ts';

/** More names than this don't fit into any terminal. */
const NAMES = 12;

export class StatusLine {
  readonly #tally: Tally;
  readonly #began = performance.now();
  /** How far each running task is; null where it didn't say. */
  readonly #running = new Map<string, number | null>();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  atom({ name, state }: AtomEvent): void {
    if (state === 'RUNNING' || state === 'REVERTING') this.#running.set(name, null);
    else this.#running.delete(name);
  }

  progress({ name, fraction }: ProgressEvent): void {
    if (this.#running.has(name)) this.#running.set(name, fraction);
  }

  text(): string {
    const seconds = Math.floor((performance.now() - this.#began) / 1000);
    const counts = `${this.#tally.count('SUCCESS')}/${this.#tally.total} done, ${duration(seconds * 1000)}`;
    const names: string[] = [];
    for (const [name, fraction] of this.#running) {
      if (names.length === NAMES) break;
      const far = fraction === null ? '' : ` ${Math.floor(fraction * 100)} %`;
      names.push(`${oneLine(name, 30)}${far}`);
    }
    return names.length === 0 ? counts : `${counts} | ${this.#running.size} running: ${names.join(', ')}`;
  }
}
