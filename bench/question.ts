/** What every file of questions exports, and how much of it is asked. */
import type { Figure } from './figure.ts';

export interface Question {
  /** As on the command line, and as `bench` in the figures. */
  readonly name: string;
  /** One sentence, printed above the figures. */
  readonly asks: string;
  answer(scale: Scale): Promise<readonly Figure[]>;
}

export interface Scale {
  /** Small and few: shows that all works, not how fast. */
  readonly quick: boolean;
  /** At least 5, but when quick. */
  readonly rounds: number;
  /** Rounds of what starts processes, which is less steady. */
  readonly processes: number;
}

export const FULL: Scale = { quick: false, rounds: 5, processes: 9 };
export const QUICK: Scale = { quick: true, rounds: 1, processes: 1 };
/** Small sizes, but medians that can be compared with those of another run. */
export const QUICK_CHECK: Scale = { quick: true, rounds: 7, processes: 5 };

/** Of every pool that is measured: those that the goals were set for. */
export const THREADS = 2;
