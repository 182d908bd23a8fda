/** What deciders decide, and how far a no reaches (semantics 2.7). */
import { type AnyUnit, createEngine, type Depth, graph, linear, run, task, times, unordered } from 'taskloom';
import { describe, expect, it } from 'vitest';

const serial = { executor: 'serial' } as const;
const act = (name: string, result: unknown = name) => task(name, { provides: name, execute: () => result });
const no = () => false;

/** Runs the flow, and says which of its atoms were ignored. */
async function ignored(flow: AnyUnit): Promise<string> {
  const engine = createEngine(flow, serial);
  await engine.run();
  expect(engine.storage.flowState).toBe('SUCCESS');
  const atoms = [...engine.compilation.atoms.keys()];
  return atoms.filter((atom) => engine.storage.atomState(atom) === 'IGNORE').join(' ');
}

describe('a no reaches', () => {
  // a –no→ b → c → d, b → sub[s1, s2]
  const behindTask = (depth: Depth) => {
    const [a, b, c, d] = [act('a'), act('b'), act('c'), act('d')];
    const sub = linear('sub').add([act('s1'), act('s2')]);
    return graph('g')
      .add(a, b, c, d, sub)
      .link(a, b, { decider: no, depth })
      .link(b, c)
      .link(c, d)
      .link(b, sub);
  };
  // a –no→ sub[s1 → s2] → z
  const behindFlow = (depth: Depth, options = {}) => {
    const [a, z] = [act('a'), act('z')];
    const sub = linear('sub', options).add([act('s1'), act('s2')]);
    return graph('g').add(a, sub, z).link(a, sub, { decider: no, depth }).link(sub, z);
  };

  it.each([
    ['ALL', 'b c d s1 s2', 's1 s2 z', 'sub_retry s1 s2 z'],
    ['FLOW', 'b c d', 's1 s2', 'sub_retry s1 s2'],
    ['NEIGHBORS', 'b c', 's1 s2', 'sub_retry s1'],
    ['ATOM', 'b', 's1', 'sub_retry'],
  ] as const)('%s', async (depth, task, flow, retried) => {
    expect(await ignored(behindTask(depth))).toBe(task);
    expect(await ignored(behindFlow(depth))).toBe(flow);
    expect(await ignored(behindFlow(depth, { retry: times(1) }))).toBe(retried);
  });

  it('each first atom of an unordered flow', async () => {
    const a = act('a');
    const sub = unordered('sub').add(act('s1'), act('s2'));
    expect(await ignored(graph('g').add(a, sub).link(a, sub, { decider: no, depth: 'atom' }))).toBe('s1 s2');
  });

  it('as far as the widest of several', async () => {
    const [a, b, c, d] = [act('a'), act('b'), act('c'), act('d')];
    const flow = graph('g')
      .add(a, b, c, d)
      .link(a, c, { decider: no, depth: 'ATOM' })
      .link(b, c, { decider: no, depth: 'ALL' })
      .link(c, d);
    expect(await ignored(flow)).toBe('c d');
  });
});

describe('a decider', () => {
  it('is told the results of all that decide with it', async () => {
    const told: unknown[] = [];
    const [a, b, c, d] = [act('a', 1), act('b', 2), act('c', 3), act('d')];
    const hear = (history: unknown) => {
      told.push(history);
      return true;
    };
    await run(
      graph('g').add(a, b, c, d).link(a, d, { decider: hear }).link(b, d, { decider: hear }).link(c, d),
      serial,
    );
    expect(told).toEqual([
      { a: 1, b: 2 },
      { a: 1, b: 2 },
    ]);
  });

  it('is not asked when its source was ignored, and told nothing of a flow', async () => {
    const told: unknown[] = [];
    const hear = (history: unknown) => {
      told.push(history);
      return true;
    };
    const [a, b, c] = [act('a'), act('b'), act('c')];
    await run(
      graph('g').add(a, b, c).link(a, b, { decider: no, depth: 'ATOM' }).link(b, c, { decider: hear }),
      serial,
    );
    expect(told).toEqual([]);
    const [sub, d] = [linear('sub').add([act('s')]), act('d')];
    await run(graph('h').add(sub, d).link(sub, d, { decider: hear }), serial);
    expect(told).toEqual([{}]);
  });

  it('may answer later, and is replaced together with its depth by linking again', async () => {
    const [a, b, c] = [act('a'), act('b'), act('c')];
    const flow = graph('g')
      .add(a, b, c)
      .link(b, c)
      .link(a, b, { decider: () => true, depth: 'ATOM' });
    flow.link(a, b, { decider: async () => false });
    expect(await ignored(flow)).toBe('b c');
  });

  it('that throws fails the atom that it was asked about, and the flow is reverted', async () => {
    const told: string[] = [];
    const a = task('a', { execute: () => 1, revert: () => void told.push('-a') });
    const b = task('b', { execute: () => void told.push('b'), revert: () => void told.push('-b') });
    const decider = () => {
      throw new RangeError('undecided');
    };
    const engine = createEngine(graph('g').add(a, b).link(a, b, { decider }), serial);
    await expect(engine.run()).rejects.toThrow(RangeError);
    expect(told).toEqual(['-a']);
    expect(engine.storage.flowState).toBe('REVERTED');
  });

  it('is asked again when a retry starts its flow again', async () => {
    const answers = [false, true];
    const seen: string[] = [];
    let fails = true;
    const [a, b] = [act('a'), task('b', { execute: () => void seen.push('b') })];
    const c = task('c', {
      execute() {
        seen.push('c');
        if (!fails) return;
        fails = false;
        throw new Error('once more');
      },
    });
    const flow = graph('g', { retry: times(2) })
      .add(a, b, c)
      .link(a, b, { decider: () => answers.shift(), depth: 'ATOM' })
      .link(b, c);
    await run(flow, serial);
    expect(seen).toEqual(['c', 'b', 'c']);
  });
});

it('an ignored provider is passed over for the one before it', async () => {
  const [first, gate] = [task('first', { provides: 'x', execute: () => 1 }), act('gate')];
  const second = task('second', { provides: 'x', execute: () => 2 });
  const use = task('use', { requires: ['x'], provides: 'seen', execute: ({ x }: { x: number }) => x });
  const inner = graph('inner').add(gate, second).link(gate, second, { decider: no, depth: 'ATOM' });
  const engine = createEngine(linear('f').add([first, inner, use]) as AnyUnit, serial);
  await engine.run();
  expect(engine.storage.get('use')).toBe(1);
});

it('a graph flow with a target runs what that depends on, and nothing else', async () => {
  const [a, b, c, d] = [act('a'), act('b'), act('c'), act('d')];
  const flow = graph('g').add(a, b, c, d).link(a, b).link(b, c);
  expect(Object.keys(await run(flow.target(b), serial))).toEqual(['a', 'b']);
  expect(flow.units).toEqual([a, b]);
  expect(Object.keys(await run(flow.target(null), serial)).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(() => flow.target(act('x'))).toThrow(expect.objectContaining({ code: 'LINK_INVALID' }));
});

it('with neverResolve a failure leaves all as it was', async () => {
  const told: string[] = [];
  const a = task('a', { execute: () => 1, revert: () => void told.push('-a') });
  const b = task('b', {
    execute: () => {
      throw new Error('b failed');
    },
  });
  const engine = createEngine(linear('f', { retry: times(3) }).add([a, b]) as AnyUnit, {
    ...serial,
    neverResolve: true,
  });
  await expect(engine.run()).rejects.toThrow('b failed');
  expect(told).toEqual([]);
  expect([...'ab'].map((name) => engine.storage.atomState(name))).toEqual(['SUCCESS', 'FAILURE']);
  expect(engine.storage.flowState).toBe('FAILURE');
});

it.each([
  [{ depth: 'ALL' }, 'needs a decider'],
  [{ decider: 3 }, 'must be a function'],
  [{ decider: no, depth: 'EVERYWHERE' }, "'ALL', 'FLOW', 'NEIGHBORS', 'ATOM'"],
])('a link with %j is refused', (options, message) => {
  const [a, b] = [act('a'), act('b')];
  expect(() =>
    graph('g')
      .add(a, b)
      .link(a, b, options as never),
  ).toThrow(message);
});
