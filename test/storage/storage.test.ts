/** What can be read of a run beside single values: several values of a symbol, all states, notes on the flow. */
import { createEngine, linear, task } from 'taskloom';
import { describe, expect, it } from 'vitest';

const serial = { executor: 'serial' } as const;
const give = (name: string, symbol: string, value: unknown) =>
  task(name, { provides: symbol, execute: () => value });

describe('several values of a symbol', () => {
  const flow = linear('f').add(give('a', 'x', 1), give('b', 'x', 2), give('c', 'y', 3));
  const listed = (values: readonly unknown[]): unknown => values.join('+');

  it('are handed to the one who chooses, the store first, then as they were added; also when it is one', async () => {
    const engine = createEngine(flow, serial);
    await engine.run();
    expect(engine.storage.fetch('x', { many: listed })).toBe('1+2');
    expect(engine.storage.fetch('x', { many: (values) => values.at(-1) })).toBe(2);
    expect(engine.storage.fetch('y', { many: listed })).toBe('3');
    engine.storage.inject({ x: 0 });
    expect(engine.storage.fetch('x', { many: listed })).toBe('0+1+2');
    expect(engine.storage.fetchAll({ many: listed })).toEqual({ x: '0+1+2', y: '3' });
    expect(engine.storage.fetchAll()).toEqual({ x: [0, 1, 2], y: 3 });
  });

  it('are decoded anew for each who reads them', async () => {
    const engine = createEngine(linear('f').add(give('a', 'x', { n: 1 })), serial);
    await engine.run();
    const change = ([value]: readonly unknown[]): unknown => Object.assign(value as object, { n: 2 });
    expect(engine.storage.fetch('x', { many: change })).toEqual({ n: 2 });
    expect(engine.storage.fetch('x')).toEqual({ n: 1 });
  });

  it('what the chooser throws reaches the caller; without a value it is not asked', async () => {
    const engine = createEngine(flow, serial);
    const refuse = (): never => {
      throw new RangeError('too many');
    };
    expect(() => engine.storage.fetch('x', { many: refuse })).toThrow(
      expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }),
    );
    expect(engine.storage.fetchAll({ many: refuse })).toEqual({});
    await engine.run();
    expect(() => engine.storage.fetch('x', { many: refuse })).toThrow('too many');
    expect(() => engine.storage.fetchAll({ many: refuse })).toThrow('too many');
  });

  it.each([[{ many: 'first' }], [{ handler: listed }], [listed]])('%j is refused', (options) => {
    const { storage } = createEngine(flow, serial);
    const invalid = expect.objectContaining({ code: 'OPTION_INVALID' });
    expect(() => storage.fetch('x', options as never)).toThrow(invalid);
    expect(() => storage.fetchAll(options as never)).toThrow(invalid);
  });
});

describe('atomStates', () => {
  it('says of every atom where it stands and what it is meant to do, as it is at that moment', async () => {
    const fail = task('fail', {
      execute() {
        throw new Error('no');
      },
    });
    const engine = createEngine(linear('f').add(give('a', 'x', 1), fail, give('b', 'y', 1)), serial);
    const before = engine.storage.atomStates();
    await engine.run().catch(() => {});
    expect([...before]).toEqual(
      ['a', 'fail', 'b'].map((name) => [name, { state: 'PENDING', intention: 'EXECUTE' }]),
    );
    expect(Object.fromEntries(engine.storage.atomStates())).toEqual({
      a: { state: 'REVERTED', intention: 'REVERT' },
      fail: { state: 'REVERTED', intention: 'REVERT' },
      b: { state: 'PENDING', intention: 'REVERT' },
    });
    for (const [name, { state, intention }] of engine.storage.atomStates()) {
      expect([state, intention]).toEqual([
        engine.storage.atomState(name),
        engine.storage.atomIntention(name),
      ]);
    }
  });
});

describe('notes on the flow', () => {
  it('are kept, over those of the same names, and outlive a reset', async () => {
    const engine = createEngine(linear('f').add(give('a', 'x', 1)), serial);
    const { storage } = engine;
    expect(storage.flowMetadata).toEqual({});
    storage.annotateFlow({ by: 'ada', tries: 1 });
    storage.annotateFlow({ tries: 2 });
    await engine.run();
    engine.reset();
    expect(storage.flowMetadata).toEqual({ by: 'ada', tries: 2 });
  });

  it('are read as a copy', () => {
    const { storage } = createEngine(linear('f'), serial);
    storage.annotateFlow({ by: 'ada' });
    Object.assign(storage.flowMetadata, { by: 'eve' });
    expect(storage.flowMetadata).toEqual({ by: 'ada' });
  });
});
