/** Names and values that try to break it go through whole flows like any others, on every executor. */
import { deepStrictEqual } from 'node:assert/strict';
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  graph,
  linear,
  retry,
  run,
  task,
  times,
  unordered,
} from 'taskloom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyExecutor, thrownBy } from './executors.ts';

interface Reusable extends AnyTask {
  as(name: string, options?: object): AnyTask;
}
const { NAMES, MAKERS, ...tasks } = (await import(
  new URL('../fixtures/scenarios/values.mjs', import.meta.url).href
)) as Record<'make' | 'pass' | 'own' | 'keyed' | 'natives' | 'failing', Reusable> & {
  readonly NAMES: readonly string[];
  readonly MAKERS: Readonly<Record<string, () => unknown>>;
};

/** An object with one own property, whatever its name. */
const entry = (name: string, value: unknown): Record<string, unknown> => Object.fromEntries([[name, value]]);
const ownValue = (object: object, name: string): unknown =>
  Object.getOwnPropertyDescriptor(object, name)?.value;
const shown = (name: string): string =>
  name.length > 50 ? `${name.length} characters` : JSON.stringify(name);
const named = NAMES.map((name) => [shown(name), name] as const);

let before: readonly string[];
beforeAll(() => {
  before = Object.getOwnPropertyNames(Object.prototype);
});
afterAll(() => {
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  expect({}).not.toHaveProperty('polluted');
});

describe.each(everyExecutor)('a name, on %s', (_, executor) => {
  it.each(named)('%s is one of a task, a symbol, an argument, a flow and a key', async (_shown, name) => {
    const give = tasks.make.as(name, { inject: { kind: 'cyclic' }, provides: name });
    const take = tasks.pass.as(`take ${name}`, { rebind: { value: name }, provides: `${name}!` });
    const key = tasks.keyed.as(`key ${name}`, { inject: { key: name }, provides: `${name} by key` });
    const flow = linear(name).add([give, linear(name).add([take, key])]);
    const engine = createEngine(flow as AnyUnit, { executor: executor() });
    const results = (await engine.run()) as Record<string, unknown>;
    expect(Object.keys(results).sort()).toEqual([name, `${name}!`, `${name} by key`].sort());
    expect(ownValue(results, `${name}!`)).toEqual(MAKERS['cyclic']?.());
    expect(ownValue(engine.storage.fetch(`${name} by key`) as object, name)).toBe(`value of ${name}`);
    expect(engine.storage.get(name)).toEqual(engine.storage.fetch(name));
    expect(engine.storage.atomState(name)).toBe('SUCCESS');
    expect(engine.storage.flowName).toBe(name);
    expect(ownValue(engine.storage.fetchAll(), name)).toEqual(engine.storage.fetch(name));
    expect(engine.compilation.atoms.get(name)?.name).toBe(name);
  });

  it.each(named)(
    '%s is one in the store, in inject, in rebind and in provides by key',
    async (_shown, name) => {
      const stored = tasks.own.as('stored', { provides: 'a' });
      const injected = tasks.own.as('injected', { provides: 'b', inject: entry(name, ['injected']) });
      const rebound = tasks.own.as('rebound', { provides: 'c', rebind: entry(name, 'other') });
      const flow = unordered('f').add([stored, injected, rebound]);
      const store = Object.fromEntries([
        [name, ['stored']],
        ['other', ['other']],
      ]);
      const results = (await run(flow as AnyUnit, { executor: executor(), store })) as Record<
        string,
        unknown
      >;
      expect(results['a']).toEqual([[name, ['stored']]]);
      expect(results['b']).toEqual([[name, ['injected']]]);
      expect(results['c']).toEqual([[name, ['other']]]);
    },
  );

  it.each(named)(
    '%s is one in a failure: its message, its property and the atom are found by it',
    async (_shown, name) => {
      const engine = createEngine(tasks.failing.as(name, { inject: { name } }) as AnyUnit, {
        executor: executor(),
      });
      const error = (await thrownBy(engine.run())) as Error;
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message.startsWith(name.slice(0, 1000))).toBe(true);
      expect([...engine.storage.failures.keys()]).toEqual([name]);
      expect(engine.storage.atomState(name)).toBe('REVERTED');
    },
  );

  it.each(named)(
    '%s is one of a retry and what it provides, and of a task that decides',
    async (_shown, name) => {
      const told: unknown[] = [];
      const own = retry(name, { provides: name, execute: ({ length }) => length, onFailure: () => 'REVERT' });
      const [a, b] = [
        tasks.pass.as('a', { rebind: { value: name } }),
        tasks.pass.as(`${name} b`, { rebind: { value: name } }),
      ];
      const flow = graph('g', { retry: own })
        .add(a, b.name === name ? a : b)
        .link(a, b, { decider: (history) => told.push(Object.entries(history)) });
      const engine = createEngine(flow as AnyUnit, { executor: executor() });
      await engine.run();
      expect(told).toEqual([[['a', 0]]]);
      expect(engine.storage.retryHistory(name).length).toBe(1);
      expect(engine.storage.fetch(name)).toBe(0);
    },
  );

  it('of a deciding task is the key of its result', async () => {
    for (const name of NAMES) {
      const [a, b] = [tasks.make.as(name, { inject: { kind: 'null' } }), tasks.natives.as('b', {})];
      const told: unknown[] = [];
      const decider = (history: object): boolean => {
        told.push(Object.entries(history));
        return true;
      };
      await run(graph('g').add(a, b).link(a, b, { decider }) as AnyUnit, { executor: executor() });
      expect(told).toEqual([[[name, null]]]);
    }
  });

  it('that is empty is refused, and that nobody has is not found', async () => {
    const engine = createEngine(linear('f') as AnyUnit, { executor: executor() });
    for (const name of [...NAMES, '']) {
      expect(() => engine.storage.atomState(name)).toThrow(
        expect.objectContaining({ code: 'ATOM_NOT_FOUND' }),
      );
      expect(() => engine.storage.get(name)).toThrow(expect.objectContaining({ code: 'ATOM_NOT_FOUND' }));
      expect(() => engine.storage.fetch(name)).toThrow(expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }));
      expect(() => engine.storage.retryHistory(name)).toThrow(
        expect.objectContaining({ code: 'ATOM_NOT_FOUND' }),
      );
    }
    for (const bad of [
      () => tasks.pass.as(''),
      () => tasks.pass.as('a', { rebind: { value: '' } }),
      () => linear(''),
    ])
      expect(bad).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
  });
});

describe.each(everyExecutor)('a value, on %s', (_, executor) => {
  it.each(Object.entries(MAKERS))(
    '%s goes from task to task as structured clone has it',
    async (kind, maker) => {
      const flow = linear('f', { retry: times(1) }).add([
        tasks.make.as('make', { inject: { kind } }),
        tasks.pass.as('first', { provides: 'first' }),
        tasks.pass.as('second', { rebind: { value: 'first' }, provides: 'second' }),
      ]);
      const engine = createEngine(flow as AnyUnit, { executor: executor() });
      const heard: unknown[] = [];
      engine.on('atom', ({ state, result }) => state === 'SUCCESS' && heard.push(result));
      const results = (await engine.run()) as Record<string, unknown>;
      const expected = cloneOf(await maker());
      for (const found of [
        results['value'],
        results['first'],
        results['second'],
        engine.storage.get('second'),
      ]) {
        deepStrictEqual(found, expected);
      }
      for (const found of heard.slice(1)) deepStrictEqual(found, expected);
    },
  );

  it.each(Object.entries(MAKERS))(
    '%s from the store and from inject arrives as it is, and stays as it was',
    async (_kind, maker) => {
      const [value, injected] = [await maker(), await maker()];
      const flow = unordered('f').add([
        tasks.pass.as('stored', { provides: 'stored' }),
        tasks.pass.as('injected', { inject: { value: injected }, provides: 'injected' }),
      ]);
      const results = (await run(flow as AnyUnit, { executor: executor(), store: { value } })) as Record<
        string,
        unknown
      >;
      const expected = cloneOf(value);
      deepStrictEqual(results['stored'], expected);
      deepStrictEqual(results['injected'], expected);
      deepStrictEqual(value, await maker());
    },
  );

  it('is no promise to the flow when it has a then: it is waited for once, where it is made', async () => {
    let waited = 0;
    const inner = JSON.parse('{"then": "a string"}') as unknown;
    const outer = Object.defineProperty({}, 'then', {
      value: (resolve: (value: unknown) => void) => {
        waited++;
        resolve(inner);
      },
    });
    const thenable = task('thenable', { provides: 'x', execute: () => outer as unknown });
    const flow = linear('f').add([thenable, tasks.pass.as('passed', { rebind: { value: 'x' } })]);
    expect(await run(flow as AnyUnit, { executor: executor() })).toEqual({ x: inner, passed: inner });
    expect(waited).toBe(1);
  });

  it('that has own keys like those of Object.prototype leaves that as it is, where it is made and where it is read', async () => {
    const flow = linear('f').add([
      tasks.make.as('make', { inject: { kind: 'own __proto__' } }),
      tasks.pass.as('passed', {}),
      tasks.natives,
    ]);
    const results = (await run(flow as AnyUnit, { executor: executor() })) as Record<string, unknown>;
    expect(results['natives']).toEqual([[...before].sort().join(' '), false]);
    const passed = results['passed'] as object;
    expect(Object.keys(passed)).toEqual(['__proto__', 'constructor']);
    expect(ownValue(passed, '__proto__')).toEqual({ polluted: true });
    expect(Object.getPrototypeOf(passed)).toBe(Object.prototype);
  });
});

/** As structured clone has it, but for a Buffer, which stays one. */
function cloneOf(value: unknown): unknown {
  return Buffer.isBuffer(value) ? value : structuredClone(value);
}
