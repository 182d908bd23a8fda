/** Who sees whose symbols, in which order things stand, and that big and deep flows compile. */
import { type AnyUnit, createEngine, graph, linear, task, unordered } from 'taskloom';
import { describe, expect, it } from 'vitest';

const gives = (name: string, symbol: string) => task(name, { provides: symbol, execute: () => name });
const takes = (name: string, symbol: string) =>
  task(name, {
    requires: [symbol],
    provides: `${name}-saw`,
    execute: (args: Record<string, unknown>) => args[symbol],
  });

/** Runs the flow and says what the task named `c` saw of the symbol `x`. */
async function seen(flow: AnyUnit, store: Record<string, unknown> = {}): Promise<unknown> {
  const engine = createEngine(flow, { store, executor: 'serial' });
  await engine.run();
  return engine.storage.fetch('c-saw');
}

describe('a symbol comes from', () => {
  it('the nearest task before', async () => {
    expect(await seen(linear('f').add([gives('p1', 'x'), gives('p2', 'x'), takes('c', 'x')]))).toBe('p2');
  });

  it('the flow around, when nothing nearer gives it', async () => {
    const inner = linear('inner').add([gives('other', 'y'), takes('c', 'x')]);
    expect(await seen(linear('outer').add([gives('p', 'x'), inner]))).toBe('p');
  });

  it('a nested flow before, as if its tasks stood there', async () => {
    const sub = linear('sub').add([gives('s1', 'x'), gives('s2', 'y')]);
    expect(await seen(linear('outer').add([gives('p', 'x'), sub, takes('c', 'x')]))).toBe('s1');
  });

  it('an unordered flow before, the last added of several', async () => {
    const sub = unordered('sub').add([gives('s1', 'x'), gives('s2', 'x')]);
    expect(await seen(linear('outer').add([sub, takes('c', 'x')]))).toBe('s2');
  });

  it('the task that a graph flow links to it', async () => {
    expect(await seen(graph('g').add([takes('c', 'x'), gives('p', 'x')]))).toBe('p');
  });

  it('a unit further up in a graph flow', async () => {
    const p = gives('p', 'x');
    const middle = gives('m', 'y');
    const c = task('c', {
      requires: ['y'],
      optional: ['x'],
      provides: 'c-saw',
      execute: ({ x }: { y: unknown; x?: unknown }) => x,
    });
    expect(await seen(graph('g').add([p, middle, c]).link(p, middle))).toBe('p');
  });

  it('a unit outside of the graph flow', async () => {
    const inner = graph('g').add([takes('c', 'x'), gives('other', 'y')]);
    expect(await seen(linear('outer').add([gives('p', 'x'), inner]))).toBe('p');
  });

  it('the store, whoever provides it too', async () => {
    expect(await seen(linear('f').add([gives('p', 'x'), takes('c', 'x')]), { x: 'store' })).toBe('store');
  });

  it('inject, whatever the store says', async () => {
    const c = takes('c', 'x').as('c', { inject: { x: 'injected' } });
    expect(await seen(linear('f').add([gives('p', 'x'), c]), { x: 'store' })).toBe('injected');
  });
});

describe('a symbol does not come from', () => {
  const refusal = expect.objectContaining({ code: 'MISSING_DEPENDENCIES' });

  it('a sibling in an unordered flow', async () => {
    const flow = unordered('f').add([gives('p', 'x'), takes('c', 'x')]);
    await expect(seen(flow)).rejects.toEqual(refusal);
    await expect(seen(unordered('f').add([gives('p', 'x'), takes('c', 'x')]))).rejects.toThrow(
      "task 'c' requires 'x', which 'p' provides, but not before it",
    );
  });

  it('a later task', async () => {
    await expect(seen(linear('f').add([takes('c', 'x'), gives('p', 'x')]))).rejects.toEqual(refusal);
  });

  it('the task itself', async () => {
    const c = task('c', { requires: ['x'], provides: 'x', execute: ({ x }: { x: unknown }) => x });
    await expect(createEngine(c as AnyUnit, { executor: 'serial' }).run()).rejects.toEqual(refusal);
  });

  it('nobody: the message names who needs it and what was probably meant', async () => {
    const flow = linear('f').add([takes('c', 'pixels')]);
    await expect(seen(flow, { pixel: 1 })).rejects.toThrow("task 'c' requires 'pixels'");
    await expect(seen(linear('f').add([takes('c', 'pixels')]), { pixel: 1 })).rejects.toThrow(
      "The store has 'pixel'.",
    );
  });
});

describe('refused when compiled', () => {
  const code = (flow: AnyUnit): unknown => {
    try {
      createEngine(flow).compile();
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
    return 'compiled';
  };

  it('two atoms of one name anywhere in the tree', () => {
    const flow = linear('f').add([gives('a', 'x'), linear('g').add([gives('a', 'y')])]);
    expect(code(flow)).toBe('DUPLICATE_NAME');
  });

  it('a flow inside itself, through another', () => {
    const outer = linear('outer');
    const inner = linear('inner').add([outer as AnyUnit]);
    expect(code(outer.add([inner as AnyUnit]) as AnyUnit)).toBe('FLOW_CONTAINS_ITSELF');
  });

  it('one flow object at two places', () => {
    const sub = linear('sub').add([gives('a', 'x')]);
    const flow = linear('f').add([linear('g').add([sub]), linear('h').add([sub])]);
    expect(code(flow)).toBe('UNIT_TWICE');
  });

  it('what is no unit', () => {
    for (const junk of [undefined, null, 'flow', 3, {}, () => {}, Promise.resolve()]) {
      expect(code(junk as unknown as AnyUnit)).toBe('UNIT_INVALID');
    }
  });
});

describe('large flows compile and run', () => {
  const many = (count: number) => {
    const definition = task('n', { execute: () => undefined });
    return Array.from({ length: count }, (_, at) => definition.as(`n${at}`));
  };

  it.each([
    ['linear', linear],
    ['unordered', unordered],
    ['graph', graph],
  ] as const)('%s, 100,000 tasks', { timeout: 120_000 }, async (_, pattern) => {
    const engine = createEngine(pattern('f').add(many(100_000)) as AnyUnit, { executor: 'serial' });
    await engine.run();
    expect(engine.storage.flowState).toBe('SUCCESS');
    expect(engine.storage.atomState('n99999')).toBe('SUCCESS');
  });

  it('linear, 100,000 tasks, of which the last fails: all are taken back', { timeout: 120_000 }, async () => {
    const last = task('last', {
      execute: () => {
        throw new Error('at the end');
      },
    });
    const engine = createEngine(linear('f').add(many(100_000), last) as AnyUnit, { executor: 'serial' });
    await expect(engine.run()).rejects.toThrow('at the end');
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(engine.storage.atomState('n0')).toBe('REVERTED');
  });

  it('nested 10,000 deep', async () => {
    let flow: AnyUnit = takes('c', 'x');
    for (let depth = 0; depth < 10_000; depth++)
      flow = (depth % 2 ? linear : unordered)(`f${depth}`).add([flow]);
    expect(await seen(linear('outer').add([gives('p', 'x'), flow]))).toBe('p');
  });

  it('two wide flows one after the other have edges as many as tasks', () => {
    const wide = (name: string) =>
      unordered(name).add(Array.from({ length: 1000 }, (_, at) => gives(`${name}${at}`, `${name}${at}`)));
    const engine = createEngine(linear('f').add([wide('a'), wide('b')]) as AnyUnit);
    const edges = engine.compilation.nodes.reduce((sum, node) => sum + node.successors.length, 0);
    expect(edges).toBeLessThan(4010);
  });
});
