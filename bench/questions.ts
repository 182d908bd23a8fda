/** All questions, in the order in which they are asked. */
import { bigArray } from './big-array.ts';
import { chain } from './chain.ts';
import { compiling } from './compiling.ts';
import { efficiency } from './efficiency.ts';
import { flood } from './flood.ts';
import { importTime } from './import-time.ts';
import { largeFlows } from './large-flows.ts';
import { makespan } from './makespan.ts';
import { objectGraph } from './object-graph.ts';
import { progress } from './progress.ts';
import type { Question } from './question.ts';
import { recording } from './recording.ts';
import { responsiveness } from './responsiveness.ts';
import { resuming } from './resuming.ts';
import { smallFlows } from './small-flows.ts';
import { speedUp } from './speed-up.ts';
import { startUp } from './start-up.ts';
import { wavefront } from './wavefront.ts';

const QUESTIONS: readonly Question[] = [
  flood,
  chain,
  efficiency,
  speedUp,
  wavefront,
  makespan,
  smallFlows,
  progress,
  responsiveness,
  bigArray,
  objectGraph,
  startUp,
  importTime,
  recording,
  resuming,
  largeFlows,
  compiling,
];

export const NAMES: string = QUESTIONS.map(({ name }) => name).join(', ');

/** Those that are named, or all. Throws at a name that is of none. */
export function pick(names: readonly string[]): readonly Question[] {
  if (names.length === 0) return QUESTIONS;
  return names.map((name) => {
    const found = QUESTIONS.find((question) => question.name === name);
    if (found === undefined) throw new Error(`There is no bench '${name}'.`);
    return found;
  });
}
