/**
 * A graph flow: links are found by the symbols, in whatever order the tasks are added. Where no symbol says so, a link
 * is made by hand.
 *
 *                      ┌▶ mean ─ average ──────────────────┐
 *   sample ─ numbers ─▶┤                                   ├▶ report ═ link ═▶ farewell
 *                      └▶ sort ─ smallest, median, largest ┘
 */
import { createEngine, graph } from 'taskloom';
import { farewell, mean, report, sample, sort } from './tasks.ts';

const flow = graph('statistics').add(farewell, report, sort, mean, sample).link(report, farewell);

const engine = createEngine(flow, { store: { seed: 42, size: 10_000 } });
const done: string[] = [];
engine.on('atom', ({ name, state }) => {
  if (state === 'SUCCESS') done.push(name);
});
const { text, last } = await engine.run();
await engine.close();

console.log(text);
console.log(last);
console.log(
  `first ${done[0]}, then ${done.slice(1, 3).sort().join(' and ')}, then ${done.slice(3).join(', ')}`,
);
