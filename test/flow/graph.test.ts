import fc from 'fast-check';
import {
  type AnyFlow,
  type AnyTask,
  type AnyUnit,
  graph,
  linear,
  type TaskloomError,
  task,
  unordered,
} from 'taskloom';
import { describe, expect, test } from 'vitest';
import { refused } from './refused.ts';

const make = (
  name: string,
  requires: readonly string[],
  provides: readonly string[],
  more: object = {},
): AnyTask => task(name, { requires, provides, execute: () => [], ...more });
const linksOf = (flow: AnyFlow): string[] => flow.links.map(({ from, to }) => `${from.name}→${to.name}`);
const stateOf = (flow: AnyFlow): unknown => [[...flow.units], [...flow.links]];

/** ms of processor time, which other programs on the machine don't lengthen. */
const cpuNow = (): number => process.cpuUsage().user / 1000;

function pathOf({ details }: TaskloomError): readonly string[] {
  const { path } = details;
  return path as readonly string[];
}

describe('links by symbols', () => {
  const [a, b, c] = [
    make('a', [], ['x']),
    make('b', ['x'], ['y', 'z']),
    make('c', ['y', 'z', 'x', 'store'], []),
  ];

  test.each([[[a, b, c]], [[c, b, a]], [[b, c, a]]])(
    'are the same in any order, one per pair',
    (...[units]) => {
      const expected = ['a→b', 'a→c', 'b→c'];
      expect(linksOf(graph('g').add(units)).sort()).toEqual(expected);
      const single = graph('g');
      for (const unit of units) single.add(unit);
      expect(linksOf(single).sort()).toEqual(expected);
    },
  );

  test('follow rebind and the arguments of revert, but not inject and optional ones', () => {
    const taker = task('taker', {
      requires: ['own', 'given'],
      optional: ['may'],
      rebind: { own: 'x' },
      inject: { given: 1 },
      execute: () => 1,
      revert: () => 1,
      revertRequires: ['back'],
    });
    const givers = ['x', 'own', 'given', 'may', 'back'].map((symbol) => make(`to ${symbol}`, [], [symbol]));
    expect(linksOf(graph('g').add(givers, taker))).toEqual(['to x→taker', 'to back→taker']);
  });

  test('a task that requires what it provides is not linked to itself', () => {
    const count = make('count', ['n'], ['n']);
    expect(linksOf(graph('g').add(count))).toEqual([]);
    expect(linksOf(graph('g').add(count, make('start', [], ['n'])))).toEqual(['start→count']);
    expect(linksOf(graph('g').add(make('start', [], ['n']), count))).toEqual(['start→count']);
  });

  test('symbols may have names that objects have by birth', () => {
    const flow = graph('g').add(make('b', ['__proto__', 'constructor'], []), make('a', [], ['__proto__']));
    expect(linksOf(flow)).toEqual(['a→b']);
  });

  test('join whole flows: what they need from outside and all that they give', () => {
    const inner = linear('inner').add(
      make('i1', ['x'], ['i']),
      unordered('deep').add(make('i2', ['i', 'w'], ['y']), make('i3', ['y'], [])),
    );
    const flow = graph('g').add(inner, make('a', [], ['x']), make('b', ['i'], []), make('c', [], ['w']));
    // y: i3 does not see its sibling i2, so the flow needs y from outside.
    flow.add(make('d', [], ['v']));
    expect(linksOf(flow).sort()).toEqual(['a→inner', 'c→inner', 'inner→b']);
    const outer = graph('outer').add(flow, make('v', ['v'], []), make('y', [], ['y']));
    expect(linksOf(outer).sort()).toEqual(['g→v', 'y→g']);
  });

  test('two providers are fine until somebody requires the symbol', () => {
    const flow = graph('g').add(make('p1', [], ['x']), make('p2', [], ['x']));
    const before = stateOf(flow);
    const { message, details } = refused('DEPENDENCY_AMBIGUOUS', () =>
      flow.add(make('new', [], ['q']), make('taker', ['q', 'x'], ['r'])),
    );
    expect(message).toMatch(/'g'.*'p1' and 'p2'.*'x'.*'taker'/);
    expect(details).toMatchObject({ symbol: 'x', providers: ['p1', 'p2'], requiredBy: 'taker' });
    expect(stateOf(flow)).toEqual(before);
    // Nothing of the refused units is remembered.
    flow.add(make('new', ['r'], []), make('taker', ['q'], ['r']), make('q', [], ['q']));
    expect(linksOf(flow)).toEqual(['taker→new', 'q→taker']);
  });

  test('a second provider is no longer asked when the requirement is met', () => {
    expect(
      linksOf(graph('g').add(make('p1', [], ['x']), make('t', ['x'], []), make('p2', [], ['x']))),
    ).toEqual(['p1→t']);
  });
});

describe('cycles', () => {
  test('by symbols are refused with their path, and change nothing', () => {
    const flow = graph('g').add(make('a', ['z'], ['x']), make('b', ['x'], ['y']));
    const before = stateOf(flow);
    const { message, details } = refused('DEPENDENCY_CYCLE', () =>
      flow.add(make('free', [], []), make('c', ['y'], ['z'])),
    );
    expect(details).toMatchObject({ path: ['c', 'a', 'b', 'c'] });
    expect(message).toContain('c → a → b → c');
    expect(stateOf(flow)).toEqual(before);
    flow.add(make('free', [], []), make('c', ['y'], []), make('z', [], ['z']));
    expect(linksOf(flow)).toEqual(['a→b', 'b→c', 'z→a']);
  });

  test('by hand are refused with their path, and change nothing', () => {
    const [a, b, c] = [make('a', [], []), make('b', [], []), make('c', [], [])];
    const flow = graph('g').add(a, b, c).link(a, b).link(b, c).link(a, b);
    const before = stateOf(flow);
    expect(pathOf(refused('DEPENDENCY_CYCLE', () => flow.link(c, a)))).toEqual(['c', 'a', 'b', 'c']);
    expect(pathOf(refused('DEPENDENCY_CYCLE', () => flow.link(a, a)))).toEqual(['a', 'a']);
    expect(stateOf(flow)).toEqual(before);
    expect(linksOf(flow.link(a, c))).toEqual(['a→b', 'b→c', 'a→c']);
  });

  test('a long path is cut in its middle', () => {
    const chain = Array.from({ length: 50 }, (_, at) => make(`t${at}`, [`x${at}`], [`x${at + 1}`]));
    const { message } = refused('DEPENDENCY_CYCLE', () =>
      graph('g').add(chain, make('end', ['x50'], ['x0'])),
    );
    expect(message).toContain('end → t0 → t1');
    expect(message).toContain('t49 → end');
    expect(message.length).toBeLessThan(250);
  });

  test('are found as a naive search finds them', () => {
    const pairs = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 60 });
    fc.assert(
      fc.property(pairs, (links) => {
        const units = Array.from({ length: 12 }, (_, at) => make(`t${at}`, [], []));
        const flow = graph('g').add(units);
        const oracle = new Set<string>();
        for (const [from, to] of links) {
          const [a, b] = [units[from] as AnyUnit, units[to] as AnyUnit];
          if (reaches(oracle, to, from)) {
            const path = pathOf(refused('DEPENDENCY_CYCLE', () => flow.link(a, b)));
            expect([path[0], path[1], path.at(-1)]).toEqual([a.name, b.name, a.name]);
            for (const [at, name] of path.slice(1, -1).entries())
              expect(oracle.has(`${name}→${path[at + 2]}`)).toBe(true);
          } else {
            flow.link(a, b);
            oracle.add(`${a.name}→${b.name}`);
          }
          expect(new Set(linksOf(flow))).toEqual(oracle);
        }
      }),
      { numRuns: 300 },
    );
  });

  function reaches(links: ReadonlySet<string>, from: number, to: number): boolean {
    const found = new Set([`t${from}`]);
    for (const each of found)
      for (const link of links) if (link.startsWith(`${each}→`)) found.add(link.slice(each.length + 1));
    return found.has(`t${to}`);
  }

  test('units by symbols, one by one in any order, or in one call: as a naive search finds them', () => {
    // Unit i gives xi and takes some of the others: each symbol has one giver, so that nothing is ambiguous.
    const needs = fc.array(fc.uniqueArray(fc.nat(7), { maxLength: 3 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(needs, fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7]), (takes, order) => {
        const units = takes.map((list, at) =>
          make(
            `t${at}`,
            list.map((each) => `x${each}`),
            [`x${at}`],
          ),
        );
        const flow = graph('g');
        const oracle = new Set<string>();
        const there = new Set<number>();
        for (const at of order) {
          const added = new Set(oracle);
          for (const each of takes[at] ?? [])
            if (there.has(each) && each !== at) added.add(`t${each}→t${at}`);
          for (const each of there) if (takes[each]?.includes(at)) added.add(`t${at}→t${each}`);
          if ([...takes.keys()].some((each) => loops(added, each))) {
            refused('DEPENDENCY_CYCLE', () => flow.add(units[at] as AnyUnit));
          } else {
            flow.add(units[at] as AnyUnit);
            there.add(at);
            for (const link of added) oracle.add(link);
          }
          expect(new Set(linksOf(flow))).toEqual(oracle);
        }
        const kept = units.filter((_, at) => there.has(at));
        expect(new Set(linksOf(graph('again').add(kept.reverse())))).toEqual(oracle);
      }),
      { numRuns: 300 },
    );
  });

  function loops(links: ReadonlySet<string>, start: number): boolean {
    const next = [...links]
      .filter((link) => link.startsWith(`t${start}→`))
      .map((link) => Number(link.slice(`t${start}→t`.length)));
    return next.some((each) => reaches(links, each, start));
  }
});

describe('link()', () => {
  test('refuses what was not added to this very flow', () => {
    const [a, b, inside] = [make('a', [], []), make('b', [], []), make('inside', [], [])];
    const flow = graph('g').add(a, linear('l').add(inside));
    expect(refused('LINK_INVALID', () => flow.link(a, b)).message).toMatch(
      /'g'.*'a' to 'b': 'b' was not added/,
    );
    expect(refused('LINK_INVALID', () => flow.link(b, a)).message).toContain("'b' was not added");
    refused('LINK_INVALID', () => flow.link(a, inside));
    refused('LINK_INVALID', () => flow.link(a, flow));
    refused('LINK_INVALID', () => flow.link(make('a', [], []), a));
    expect(refused('LINK_INVALID', () => flow.link(undefined as never, a)).message).toContain('undefined');
    expect(flow.links).toEqual([]);
  });
});

describe('a flow that is part of a graph flow', () => {
  test('is closed, with the flows inside it', () => {
    const [deep, inner, other] = [unordered('deep'), linear('inner'), graph('other')];
    inner.add(deep);
    graph('g').add(inner, other);
    for (const flow of [deep, inner, other]) {
      const { message } = refused('FLOW_CLOSED', () => flow.add(make('late', [], [])));
      expect(message).toContain(`'${flow.name}'`);
      expect(message).toContain("'g'");
      expect(flow.units.length).toBe(flow === inner ? 1 : 0);
    }
  });

  test('stays open when it was refused, and in patterns that do not read symbols', () => {
    const inner = linear('inner');
    refused('DUPLICATE_NAME', () => graph('g').add(inner, make('a', [], []), make('a', [], [])));
    refused('DEPENDENCY_CYCLE', () =>
      graph('g').add(inner, make('a', ['y'], ['x']), make('b', ['x'], ['y'])),
    );
    linear('l').add(inner);
    expect(inner.add(make('late', [], [])).units.length).toBe(1);
  });

  test('can be read again by a second graph flow', () => {
    const inner = graph('inner').add(make('a', ['n'], ['x']), make('b', ['x'], ['y']));
    graph('first').add(inner);
    const second = graph('second').add(inner, make('n', [], ['n']), make('t', ['y'], []));
    expect(linksOf(second)).toEqual(['n→inner', 'inner→t']);
  });
});

describe('100,000 tasks', () => {
  const count = 100_000;
  const chain = Array.from({ length: count }, (_, at) => make(`t${at}`, [`x${at}`], [`x${at + 1}`]));
  const reversed = [...chain].reverse();
  // A fixed shuffle: 7919 and the count have no common divisor.
  const shuffled = chain.map((_, at) => chain[(at * 7919) % count] as AnyTask);
  const orders = { 'in order': chain, reversed, shuffled };

  test.each(Object.entries(orders))('in a chain, %s', (_, units) => {
    const start = cpuNow();
    const single = graph('one by one');
    for (const unit of units) single.add(unit);
    const middle = cpuNow();
    const together = graph('at once').add(units);
    console.log(`one by one ${(middle - start).toFixed()} ms, at once ${(cpuNow() - middle).toFixed()} ms`);
    expect([single.links.length, together.links.length]).toEqual([count - 1, count - 1]);
    refused('DEPENDENCY_CYCLE', () => single.add(make('end', [`x${count}`], ['x0'])));
    expect(cpuNow() - start).toBeLessThan(15_000);
  });

  test('in a chain with links that skip, made by hand', () => {
    const skips = 20_000;
    const start = cpuNow();
    const flow = graph('g').add(chain.slice(0, skips));
    for (let at = 0; at + 2 < skips; at++) flow.link(chain[at] as AnyTask, chain[at + 2] as AnyTask);
    expect(flow.links.length).toBe(2 * skips - 3);
    console.log(`${(cpuNow() - start).toFixed()} ms`);
    expect(cpuNow() - start).toBeLessThan(15_000);
  });

  test('in a star, out and in', () => {
    const rays = Array.from({ length: count - 2 }, (_, at) => make(`r${at}`, ['x'], [`y${at}`]));
    const end = make(
      'end',
      rays.map((_, at) => `y${at}`),
      [],
    );
    const flow = graph('g')
      .add(end, rays)
      .add(make('start', [], ['x']));
    expect(flow.links.length).toBe(2 * rays.length);
  });

  test('in flows nested 10,000 deep', () => {
    let flow: AnyFlow = graph('core');
    for (let at = 0; at < 10_000; at++) {
      const around = [linear, unordered, graph][at % 3]?.(`f${at}`) as ReturnType<typeof linear>;
      flow = around.add(flow, make(`t${at}`, ['x'], [`y${at % 5}`]));
    }
    expect(graph('g').add(flow, make('x', [], ['x'])).links.length).toBe(1);
  });
});
