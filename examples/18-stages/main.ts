/**
 * Flows as stages: inside a stage all goes on side by side, and the next one begins when all of it is done. A failure in
 * the last one takes all of them back, stage by stage.
 *
 *     filling         closing        starting
 *   ┌▶ fuel ───┐    ┌▶ hatch ──┐
 *   ┤          ├───▶┤          ├───▶ ignite ✗
 *   └▶ oxygen ─┘    └▶ valves ─┘
 *    ◀ 3. revert ─── ◀ 2. revert ─── ◀ 1. revert
 */
import { type AtomState, createEngine, linear, unordered } from 'taskloom';
import { close, fill, ignite } from './tasks.ts';

const filling = unordered('filling').add(
  fill.as('fuel', { inject: { tank: 'fuel', litres: 400 }, provides: 'fuel' }),
  fill.as('oxygen', { inject: { tank: 'oxygen', litres: 900 }, provides: 'oxygen' }),
);
const closing = unordered('closing').add(
  close.as('hatch', { inject: { part: 'hatch' } }),
  close.as('valves', { inject: { part: 'valves' } }),
);
const starting = linear('starting').add(ignite);

const stages = [filling, closing, starting];
const launch = linear('launch').add(filling, closing, starting);
const ends: ReadonlySet<AtomState> = new Set(['SUCCESS', 'FAILURE', 'REVERTED']);

async function tryLaunch(height: number): Promise<void> {
  const pad = new Map<string, string>();
  const set = (part: string, to: string): void => {
    pad.set(part, to);
  };
  const engine = createEngine(launch, { store: { height }, services: { set } });

  // Only atoms have states. A stage has come to its end when the last of its tasks has.
  engine.on('atom', ({ name, state }) => {
    const stage = stages.find(({ units }) => units.some((unit) => unit.name === name));
    const all = stage?.units.every((unit) => engine.storage.atomState(unit.name) === state);
    if (all && ends.has(state)) console.log(`  ${stage?.name}: ${state}`);
  });

  console.log(`launch to a height of ${height} km`);
  try {
    const { reached } = await engine.run();
    console.log(`  reached ${reached} km`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.log(`  called off: ${error.message}`);
  } finally {
    await engine.close();
  }
  const parts = [...pad].map(([part, to]) => `${part} ${to}`).sort();
  console.log(`  on the pad: ${parts.join(', ')}`);
}

await tryLaunch(400);
await tryLaunch(500);
