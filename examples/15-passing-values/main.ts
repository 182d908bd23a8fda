/**
 * How values pass: each is a symbol, and a task takes its arguments from symbols. Two definitions are used twice here,
 * and `rebind` says which symbols they take each time, `provides` how what they give is called.
 *
 *   store: ink ───▶ split-ink ─── inkR, inkG, inkB ───────▶ bright-ink ─── inkLight ───┐
 *                                                                                      ├─▶ compare ─▶ ratio, verdict
 *   store: paper ─▶ split-paper ─ paperR, paperG, paperB ─▶ bright-paper ─ paperLight ─┘      ▲
 *                                                                            inject: least ───┘
 */
import { graph, run } from 'taskloom';
import { compare, luminance, split } from './tasks.ts';

const flow = graph('contrast').add(
  split.as('split-ink', { rebind: { color: 'ink' }, provides: ['inkR', 'inkG', 'inkB'] }),
  split.as('split-paper', { rebind: { color: 'paper' }, provides: ['paperR', 'paperG', 'paperB'] }),
  luminance.as('bright-ink', {
    rebind: { red: 'inkR', green: 'inkG', blue: 'inkB' },
    provides: 'inkLight',
  }),
  luminance.as('bright-paper', {
    rebind: { red: 'paperR', green: 'paperG', blue: 'paperB' },
    provides: 'paperLight',
  }),
  compare.as('compare', { rebind: { one: 'inkLight', other: 'paperLight' }, inject: { least: 4.5 } }),
);

const store = { ink: '#c0a000', paper: '#fffff0' };
const given = await run(flow, { store });

// All that any task provided is there, under the names that it was given here.
const { inkR, inkG, inkB, inkLight, paperR, paperG, paperB, paperLight, ratio, verdict } = given;
console.log(`ink   ${store.ink}: ${inkR} ${inkG} ${inkB}, brightness ${inkLight.toFixed(2)}`);
console.log(`paper ${store.paper}: ${paperR} ${paperG} ${paperB}, brightness ${paperLight.toFixed(2)}`);
console.log(`contrast ${ratio.toFixed(1)} to 1, ${verdict}`);
