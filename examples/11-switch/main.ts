/**
 * Deciders choose a branch: each stands on a link and says, from the results before it, whether what follows runs. A
 * "no" reaches as far as the link's depth says: here to the end of the branch, so that `count` runs all the same.
 *
 *            ┌─ json? ─▶ parse-json ─────────────────────┐
 *   look ────┤                                           ├─▶ count
 *            └─ csv? ──▶ csv: split-lines ─▶ split-cells ┘
 */
import { createEngine, graph, linear } from 'taskloom';
import { count, look, parseJson, splitCells, splitLines } from './tasks.ts';

function counting() {
  const csv = linear('csv').add(splitLines, splitCells);
  return graph('counting')
    .add(look, parseJson, csv, count)
    .link(look, parseJson, { decider: (results) => results['look'] === 'json', depth: 'ATOM' })
    .link(look, csv, { decider: (results) => results['look'] === 'csv', depth: 'FLOW' })
    .link(parseJson, count)
    .link(csv, count);
}

for (const text of ['[{"a":1},{"a":2},{"a":3}]', 'a,1\nb,2\n']) {
  const engine = createEngine(counting(), { store: { text } });
  const { records } = await engine.run();
  await engine.close();
  const states = ['parse-json', 'split-lines', 'split-cells', 'count'].map(
    (name) => `${name} ${engine.storage.atomState(name)}`,
  );
  console.log(`${engine.storage.get('look')}: ${records} records; ${states.join(', ')}`);
}
