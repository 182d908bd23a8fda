/**
 * `map`: one task for each item of a list that only the run itself brings. Each row of a picture is drawn on whatever
 * core is free, and the results come as one list, in the order of the items.
 *
 *                          ┌─ top ─▶ rows[0]  ─┐
 *   width ─▶ lay-out ─ rows ─ top ─▶ rows[1]  ─── lines ─▶ frame ─▶ picture
 *                          └─ top ─▶ rows[…]  ─┘
 */
import { createEngine, linear, map } from 'taskloom';
import { drawRow, frame, layOut } from './tasks.ts';

const basins = linear('basins').add(
  layOut,
  map('draw', { over: 'rows', as: 'top', task: drawRow, provides: 'lines' }),
  frame,
);

const engine = createEngine(basins, { store: { width: 60 } });
const { picture } = await engine.run();
console.log(picture);
console.log(`drawn as ${engine.storage.itemStates('draw').length} items`);
console.log(`draw[11] is ${engine.storage.atomState('draw[11]')}`);
await engine.close();
