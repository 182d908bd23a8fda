// @ts-check
// The same from plain JavaScript: no build step, no TypeScript, any Node from 20.19 on.
//
//   text ─▶ split ─ words ─▶ count ─▶ counts
import { linear, run } from 'taskloom';
import { count, split } from './tasks.js';

const text = 'The loom holds the warp, and the weaver throws the weft.';
const { counts } = await run(linear('words').add(split, count), { store: { text } });

for (const [word, times] of [...counts].sort(([, a], [, b]) => b - a).slice(0, 3)) {
  console.log(`${word}: ${times}`);
}
