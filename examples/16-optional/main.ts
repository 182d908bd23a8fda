/**
 * An optional argument is taken when somebody gives it, and else left out: the same task runs with what the store gives,
 * with what a task before it gives, or without.
 *
 *   picture, generations ────────────────┬─▶ evolve ─▶ alive
 *   rule, of the store or of read-rule ╌╌┘
 */
import { linear, run } from 'taskloom';
import { evolve, readRule } from './tasks.ts';

const picture = ['..###', '.#..#', '#...#', '#..#.', '###..'];
const store = { picture, generations: 12 };

const byDefault = await run(linear('life').add(evolve), { store });
console.log(`nobody gives a rule: ${byDefault.alive} cells after 12 generations`);

const rule = { born: [3, 6], survive: [2, 3] };
const byStore = await run(linear('life').add(evolve), { store: { ...store, rule } });
console.log(`the store gives one: ${byStore.alive} cells, which are two copies of the 12 at the start`);

const flow = linear('life').add(readRule, evolve);
const byTask = await run(flow, { store: { ...store, notation: 'B3/S12' } });
console.log(`read-rule gives one: ${byTask.alive} cells`);
