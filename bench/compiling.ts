/** Compiling: what it costs for each atom, by the shape of the flow, and whether that grows. A ratio of 1 is linear growth. */
import { type AnyUnit, createEngine } from 'taskloom';
import { type Figure, figure, type Samples } from './figure.ts';
import { gridOfNoOps, linearNoOps, unorderedNoOps } from './no-op-flows.ts';
import type { Question, Scale } from './question.ts';
import { interleave, timed } from './rounds.ts';

const SIZES = { full: [100_000, 1_000_000], quick: [500, 5000] } as const;
/** What more an atom may cost in the large flow than in the small one, for this to count as linear growth. */
const LINEAR = 1.3;
/** µs for each atom. */
const COST = 10;

export const compiling: Question = {
  name: 'compiling',
  asks: 'What does compiling cost for each atom, and does it grow with the flow?',
  async answer(scale) {
    return [
      ...(await shape('linear', linearNoOps, scale)),
      ...(await shape('unordered', unorderedNoOps, scale)),
      ...(await shape('grid', gridOfNoOps, scale)),
    ];
  },
};

/** One shape after the other, so that the flows of one are gone when the next are made. */
async function shape(
  name: string,
  make: (count: number) => AnyUnit,
  { quick, rounds }: Scale,
): Promise<readonly Figure[]> {
  const [small, large] = quick ? SIZES.quick : SIZES.full;
  const [few, many] = [make(small), make(large)];
  await compileTime(few);
  const times = await interleave(
    rounds,
    {
      few: () => compileTime(few),
      many: () => compileTime(many),
    },
    // A million atoms warm up by themselves.
    { warmUp: false },
  );
  return figuresOf(name, small, large, times.few, times.many);
}

function figuresOf(name: string, small: number, large: number, few: Samples, many: Samples): Figure[] {
  const named = (count: number, more = '') => ({
    bench: 'compiling',
    case: `${name}, ${count.toLocaleString('en')} atoms${more}`,
    unit: 'µs/atom',
  });
  const short = { case: named(small).case, samples: few };
  return [
    figure(named(small), few),
    figure(named(large), many, null, { on: 'value', atMost: COST }),
    figure(named(large, ', growth'), many, short, { on: 'ratio', atMost: LINEAR }),
  ];
}

/** µs for each atom. */
async function compileTime(flow: AnyUnit): Promise<number> {
  await using engine = createEngine(flow, { executor: 'serial' });
  const ms = await timed(() => engine.compile());
  return (ms / engine.compilation.atoms.size) * 1000;
}
