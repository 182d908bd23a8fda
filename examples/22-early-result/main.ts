/**
 * What a task gave can be used while the flow still runs: a listener hands it out when the task is done.
 *
 *   size ─▶ place-queens ─ placed ─▶ count-all ─▶ count
 *                │                       │
 *                └─▶ first answer        └─▶ last answer: run() resolves
 */
import { createEngine, linear } from 'taskloom';
import { countAll, placeQueens } from './tasks.ts';

const engine = createEngine(linear('queens').add(placeQueens, countAll), { store: { size: 8 } });

/** Resolves to what the task gives, or rejects with its error, as soon as it has ended. */
function resultOf(task: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    engine.on('atom', ({ name, state, result, failure }) => {
      if (name !== task) return;
      if (state === 'SUCCESS') resolve(result);
      if (state === 'FAILURE') reject(failure);
    });
  });
}

async function showFirst(): Promise<void> {
  const placed = await resultOf('place-queens');
  console.log(`the flow is ${engine.storage.flowState}, and here is a way to place 8 queens: ${placed}`);
}

async function showLast(): Promise<void> {
  const { count } = await engine.run();
  console.log(`the flow is ${engine.storage.flowState}, and there are ${count} ways in all`);
}

await Promise.all([showFirst(), showLast()]);
await engine.close();
