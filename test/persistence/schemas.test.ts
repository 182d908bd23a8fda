/** Databases as released versions wrote them, one of each schema: each is opened, upgraded, and its flow goes on to its end. */
import { copyFileSync, readdirSync } from 'node:fs';
import { type AnyUnit, createEngine, sqlite } from 'taskloom';
import { describe, expect, test } from 'vitest';
import { SqlitePlace } from './places.ts';

const FIXTURES = new URL('../fixtures/persistence/', import.meta.url);
const schemas = readdirSync(FIXTURES).filter((name) => name.endsWith('.db'));
const { kept } = (await import(new URL('kept-flow.mjs', FIXTURES).href)) as { kept(): AnyUnit };

test('there is one of each', () => {
  expect(schemas).toEqual(['schema-1.db']);
});

describe.each(schemas)('%s', (name) => {
  test('goes on', async () => {
    using place = new SqlitePlace();
    copyFileSync(new URL(name, FIXTURES), place.file);
    await using backend = sqlite(place.file);
    await backend.upgrade();
    expect(await backend.check()).toEqual([]);
    expect(await backend.logbooks()).toMatchObject([{ name: 'releases', metadata: { of: '0.1.0' } }]);
    const [flow] = await backend.flows();
    expect(flow).toMatchObject({
      flowId: 'kept by 0.1.0',
      state: 'SUSPENDED',
      atoms: 4,
      factory: { module: 'kept-flow.mjs', export: 'kept', args: '[]' },
    });
    const engine = createEngine(kept(), { backend, flowId: 'kept by 0.1.0', executor: 'serial' });
    expect(await engine.run()).toEqual({
      sum: 6,
      big: { sum: 6n, when: new Date(0), bytes: new Uint8Array([1, 2]) },
      squares: [1, 4, 9],
    });
    expect(engine.storage.attempts('first')).toBe(1);
  });
});
