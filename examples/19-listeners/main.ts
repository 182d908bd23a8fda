/**
 * Four listeners on one engine, and what each of them hears. None of them changes the run. Each begins to listen when
 * it is called, and returns what stops it.
 *
 *   passphrase ─▶ make-key ─ key ─▶ seal ─▶ sealed
 *                    │               │
 *                    └──── events ───┴─▶ printEvents      every change of a state
 *                                        logEvents        what matters, and what tasks log
 *                                        recordDurations  how long it took, kept with each task
 *                                        engine.on        whatever you do with it
 */
import { createEngine, linear, logEvents, printEvents, recordDurations } from 'taskloom';
import { makeKey, seal } from './tasks.ts';

const engine = createEngine(linear('letter').add(makeKey, seal), {
  store: { passphrase: 'open sesame', text: 'Meet me at the loom.' },
});

const stopPrinting = printEvents(engine, { write: (line) => console.log(`print: ${line}`) });

const write = (line: string) => console.log(`log:   ${line}`);
logEvents(engine, { log: { debug: () => {}, info: write, warn: write, error: write } });

recordDurations(engine);

engine.on('atom', ({ name, state }) => {
  if (name !== 'make-key' || state !== 'SUCCESS') return;
  console.log('own:   make-key is done, so printEvents is stopped');
  stopPrinting();
});

const { sealed } = await engine.run();
await engine.close();

console.log(`sealed: ${sealed}`);
for (const name of ['make-key', 'seal']) {
  const { duration } = engine.storage.metadata(name);
  console.log(`duration of ${name}: ${Number(duration) > 0 ? 'recorded' : 'missing'}`);
}
