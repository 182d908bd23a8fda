/**
 * Large flows: what compiling and running costs for each atom, and whether that grows with the flow. On the serial
 * executor, so that the engine is measured and not the threads. A ratio of 1 is linear growth.
 */
import { type AnyUnit, createEngine, linear, task, unordered } from 'taskloom';
import { type Figure, figure, type Samples } from './figure.ts';
import type { Question, Scale } from './question.ts';
import { interleave, timed } from './rounds.ts';

const SIZES = { full: [10_000, 100_000], quick: [300, 3000] } as const;
const noOp = task('no-op', { execute(): void {} });

export const largeFlows: Question = {
  name: 'large-flows',
  asks: 'What does compiling and running cost for each atom, and does it grow with the flow?',
  async answer(scale) {
    return [...(await pattern('linear', linear, scale)), ...(await pattern('unordered', unordered, scale))];
  },
};

async function pattern(
  name: string,
  make: (name: string) => { add(units: readonly AnyUnit[]): AnyUnit },
  { quick, rounds }: Scale,
): Promise<readonly Figure[]> {
  const [small, large] = quick ? SIZES.quick : SIZES.full;
  const flowOf = (count: number): AnyUnit =>
    make(name).add(Array.from({ length: count }, (_, n) => noOp.as(`no-op-${n}`)));
  const [few, many] = [flowOf(small), flowOf(large)];
  const times = await interleave(rounds, {
    compileFew: () => compileTime(few, small),
    compileMany: () => compileTime(many, large),
    runFew: () => runTime(few, small),
    runMany: () => runTime(many, large),
  });

  const named = (step: string, count: number) => ({
    bench: 'large-flows',
    case: `${step} ${name}, ${count.toLocaleString('en')} atoms`,
    unit: 'µs/atom',
  });
  const pair = (step: string, fewer: Samples, more: Samples): Figure[] => {
    const short = named(step, small);
    return [figure(short, fewer), figure(named(step, large), more, { case: short.case, samples: fewer })];
  };
  return [
    ...pair('compile', times.compileFew, times.compileMany),
    ...pair('run', times.runFew, times.runMany),
  ];
}

/** µs for each atom. */
async function compileTime(flow: AnyUnit, count: number): Promise<number> {
  const engine = createEngine(flow, { executor: 'serial' });
  return ((await timed(() => engine.compile())) / count) * 1000;
}

/** µs for each atom, compiled before. */
async function runTime(flow: AnyUnit, count: number): Promise<number> {
  await using engine = createEngine(flow, { executor: 'serial' });
  engine.compile();
  return ((await timed(() => engine.run())) / count) * 1000;
}
