/** The execution graph as a text for Graphviz. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  type DotOptions,
  graph,
  linear,
  task,
  times,
  toDot,
  unordered,
} from 'taskloom';
import { describe, expect, test } from 'vitest';
import { refused } from '../flow/refused.ts';

const serial = { executor: 'serial' } as const;
const make = (name: string, requires: readonly string[], provides: readonly string[], more = {}): AnyTask =>
  task(name, { requires, provides, execute: () => provides.map(() => 1), ...more });
const dotOf = (flow: AnyUnit, options?: DotOptions): string => toDot(createEngine(flow).compilation, options);

/** A flow with all that can be drawn, made anew at each call. */
function picture(): AnyUnit {
  const [look, shrink] = [make('look', [], ['size']), make('shrink', ['size'], ['small'])] as const;
  const side = unordered('side').add(make('left', ['kept'], []), make('right', ['kept', 'n'], []));
  const inner = linear('inner', { retry: times(2, { provides: 'n' }) }).add(
    make('keep', ['small'], ['kept']),
    side,
  );
  return graph('picture')
    .add(look, shrink, inner)
    .link(look, shrink, { decider: () => true, depth: 'ATOM' });
}

const PICTURE = `digraph {
  label="flow 'picture'";
  labelloc=t;
  n0 [shape=point];
  n1 [shape=box, label="look"];
  n2 [shape=box, label="shrink"];
  subgraph cluster_3 {
    label="flow 'inner'";
    n3 [shape=point];
    n4 [shape=hexagon, label="inner_retry"];
    n5 [shape=box, label="keep"];
    subgraph cluster_6 {
      label="flow 'side'";
      n6 [shape=point];
      n7 [shape=box, label="left"];
      n8 [shape=box, label="right"];
      n9 [shape=point];
    }
    n10 [shape=point];
  }
  n11 [shape=point];
  n0 -> n1;
  n1 -> n2 [label="size\\ndecides: ATOM", style=dashed];
  n2 -> n3 [label="small"];
  n3 -> n4;
  n4 -> n5;
  n5 -> n6 [label="kept"];
  n6 -> n7;
  n6 -> n8;
  n7 -> n9;
  n8 -> n9;
  n9 -> n10;
  n10 -> n11;
}
`;

/** Names that would end a string, a line or the drawing, or be read as an escape or an entity. */
const HOSTILE = [
  '"];}',
  'back\\',
  '\\N \\l \\"',
  'two\nlines\r\u2028\u0000',
  '&lt; &amp; &#65;',
  '<b>html</b>',
  '// # /* ',
  '\u202Eturned',
  '\uD83D',
  '{a|b}',
  '😀'.repeat(10_000),
  'x'.repeat(10_000),
];

function hostile(): AnyUnit {
  const tasks = HOSTILE.map((name, at) =>
    make(name, at === 0 ? [] : [HOSTILE[at - 1] as string], [name], at === 1 ? { retry: times(1) } : {}),
  );
  let flow: AnyUnit = linear('core').add(tasks);
  for (const name of HOSTILE) flow = linear(name).add(flow);
  return flow;
}

test('flows are clusters, links name their symbols and deciders, and the text is always the same', () => {
  expect(dotOf(picture())).toBe(PICTURE);
  const { compilation } = createEngine(picture());
  expect([toDot(compilation), toDot(compilation)]).toEqual([PICTURE, PICTURE]);
});

test('a task without a flow, a task with a retry, an empty flow', () => {
  expect(dotOf(make('alone', [], []))).toContain('label="task \'alone\'"');
  expect(dotOf(make('alone', [], []))).toContain('n0 [shape=box, label="alone"];');
  const retried = dotOf(linear('f').add(make('a', ['n'], [], { retry: times(2, { provides: 'n' }) })));
  expect(retried).toContain('n2 [shape=hexagon, label="a_retry"];');
  expect(retried).toContain('n2 -> n3 [label="n"];');
  expect(dotOf(linear('empty'))).toContain('n0 -> n1;');
});

test('symbols are named on the link that they pass over, whoever inside gives or takes them; some eight of many', () => {
  const many = Array.from({ length: 20 }, (_, at) => `x${at}`);
  const flow = graph('g').add(
    linear('gives').add(linear('deep').add(make('a', [], many)), make('b', [], [])),
    linear('takes').add(make('c', many, []), make('d', ['x0'], [])),
  );
  expect(dotOf(flow)).toContain('[label="x0, x1, x2, x3, x4, x5, x6, x7, … 12 more"];');
  // From a to c no link leads past b.
  const past = dotOf(linear('l').add(make('a', [], ['x']), make('b', [], []), make('c', ['x'], [])));
  expect(past).not.toContain('label="x"');
});

test('with a storage the states are said and coloured, as they are at that moment', async () => {
  const fail = make('fail', [], [], {
    execute() {
      throw new Error('no');
    },
  });
  const skip = make('skip', [], []);
  const flow = graph('g').add(make('a', [], []), skip, fail);
  flow.link(flow.units[0] as AnyUnit, skip, { decider: () => false }).link(flow.units[0] as AnyUnit, fail);
  const engine = createEngine(flow, { ...serial, neverResolve: true });
  const draw = (): string => toDot(engine.compilation, { storage: engine.storage });
  expect(draw().match(/PENDING/g)).toHaveLength(3);
  await engine.run().catch(() => {});
  const colours = [...draw().matchAll(/style=("?[\w,]+"?), fillcolor="(#\w+)", label="(\w+)\\n(\w+)"/g)];
  expect(colours.map(([, style, , name, state]) => [name, state, style])).toEqual([
    ['a', 'SUCCESS', 'filled'],
    ['skip', 'IGNORE', '"filled,dashed"'],
    ['fail', 'FAILURE', 'filled'],
  ]);
  expect(new Set(colours.map(([, , colour]) => colour)).size).toBe(3);
});

describe('hostile names', () => {
  /** The text without its strings; each string ends where DOT ends it: at a quote that no backslash escapes. */
  const bare = (dot: string): string => dot.replace(/"(?:[^"\\]|\\.)*"/gs, 'S');

  test('stay inside their strings, on one line, and short', () => {
    const dot = dotOf(hostile());
    for (const line of bare(dot).split('\n')) {
      expect(line).toMatch(
        /^ *(digraph \{|labelloc=t;|label=S;|subgraph cluster_\d+ \{|\}|n\d+ \[shape=\w+(, label=S)?\];|n\d+ -> n\d+( \[label=S\])?;|)$/,
      );
    }
    expect(dot).not.toMatch(/[\p{Cs}\p{Bidi_Control}\u2028\r\0]/u);
    expect(dot.length).toBeLessThan(20_000);
  });

  test('are shown as they are, but for what cannot be', () => {
    const dot = dotOf(hostile());
    expect(dot).toContain('label="\\"];}"');
    expect(dot).toContain('label="back\\\\"');
    expect(dot).toContain('label="\\\\N \\\\l \\\\\\""');
    expect(dot).toContain('label="two\\\\u{a}lines\\\\u{d}\\\\u{2028}\\\\u{0}"');
    expect(dot).toContain('label="&amp;lt; &amp;amp; &amp;#65;"');
    expect(dot).toContain(`label="${'😀'.repeat(40)}…"`);
    expect(dot).toContain(`label="${'x'.repeat(80)}…"`);
  });
});

test.skipIf(spawnSync('dot', ['-V']).status !== 0)('Graphviz takes it', async () => {
  const engine = createEngine(picture(), serial);
  await engine.run();
  for (const dot of [PICTURE, dotOf(hostile()), toDot(engine.compilation, { storage: engine.storage })])
    expect(execFileSync('dot', ['-Tsvg'], { input: dot, encoding: 'utf8' })).toContain('</svg>');
});

test('a flow nested 2,000 deep and a long one are drawn', () => {
  let flow: AnyUnit = make('core', ['x'], []);
  for (let at = 0; at < 2000; at++) flow = linear(`f${at}`).add(make(`t${at}`, [], ['x']), flow);
  expect(dotOf(flow).match(/subgraph/g)).toHaveLength(1999);
  const chain = Array.from({ length: 5000 }, (_, at) => make(`c${at}`, [`x${at}`], [`x${at + 1}`]));
  expect(dotOf(graph('g').add(make('first', [], ['x0']), chain)).match(/->/g)).toHaveLength(5002);
});

test('what is no compilation, no storage, or that of another flow is refused', () => {
  const engine = createEngine(picture());
  refused('OPTION_INVALID', () => toDot(engine as never));
  refused('OPTION_INVALID', () => toDot(undefined as never));
  refused('OPTION_INVALID', () => toDot(engine.compilation, { storage: {} as never }));
  refused('OPTION_INVALID', () => toDot(engine.compilation, engine as never));
  const { storage } = createEngine(linear('other'));
  refused('ATOM_NOT_FOUND', () => toDot(engine.compilation, { storage }));
});
