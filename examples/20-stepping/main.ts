/**
 * `runIter` runs a flow step by step: it says what the engine is about to do, and the engine does it when the next step
 * is asked for. Only tasks that run go on in between.
 *
 *   number ─▶ factor ─ factors ─▶ multiply ─▶ product
 *
 *   RESUMING ─▶ SCHEDULING ─▶ WAITING ─▶ ANALYZING ─┬─▶ SUCCESS
 *                   ▲                               │
 *                   └──── something is ready ───────┘
 */
import { createEngine, linear } from 'taskloom';
import { factor, multiply } from './tasks.ts';

const engine = createEngine(linear('factors').add(factor, multiply), { store: { number: 999_985_999_949 } });

let step = 0;
for await (const state of engine.runIter()) {
  step += 1;
  const done = ['factor', 'multiply'].filter((name) => engine.storage.atomState(name) === 'SUCCESS');
  console.log(`${step} ${state.padEnd(10)}  done: ${done.join(', ') || 'nothing'}`);
}

// It ran to its end, so this only hands out what there is.
const { factors, product } = await engine.run();
await engine.close();
console.log(`${factors.join(' * ')} = ${product}`);
