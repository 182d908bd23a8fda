/**
 * Large flows: what a run costs for each task, and whether that grows with the flow; and how much heap it holds when it
 * is done. On the serial executor, so that the engine is measured and not the threads. A ratio of 1 is linear growth.
 */
import type { AnyUnit } from 'taskloom';
import { compiled, timedRun } from './compiled.ts';
import { figure, type Samples } from './figure.ts';
import { unorderedNoOps } from './no-op-flows.ts';
import type { Question } from './question.ts';
import { collectGarbage, interleave, timed } from './rounds.ts';

const SIZES = { full: [10_000, 1_000_000], quick: [300, 3000] } as const;
/** Runs of the small flow that are measured together: one alone is too short for a steady figure. */
const REPEATS = 10;

export const largeFlows: Question = {
  name: 'large-flows',
  asks: 'What does a run cost for each task, and does it grow with the flow?',
  async answer({ quick, rounds }) {
    const [small, large] = quick ? SIZES.quick : SIZES.full;
    const few = unorderedNoOps(small);
    // A million tasks warm up by themselves, these do not.
    await repeatedly(few);
    const empty = heapUsed();
    const many = unorderedNoOps(large);
    const written = heapUsed() - empty;
    const held: number[] = [];
    const times = await interleave(
      rounds,
      {
        few: () => repeatedly(few),
        many: () =>
          compiled(many, { executor: 'serial' }, async (engine) => {
            const ms = await timed(() => engine.run());
            held.push(heapUsed() - empty);
            return ms;
          }),
      },
      { warmUp: false },
    );

    const each = (samples: Samples, tasks: number): Samples => samples.map((ms) => (ms / tasks) * 1000);
    const named = (name: string, unit: string) => ({ bench: 'large-flows', case: name, unit });
    const [short, long] = [small, large].map((count) => `${count.toLocaleString('en')} tasks`);
    const fewer = { case: `run, ${short}`, samples: each(times.few, small * REPEATS) };
    const kilobytes = (bytes: number): number => bytes / large / 1024;
    return [
      figure(named(fewer.case, 'µs/task'), fewer.samples),
      figure(named(`run, ${long}`, 'µs/task'), each(times.many, large), fewer, {
        on: 'ratio',
        atMost: 1.3,
      }),
      figure(named(`heap of the flow, ${long}`, 'KB/task'), [kilobytes(written)]),
      figure(named(`heap of flow and run, ${long}`, 'KB/task'), held.map(kilobytes), null, {
        on: 'value',
        atMost: 1,
      }),
    ];
  },
};

/** ms of several runs, one after the other. */
async function repeatedly(flow: AnyUnit): Promise<number> {
  let sum = 0;
  for (let run = 0; run < REPEATS; run++) sum += await timedRun(flow, 'serial');
  return sum;
}

/** Bytes that are still held. */
function heapUsed(): number {
  collectGarbage('major');
  return process.memoryUsage().heapUsed;
}
