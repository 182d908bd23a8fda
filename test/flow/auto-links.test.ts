/** `graph(…).addWith(options, …)`: links by symbols that are withheld, and what then stands in their place. */
import fc from 'fast-check';
import { type AnyFlow, type AnyTask, graph, linear, run, symbolsOf, task, times } from 'taskloom';
import { describe, expect, test } from 'vitest';
import { refused } from './refused.ts';

const make = (name: string, requires: readonly string[], provides: readonly string[]): AnyTask =>
  task(name, { requires, provides, execute: () => provides.map((symbol) => `${symbol} of ${name}`) });
const linksOf = (flow: AnyFlow): string[] => flow.links.map(({ from, to }) => `${from.name}→${to.name}`);
const needsOf = (flow: AnyFlow): string[] => [...symbolsOf(flow).requires].sort();

/** Says what it was given, so that a run shows who gave it. */
const hear = task('hear', { requires: ['x'], provides: 'heard', execute: ({ x }: { x: string }) => x });
const [p1, p2] = [make('p1', [], ['x']), make('p2', [], ['x'])] as const;

describe('resolveRequires: false', () => {
  test('links the unit to nobody who is there, before it or in the same call', () => {
    const [a, b] = [make('a', [], ['x']), make('b', ['x', 'y'], [])] as const;
    for (const units of [
      [a, b],
      [b, a],
    ]) {
      const flow = graph('g').addWith({ resolveRequires: false }, ...units);
      expect([linksOf(flow), needsOf(flow)]).toEqual([[], ['x', 'y']]);
    }
    const flow = graph('g').add(a).addWith({ resolveRequires: false }, b);
    expect([linksOf(flow), needsOf(flow)]).toEqual([[], ['x', 'y']]);
  });

  test('is not too many where two give it; a later call links it', () => {
    const flow = graph('g').add(p1, p2);
    refused('DEPENDENCY_AMBIGUOUS', () => flow.add(hear));
    flow.addWith({ resolveRequires: false }, hear).add(make('p3', [], ['x']));
    expect([linksOf(flow), needsOf(flow)]).toEqual([['p3→hear'], []]);
  });

  test('takes the value over a link by hand, at any distance, and is not linked again', async () => {
    const through = make('through', [], ['other']);
    const flow = graph('g')
      .add(p1, p2, through)
      .addWith({ resolveRequires: false }, hear)
      .link(p2, through)
      .link(through, hear);
    expect(needsOf(flow)).toEqual([]);
    flow.add(make('p3', [], ['x']));
    expect(linksOf(flow)).toEqual(['p2→through', 'through→hear']);
    expect((await run(flow, { executor: 'serial' })).heard).toBe('x of p2');
  });

  test('takes it from the store, and is refused before the run when nobody gives it', async () => {
    const flow = graph('g').add(p1, p2).addWith({ resolveRequires: false }, hear);
    expect(await run(flow, { store: { x: 'stored' }, executor: 'serial' })).toMatchObject({
      heard: 'stored',
    });
    await expect(run(flow, { executor: 'serial' })).rejects.toMatchObject({ code: 'MISSING_DEPENDENCIES' });
  });

  test('needs no link to what the retry of the flow gives', () => {
    const flow = graph('g', { retry: times(2, { provides: 'n' }) }).addWith(
      { resolveRequires: false },
      make('a', ['n'], []),
    );
    expect([linksOf(flow), needsOf(flow)]).toEqual([[], []]);
  });
});

describe('resolveExisting: false', () => {
  test('lets those that wait go on waiting, until a later call', () => {
    const flow = graph('g').add(hear).addWith({ resolveExisting: false }, p1);
    expect([linksOf(flow), needsOf(flow)]).toEqual([[], ['x']]);
    flow.add(p2);
    expect([linksOf(flow), needsOf(flow)]).toEqual([['p2→hear'], []]);
  });

  test('gives to units that are added later', () => {
    const flow = graph('g').addWith({ resolveExisting: false }, p1, hear);
    expect(linksOf(flow)).toEqual(['p1→hear']);
    expect(linksOf(graph('g').addWith({ resolveExisting: false }, hear, p1))).toEqual([]);
  });

  test('counts as met over a link by hand', async () => {
    const flow = graph('g').add(hear).addWith({ resolveExisting: false }, p1).link(p1, hear).add(p2);
    expect([linksOf(flow), needsOf(flow)]).toEqual([['p1→hear'], []]);
    expect((await run(flow, { executor: 'serial' })).heard).toBe('x of p1');
  });

  test('lets two units give each other something, as no cycle comes of it', () => {
    const [a, b] = [make('a', ['y'], ['x']), make('b', ['x'], ['y'])] as const;
    refused('DEPENDENCY_CYCLE', () => graph('g').add(a, b));
    const flow = graph('g').add(a).addWith({ resolveExisting: false }, b);
    expect([linksOf(flow), needsOf(flow)]).toEqual([['a→b'], ['y']]);
  });
});

test('without options, and with both true, it is add', () => {
  expect(linksOf(graph('g').addWith({}, hear, p1))).toEqual(['p1→hear']);
  const both = { resolveRequires: true, resolveExisting: true };
  expect(linksOf(graph('g').addWith(both, p1, [hear]))).toEqual(['p1→hear']);
});

test('what is refused leaves nothing behind', () => {
  const flow = graph('g').add(p1);
  refused('OPTION_INVALID', () => flow.addWith({ resolve: true } as never, hear));
  refused('OPTION_INVALID', () => flow.addWith({ resolveRequires: 1 } as never, hear));
  refused('OPTION_INVALID', () => flow.addWith(hear as never));
  refused('DUPLICATE_NAME', () => flow.addWith({ resolveRequires: false }, hear, make('p1', [], [])));
  const [a, b] = [make('a', ['b'], ['a']), make('b', ['a'], ['b'])] as const;
  flow.add(a);
  refused('DEPENDENCY_CYCLE', () => flow.addWith({ resolveExisting: true }, hear, b));
  expect([linksOf(flow), needsOf(flow)]).toEqual([[], ['b']]);
  flow.addWith({ resolveRequires: false }, hear);
  expect([linksOf(flow), needsOf(flow)]).toEqual([[], ['b', 'x']]);
});

test('a flow around it is linked by what is really left', () => {
  const inner = graph('inner').add(p1).addWith({ resolveRequires: false }, hear);
  const met = graph('met')
    .add(make('q', [], ['z']))
    .addWith({ resolveRequires: false }, make('r', ['z'], []));
  met.link(met.units[0]!, met.units[1]!);
  const outer = graph('outer').add(make('x', [], ['x']), make('z', [], ['z2']), inner, met);
  expect(linksOf(outer)).toEqual(['x→inner']);
  // Read once more after it was closed.
  expect(linksOf(graph('again').add(linear('l').add(inner, met), make('y', [], ['x'])))).toEqual(['y→l']);
});

/** Once its link to the third made the fourth go unlinked to the first, for then somebody gave that what it lacks. */
const ORDER_MATTERED = [
  { takes: [3, 1], gives: [], resolveRequires: false, resolveExisting: false },
  { takes: [2], gives: [1], resolveRequires: false, resolveExisting: true },
  { takes: [], gives: [0, 3], resolveRequires: false, resolveExisting: false },
  { takes: [0], gives: [2, 3], resolveRequires: true, resolveExisting: true },
];

test('the links are those of a naive reading of the rule', () => {
  const unit = fc.record({
    takes: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
    gives: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
    resolveRequires: fc.boolean(),
    resolveExisting: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
      const flow = graph('g');
      const naive = new Naive();
      for (const [at, { takes, gives, ...options }] of units.entries()) {
        const name = `t${at}`;
        const [requires, provides] = [takes.map(String), gives.map(String)];
        let accepted = true;
        try {
          flow.addWith(options, make(name, requires, provides));
        } catch {
          accepted = false;
        }
        expect(naive.add(name, requires, provides, options)).toBe(accepted);
        expect(new Set(linksOf(flow))).toEqual(naive.links);
        expect(needsOf(flow)).toEqual(naive.needs());
      }
    }),
    { numRuns: 1000, examples: [[ORDER_MATTERED]] },
  );
});

/** TaskFlow's rule, by search: who is linked to whom when one unit is added. */
class Naive {
  links = new Set<string>();
  readonly #units = new Map<
    string,
    { readonly takes: readonly string[]; readonly gives: readonly string[] }
  >();

  /** False when the unit is refused: more than one giver, or a cycle. */
  add(
    name: string,
    takes: readonly string[],
    gives: readonly string[],
    options: { readonly resolveRequires: boolean; readonly resolveExisting: boolean },
  ): boolean {
    const links = new Set(this.links);
    if (options.resolveRequires) {
      for (const symbol of takes) {
        const givers = [...this.#units].filter(([, each]) => each.gives.includes(symbol));
        if (givers.length > 1) return false;
        for (const [giver] of givers) links.add(`${giver}→${name}`);
      }
    }
    if (options.resolveExisting) {
      for (const symbol of gives) {
        for (const taker of this.#units.keys()) {
          if (this.#lacks(taker, symbol)) links.add(`${name}→${taker}`);
        }
      }
    }
    if (before(links, name).has(name)) return false;
    this.#units.set(name, { takes, gives });
    this.links = links;
    return true;
  }

  needs(): string[] {
    const symbols = ['0', '1', '2', '3'];
    return symbols.filter((symbol) => [...this.#units.keys()].some((unit) => this.#lacks(unit, symbol)));
  }

  #lacks(unit: string, symbol: string): boolean {
    const givers = [...before(this.links, unit)].filter((each) =>
      this.#units.get(each)?.gives.includes(symbol),
    );
    return this.#units.get(unit)!.takes.includes(symbol) && givers.length === 0;
  }
}

function before(links: ReadonlySet<string>, unit: string): Set<string> {
  const found = new Set<string>();
  const ahead = [unit];
  for (const each of ahead) {
    for (const link of links) {
      const [from, to] = link.split('→') as [string, string];
      if (to !== each || found.has(from)) continue;
      found.add(from);
      ahead.push(from);
    }
  }
  return found;
}
