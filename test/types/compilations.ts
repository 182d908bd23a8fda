/** What a compilation needs and gives is what its flow does. Nothing here runs: `tsc -p .` is the test. */
import {
  type AnyUnit,
  type Compilation,
  compile,
  createEngine,
  type GivesOf,
  linear,
  type NeedsOf,
  run,
  task,
} from 'taskloom';
import { type Exactly, expectType } from './exactly.ts';

const decode = task('decode', {
  requires: ['path'],
  provides: 'pixels',
  execute: ({ path }: { path: string }) => path.length,
});
const flow = linear('f').add(decode);

const compilation = compile(flow);
expectType<Exactly<NeedsOf<typeof compilation>, NeedsOf<typeof flow>>>();
expectType<Exactly<GivesOf<typeof compilation>, { pixels: number }>>();

const { pixels } = await run(compilation, { store: { path: 'a' } });
expectType<Exactly<typeof pixels, number>>();
// @ts-expect-error path is missing
await run(compilation);
// @ts-expect-error path is a string
createEngine(compilation, { store: { path: 1 } });

const again = createEngine(flow, { store: { path: 'a' } }).compilation;
const results = await createEngine(again, { store: { path: 'b' } }).run();
expectType<Exactly<typeof results, { pixels: number }>>();

// One of which nothing is known takes any store, as a flow does.
const any: Compilation = compilation;
await run(any, { store: { path: 'a' } });
await run(compile(flow as AnyUnit), { store: { path: 'a' } });

// @ts-expect-error a compilation is no unit
linear('g').add(compilation);
