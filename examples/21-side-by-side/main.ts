/**
 * Several engines in one loop: each goes one step further in turn, and their tasks share the threads of one executor.
 *
 *   once   ─▶ square                     ┐
 *   twice  ─▶ square ─▶ square           ├─ one pool of threads
 *   thrice ─▶ square ─▶ square ─▶ square ┘
 *
 *   each round: a step of once ─▶ a step of twice ─▶ a step of thrice
 */
import { createEngine, linear, ThreadPoolTaskExecutor } from 'taskloom';
import { square } from './tasks.ts';

/** The first takes `start`, as the store's `number` would be nearer than that of any task. */
function squares(name: string, times: number) {
  return linear(name).add(
    square.as('square-1', { rebind: { number: 'start' } }),
    Array.from({ length: times - 1 }, (_, at) => square.as(`square-${at + 2}`)),
  );
}

const executor = new ThreadPoolTaskExecutor();
const engines = [squares('once', 1), squares('twice', 2), squares('thrice', 3)].map((flow) =>
  createEngine(flow, { executor, store: { start: 12n } }),
);
const runs = new Map(engines.map((engine) => [engine.storage.flowName, engine.runIter()]));
const names = [...runs.keys()];

console.log(row('', names));
for (let round = 1; runs.size > 0; round++) {
  const cells: string[] = [];
  for (const name of names) {
    const step = await runs.get(name)?.next();
    if (step?.done) runs.delete(name);
    cells.push(step?.done ? `${step.value.number}` : (step?.value ?? ''));
  }
  console.log(row(`${round}`, cells));
}

for (const engine of engines) await engine.close();
await executor.stop();

function row(round: string, cells: readonly string[]): string {
  return `${round.padStart(2)}  ${cells.map((cell) => cell.padEnd(12)).join('')}`.trimEnd();
}
