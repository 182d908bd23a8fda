/**
 * A flow is suspended, looked at, and goes on: running tasks end, no more begin, and what is done is not done again.
 *
 *   search-1 ─ longest ─▶ search-2 ─ longest ─▶ ║ suspend ║ ─▶ search-3 ─ longest ─▶ search-4 ─▶ longest
 *   └─────────── first run() ─────────────────┘             └─────────── second run() ─────────┘
 */
import { createEngine, linear } from 'taskloom';
import { search } from './tasks.ts';

const QUARTER = 50_000;

const flow = linear('longest-way').add(
  [1, 2, 3, 4].map((part) =>
    search.as(`search-${part}`, { inject: { from: (part - 1) * QUARTER, to: part * QUARTER } }),
  ),
);

const engine = createEngine(flow);
engine.on('log', ({ name, message }) => console.log(`${name} looks at ${message}`));
// Here a listener says when; it could as well be a button.
engine.on('atom', ({ name, state }) => {
  if (name === 'search-2' && state === 'SUCCESS') engine.suspend();
});

for (const ask of ['first', 'second']) {
  const { longest } = await engine.run();
  const { flowState } = engine.storage;
  const { completed, incomplete } = engine.statistics;
  console.log(`after the ${ask} run(): ${flowState}, ${completed} tasks are done, ${incomplete} to be done`);
  console.log(`  the longest way has ${longest.steps} steps, from ${longest.start}`);
}
await engine.close();
