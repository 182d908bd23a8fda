/**
 * A build system: the whole graph is written down once, and a target says what is wanted of it. Only that is run, and
 * what it depends on.
 *
 *   rules ──┬─▶ grammar ─▶ parser ─┬─▶ program ─┬─▶ bundle
 *   source ─┼─▶ runtime ───────────┘            │
 *           └─▶ manual ─────────────────────────┘
 *   version ──────▶┘
 */
import { type AnyTask, createEngine, graph } from 'taskloom';
import { bundle, grammar, manual, parser, program, runtime } from './tasks.ts';

const store = { rules: 'sum = n "+" n', source: 'add(a, b)', version: '1.4' };

/** The rules in no order at all: the symbols say it. */
function build(target: AnyTask | null) {
  return graph('build').add(bundle, program, manual, runtime, parser, grammar).target(target);
}

for (const target of [parser, manual, program, null]) {
  const engine = createEngine(build(target), { store });
  const made: string[] = [];
  engine.on('atom', ({ name, state }) => {
    if (state === 'SUCCESS') made.push(name);
  });
  await engine.run();
  await engine.close();
  // What does not depend on each other is made at the same time, so only the last one is sure.
  const last = made.at(-1);
  console.log(`target ${target?.name ?? 'none'}: made ${made.sort().join(', ')}`);
  if (last !== undefined) console.log(`  last ${last}: ${engine.storage.get(last)}`);
}
