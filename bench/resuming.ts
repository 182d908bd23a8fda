/**
 * Resuming: how long another process takes to go on with a large flow of which nearly all is done, from the making of its engine
 * until its first task begins; and whether that grows with the atoms. Each time anew from the same file.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { type AnyUnit, compile, createEngine, linear, sqlite, task } from 'taskloom';
import { figure, type Samples } from './figure.ts';
import { unorderedNoOps } from './no-op-flows.ts';
import type { Question } from './question.ts';
import { interleave, timed } from './rounds.ts';
import { inScratch } from './scratch.ts';

const SIZES = { full: [10_000, 100_000], quick: [300, 3000] } as const;
/** Of the atoms, how many are done. */
const DONE = 0.99;
const flowId = 'large';

export const resuming: Question = {
  name: 'resuming',
  asks: 'How long does it take to go on with a large flow that was stopped?',
  answer: ({ quick, rounds }) =>
    inScratch(async (folder) => {
      const [small, large] = quick ? SIZES.quick : SIZES.full;
      for (const size of [small, large]) await leave(size, join(folder, `${size}.db`));
      let copies = 0;
      const resumed = (size: number) => async (): Promise<number> => {
        const path = join(folder, `copy-${copies++}.db`);
        copyFileSync(join(folder, `${size}.db`), path);
        return firstTask(size, path);
      };
      const times = await interleave(rounds, {
        few: resumed(small),
        many: resumed(large),
        read: () => timed(() => readAlone(join(folder, `${large}.db`))),
        compile: () => timed(() => compile(flowOf(large, () => {}))),
      });
      const each = (samples: Samples, atoms: number): Samples => samples.map((ms) => (ms / atoms) * 1000);
      const named = (name: string, unit: string) => ({ bench: 'resuming', case: name, unit });
      const [short, long] = [small, large].map((atoms) => `${atoms.toLocaleString('en')} atoms`);
      const fewer = { case: `each of ${short}`, samples: each(times.few, small) };
      return [
        figure(named(`${long}, until the first task begins`, 'ms'), times.many, null, {
          on: 'value',
          atMost: 1000,
        }),
        figure(named(`${long}, read by SQLite alone`, 'ms'), times.read),
        figure(named(`${long}, defined and compiled alone`, 'ms'), times.compile),
        figure(named(fewer.case, 'µs/atom'), fewer.samples),
        figure(named(`each of ${long}`, 'µs/atom'), each(times.many, large), fewer),
      ];
    }),
};

/** What runs first of what is left says when. */
function flowOf(size: number, onLeft: () => void): AnyUnit {
  const left = task('left', { execute: onLeft });
  const rest = Math.round(size * (1 - DONE));
  const rests = Array.from({ length: rest - 1 }, (_, at) => left.as(`left-${at}`));
  return linear('large').add(unorderedNoOps(size - rest), left, ...rests) as AnyUnit;
}

/** Runs the flow, and stops when all is done but the rest. */
async function leave(size: number, path: string): Promise<void> {
  const backend = sqlite(path, { durability: 'normal' });
  const engine = createEngine(
    flowOf(size, () => engine.suspend()),
    { backend, flowId, executor: 'serial' },
  );
  await engine.run();
  await engine.close();
  await backend.close();
}

/** All columns of all atoms, as objects: what any program does that reads them. */
function readAlone(path: string): void {
  const database = new DatabaseSync(path);
  database.prepare('select * from atom').all();
  database.close();
}

/** ms. */
async function firstTask(size: number, path: string): Promise<number> {
  let began = 0;
  const flow = flowOf(size, () => {
    began ||= performance.now();
    engine.suspend();
  });
  const started = performance.now();
  const backend = sqlite(path, { durability: 'normal' });
  const engine = createEngine(flow, { backend, flowId, executor: 'serial' });
  await engine.run();
  await engine.close();
  await backend.close();
  return began - started;
}
