/**
 * A process dies between any two commits, and another one goes on (DESIGN, invariants 1 to 4): the end is that of a run that
 * nothing broke. What a task does to the world is done again where it was not recorded, so that it must bear being done twice.
 */
import {
  type AnyUnit,
  type Backend,
  createEngine,
  type Engine,
  forEach,
  graph,
  linear,
  map,
  memory,
  task,
  times,
  unordered,
} from 'taskloom';
import { describe, expect, it } from 'vitest';

/** What the tasks of all processes did, and what is left of it. */
class World {
  readonly story: string[] = [];
  readonly standing = new Set<string>();

  /** A task that leaves its mark, and takes it away again. */
  act(name: string, definition: object = {}): AnyUnit {
    return task(name, {
      provides: name,
      execute: () => {
        this.does(name);
        return name;
      },
      revert: () => this.undoes(name),
      ...definition,
    } as never) as AnyUnit;
  }

  /** A task that fails after having left its mark: the first so many times. */
  failing(name: string, often = Number.POSITIVE_INFINITY, definition: object = {}): AnyUnit {
    return this.act(name, {
      execute: (_: object, { attempt }: { attempt: number }) => {
        this.does(name);
        if (attempt <= often) throw new RangeError(`${name} failed`);
        return `${name} at last`;
      },
      ...definition,
    });
  }

  does(name: string): void {
    this.story.push(name);
    this.standing.add(name);
  }

  undoes(name: string): void {
    this.story.push(`-${name}`);
    this.standing.delete(name);
  }
}

/** A backend of which a process sees so many commits, and that is then gone for it: nothing is answered any more. */
function dyingAfter(backend: Backend, commits: number): { backend: Backend; died: Promise<void> } {
  let left = commits;
  let die = (): void => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const never = <T>(): Promise<T> => {
    die();
    return new Promise<T>(() => {});
  };
  const seen: Backend = {
    ...backend,
    claim: (request) => backend.claim(request),
    commit: (changes) => (left-- > 0 ? backend.commit(changes) : never()),
    release: (flowId, epoch) => (left >= 0 ? backend.release(flowId, epoch) : never()),
    flow: (flowId) => backend.flow(flowId),
    atoms: (flowId, query) => backend.atoms(flowId, query),
    values: (flowId) => backend.values(flowId),
  };
  return { backend: seen, died };
}

interface End {
  readonly state: string;
  readonly results: unknown;
  readonly error: unknown;
  readonly standing: readonly string[];
  readonly atoms: readonly (readonly [string, string])[];
}

const flowId = 'one';

function engineOf(unit: AnyUnit, backend: Backend, settings: object): Engine {
  return createEngine(unit, { backend, flowId, executor: 'serial', ...settings } as never) as Engine;
}

async function endOf(engine: Engine, world: World): Promise<End> {
  const [results, error] = await engine.run().then(
    (found: unknown) => [found, null],
    (thrown: unknown) => [null, String(thrown)],
  );
  const atoms = [...engine.storage.atomStates()].map(([name, { state }]) => [name, state] as const);
  return {
    state: engine.storage.flowState,
    results,
    error,
    standing: [...world.standing].sort(),
    atoms,
  };
}

/** Runs a flow that dies after each number of commits, up to the number that it needs; `check` sees each end. */
async function brokenEverywhere(
  build: (world: World) => AnyUnit,
  settings: object = {},
  dies: readonly number[] = [0],
): Promise<number> {
  const unbroken = new World();
  const expected = await endOf(engineOf(build(unbroken), memory(), settings), unbroken);
  let deaths = 0;
  for (let commits = 0; ; commits++) {
    const world = new World();
    const backend = memory();
    let hasDied = true;
    for (const more of [commits, ...dies.map((at) => at + commits)]) {
      const dying = dyingAfter(backend, more);
      const engine = engineOf(build(world), dying.backend, settings);
      hasDied = await Promise.race([
        dying.died.then(() => true),
        engine.run().then(
          () => false,
          () => false,
        ),
      ]);
      const { epoch = 0 } = (await backend.flow(flowId)) ?? {};
      await backend.release(flowId, epoch);
      if (!hasDied) break;
      deaths++;
    }
    if (!hasDied && commits > 200) throw new Error('never ends');
    const done = await backend.atoms(flowId);
    const before = new Set(
      done
        .filter(({ state, intention }) => state === 'SUCCESS' && intention === 'EXECUTE')
        .map(({ name }) => name),
    );
    const from = world.story.length;
    const flow = await backend.flow(flowId);
    if (flow?.state !== 'REVERTED') {
      const end = await endOf(engineOf(build(world), backend, settings), world);
      expect({ commits, ...end }).toEqual({ commits, ...expected });
      const again = world.story.slice(from).filter((name) => before.has(name));
      if (expected.state === 'SUCCESS' && !world.story.some((each) => each.startsWith('-')))
        expect({ commits, again }).toEqual({ commits, again: [] });
    } else {
      expect({ commits, standing: [...world.standing].sort() }).toEqual({
        commits,
        standing: expected.standing,
      });
    }
    if (!hasDied) return deaths;
  }
}

describe('a process that dies between two commits is continued by another: ', () => {
  const cases: Record<string, (world: World) => AnyUnit> = {
    'a chain': (w) => linear('f').add([w.act('a'), w.act('b', { requires: ['a'] }), w.act('c')]),
    'what runs side by side': (w) => unordered('f').add([w.act('a'), w.act('b'), w.act('c')]),
    'a chain that is taken back': (w) => linear('f').add([w.act('a'), w.act('b'), w.failing('c')]),
    'side by side, taken back': (w) =>
      unordered('f').add([w.act('a'), w.failing('b'), linear('g').add([w.act('c'), w.act('d')])]),
    'a retry that succeeds at last': (w) =>
      linear('f').add([w.act('a'), linear('r', { retry: times(3) }).add([w.act('b'), w.failing('c', 2)])]),
    'a retry that gives up': (w) =>
      linear('f').add([w.act('a'), linear('r', { retry: times(2) }).add([w.act('b'), w.failing('c')])]),
    'retries within retries': (w) =>
      linear('f', { retry: times(2) }).add([
        w.act('a'),
        linear('r', { retry: forEach([1, 2]) }).add([w.act('b'), w.failing('c')]),
      ]),
    'a map': (w) =>
      linear('f').add([
        w.act('list', {
          execute: () => Array.from({ length: 12 }, (_, at) => at),
        }),
        map('m', {
          over: 'list',
          as: 'n',
          task: w.act('item', {
            requires: ['n'],
            provides: undefined,
            execute: ({ n }: { n: number }) => {
              w.does(`item ${n}`);
              return n * 2;
            },
            revert: ({ n }: { n: number }) => w.undoes(`item ${n}`),
          }),
          provides: 'doubles',
        } as never) as AnyUnit,
        w.act('sum', {
          requires: ['doubles'],
          execute: ({ doubles }: { doubles: number[] }) => doubles.reduce((all, each) => all + each, 0),
        }),
      ]),
    'a map that is folded': (w) =>
      linear('f').add([
        w.act('list', { execute: () => [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
        map('m', {
          over: 'list',
          as: 'n',
          task: w.act('item', {
            requires: ['n'],
            provides: undefined,
            execute: ({ n }: { n: number }) => [n],
          }),
          provides: 'all',
          reduce: { initial: [], add: (all: number[], each: number[]) => [...all, ...each] },
        } as never) as AnyUnit,
      ]),
    'a map that is taken back': (w) =>
      linear('f').add([
        w.act('list', { execute: () => [0, 1, 2, 3, 4, 5, 6, 7] }),
        map('m', {
          over: 'list',
          as: 'n',
          task: w.act('item', {
            requires: ['n'],
            provides: undefined,
            execute: ({ n }: { n: number }) => {
              w.does(`item ${n}`);
              if (n === 6) throw new RangeError('six');
            },
            revert: ({ n }: { n: number }) => w.undoes(`item ${n}`),
          }),
        } as never) as AnyUnit,
      ]),
    'a map whose items are tried again': (w) =>
      map('m', {
        over: 'list',
        as: 'n',
        task: w.act('item', {
          requires: ['n'],
          provides: undefined,
          retry: times(3),
          execute: ({ n }: { n: number }, { attempt }: { attempt: number }) => {
            w.does(`item ${n}`);
            if (n % 2 === 0 && attempt < 2) throw new RangeError(`${n} failed`);
            return n;
          },
          revert: ({ n }: { n: number }) => w.undoes(`item ${n}`),
        }),
        provides: 'all',
      } as never) as AnyUnit,
    'a decider that says no': (w) => {
      const [a, b, c] = [w.act('a'), w.act('b'), w.act('c')];
      return graph('f')
        .add([a, b, c])
        .link(a, b, { decider: () => false })
        .link(a, c, { decider: () => true });
    },
  };
  for (const [name, build] of Object.entries(cases)) {
    const settings = name === 'a map whose items are tried again' ? { store: { list: [0, 1, 2, 3, 4] } } : {};
    it(name, async () => {
      expect(await brokenEverywhere(build, settings)).toBeGreaterThan(2);
    });
  }
});

it('what may have begun is taken back, though nobody knows whether it did', async () => {
  for (let commits = 0; commits < 8; commits++) {
    const world = new World();
    const build = (): AnyUnit => unordered('f').add([world.act('a'), world.act('b'), world.act('c')]);
    const backend = memory();
    const dying = dyingAfter(backend, commits);
    await Promise.race([dying.died, engineOf(build(), dying.backend, {}).run()]);
    const flow = await backend.flow(flowId);
    await backend.release(flowId, flow?.epoch ?? 0);
    if (flow?.state === 'SUCCESS') return;
    const engine = engineOf(build(), backend, { signal: AbortSignal.abort(new Error('no more')) });
    const end = await endOf(engine, world);
    expect({ commits, standing: end.standing }).toEqual({ commits, standing: [] });
    expect(end.error).toContain('was aborted by its signal');
  }
  expect.unreachable('the flow was never done');
});
