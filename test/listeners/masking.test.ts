/** Copies of values that are fit to be logged. Read from the source: no listener shows all of it. */
import { expect, it } from 'vitest';
import { inLine, masked, oneLine } from '../../src/listeners/masking.ts';

const keys = new Set(['secret']);

it('masks deep: objects, lists, Maps, Sets, errors and causes', () => {
  const value = {
    secret: 1,
    list: [{ secret: { deep: true } }],
    map: new Map<unknown, unknown>([
      ['secret', 1],
      [{ secret: 2 }, { secret: 3 }],
    ]),
    set: new Set([{ secret: 1, other: 2 }]),
    error: Object.assign(new Error('no', { cause: { secret: 1 } }), { secret: 's' }),
  };
  const copy = masked(value, keys) as typeof value;
  expect(copy).toMatchObject({ secret: '***', list: [{ secret: '***' }] });
  expect([...copy.map]).toEqual([
    ['secret', '***'],
    [{ secret: '***' }, { secret: '***' }],
  ]);
  expect([...copy.set]).toEqual([{ secret: '***', other: 2 }]);
  expect(copy.error).toBeInstanceOf(Error);
  expect(copy.error).toMatchObject({ message: 'no', stack: value.error.stack, cause: { secret: '***' } });
  expect(Reflect.get(copy.error, 'secret')).toBe('***');
  expect(value.secret).toBe(1);
  expect(value.list[0]?.secret).toEqual({ deep: true });
});

it('keeps cycles and what is shared', () => {
  const value: Record<string, unknown> = { secret: 1 };
  value['self'] = value;
  value['list'] = [value];
  const copy = masked(value, keys) as Record<string, unknown>;
  expect(copy['self']).toBe(copy);
  expect((copy['list'] as unknown[])[0]).toBe(copy);
});

it('calls nothing: no getter, no trap, no toJSON or inspect', () => {
  const no = (): never => {
    throw new Error('called');
  };
  const value = {
    get secretive() {
      return no();
    },
    proxy: new Proxy({}, { get: no, ownKeys: no, getPrototypeOf: no }),
    toJSON: no,
    [Symbol.for('nodejs.util.inspect.custom')]: no,
    tagged: new (class {
      get [Symbol.toStringTag]() {
        return no();
      }
    })(),
  };
  expect(inLine(masked(value, keys))).toBe(
    "{ secretive: '[getter]', proxy: '[proxy]', toJSON: '[function]', tagged: {} }",
  );
});

it('is bounded in every direction', () => {
  let deep: unknown = 0;
  for (let at = 0; at < 50_000; at++) deep = { deep };
  const wide = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => ({ a: [1] })));
  const sparse: unknown[] = [];
  sparse[4_000_000_000] = 1;
  const value = {
    deep,
    sparse,
    long: 'x'.repeat(1e6),
    map: new Map(Array.from({ length: 1000 }, (_, at) => [at, at])),
    set: new Set(Array.from({ length: 1000 }, (_, at) => at)),
    bytes: new Uint8Array(1e6),
    buffer: new ArrayBuffer(5),
    wide,
  };
  const copy = masked(value, keys) as typeof value;
  expect(copy.wide.length).toBe(101);
  expect(copy.wide.at(-1)).toBe('… 100 more');
  expect(copy.map.get('…' as never)).toBe('… 900 more');
  expect([...copy.set].at(-1)).toBe('… 900 more');
  expect(copy).toMatchObject({ bytes: 'Uint8Array(1000000)', buffer: 'ArrayBuffer(5)' });
  expect(copy.long.length).toBeLessThan(11_000);
  expect(inLine(copy).length).toBeLessThan(500);
});

it('keeps odd keys and values as they are', () => {
  const value = JSON.parse('{"__proto__": {"a": 1}, "": 2}');
  const copy = masked(value, keys) as object;
  expect(Object.keys(copy)).toEqual(['__proto__', '']);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  // biome-ignore lint/suspicious/noSparseArray: a hole stays a hole
  const list = [1, , undefined, null, Number.NaN, -0, 3n];
  expect(masked(list, keys)).toStrictEqual(list);
  expect(masked(new Date(Number.NaN), keys)).toEqual(new Date(Number.NaN));
  expect(masked(/a/g, keys)).toEqual(/a/g);
});

it('writes out what would act on a terminal', () => {
  expect(oneLine('a\n\u001b[31m\u202eb\ud800')).toBe('a\\n\\u001b[31m\\u202eb\\ud800');
  expect(oneLine('👩‍👩‍👧')).toBe('👩‍👩‍👧');
});
