import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  absentTakes,
  type Closed,
  close,
  open,
  share,
  sizeOf,
  transfer,
  transferList,
  type Value,
} from '../../src/protocol/codec.ts';

/** Not written as a key, which lint takes for a mistake. */
const THEN = 'then';

const closed = (value: unknown, read = true): Closed => close(value, 'result', { read }) as Closed;
/** What a reader gets, with the crossing to the main thread in between. */
const around = <T>(value: T): T => open(structuredClone(close(value, 'result'))) as T;

function detached(size: number): ArrayBuffer {
  const buffer = new ArrayBuffer(size);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function nested(depth: number, inside: unknown = {}): unknown {
  let value = inside;
  for (let i = 0; i < depth; i += 1) value = { value };
  return value;
}

describe('primitives', () => {
  it.each([undefined, null, true, false, 0, -0, Number.NaN, 1.5, 10n ** 30n, '', 'short'])(
    '%s stays as it is',
    (value) => {
      expect(close(value, 'result')).toBe(value);
      expect(open(value)).toBe(value);
    },
  );

  it('long strings are closed', () => {
    for (const text of ['x'.repeat(4097), 'ż'.repeat(100_000)]) {
      expect(typeof close(text, 'result')).toBe('object');
      expect(around(text)).toBe(text);
    }
    expect(close('x'.repeat(4096), 'result')).toBe('x'.repeat(4096));
  });
});

describe('what structured clone carries', () => {
  it('collections, dates, boxed values, holes', () => {
    const value = {
      map: new Map<unknown, unknown>([
        ['a', 1],
        [{ k: 1 }, new Set([1, 'x'])],
      ]),
      date: new Date(5),
      invalid: new Date(Number.NaN),
      expression: /a.b/giu,
      big: -(2n ** 70n),
      boxed: [Object(1), Object('s'), Object(true), Object(3n)],
      // biome-ignore lint/suspicious/noSparseArray: what is tested
      holes: [1, , undefined, -0, Number.NaN],
    };
    const found = around(value);
    expect(found).toStrictEqual(value);
    expect(1 in found.holes).toBe(false);
    expect(Object.is(found.holes[3], -0)).toBe(true);
  });

  it('cycles and shared references', () => {
    const list: unknown[] = [];
    const bytes = new Uint8Array([1, 2]);
    const value = { list, again: list, bytes: [bytes, bytes], self: null as unknown };
    value.self = value;
    const found = around(value);
    expect(found.self).toBe(found);
    expect(found.again).toBe(found.list);
    const [a, b] = found.bytes;
    expect(a).toBe(b);
  });

  const { Float16Array } = globalThis as { Float16Array?: new (values: number[]) => ArrayBufferView };
  const views: ArrayBufferView[] = [
    new Int8Array([-1, 2]),
    new Uint8Array([1, 2]),
    new Uint8ClampedArray([300, 2]),
    new Int16Array([-300]),
    new Uint16Array([300]),
    new Int32Array([-3]),
    new Uint32Array([3]),
    new Float32Array([0.5]),
    new Float64Array([0.1]),
    new BigInt64Array([-5n]),
    new BigUint64Array([5n]),
    new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1),
    Buffer.from('text'),
    new Uint8Array(),
    new Float64Array(20_000).fill(0.5),
    new DataView(new ArrayBuffer(70_000), 8, 69_000),
    ...(Float16Array === undefined ? [] : [new Float16Array([0.5])]),
  ];
  it.each(views)('view %#', (view) => {
    const found = around({ view }).view;
    expect(Object.getPrototypeOf(found)).toBe(Object.getPrototypeOf(view));
    expect(found.byteLength).toBe(view.byteLength);
    expect(Buffer.compare(bytesOf(found), bytesOf(view))).toBe(0);
    expect(found.buffer).toBeInstanceOf(ArrayBuffer);
    expect(found.buffer.byteLength).toBe(view.byteLength);
  });

  it.each([10, 200_000])('ArrayBuffers of %i bytes', (size) => {
    const buffer = new Uint8Array(size).fill(4).buffer;
    for (const value of [buffer, { buffer }, [[{ buffer, again: buffer }]]])
      expect(around<unknown>(value)).toEqual(value);
    const { a, b } = around({ a: buffer, b: buffer });
    expect(a).toBe(b);
  });

  it('errors of built-in classes, with stack and cause only', () => {
    const error = Object.assign(new RangeError('x', { cause: new TypeError('y') }), { code: 'E' });
    const found = around(error);
    expect(found).toBeInstanceOf(RangeError);
    expect(found).toMatchObject({ message: 'x', stack: error.stack });
    expect(found.cause).toBeInstanceOf(TypeError);
    expect('code' in found).toBe(false);
  });

  it('keys that mean something elsewhere, without touching any prototype', () => {
    const value = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":2,"prototype":3,"toString":4,"then":5,"toJSON":6}',
    );
    const found = around(value);
    expect(Object.keys(found)).toEqual(Object.keys(value));
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect(Object({}).polluted).toBe(undefined);
    expect(open(close(value, 'result'), '__proto__')).toEqual({ polluted: 1 });
  });

  it('any value: as structuredClone has it', () => {
    const value = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      maxDepth: 5,
    });
    fc.assert(
      fc.property(value, (made) => {
        expect(around(made)).toStrictEqual(structuredClone(made));
      }),
      { numRuns: 500 },
    );
  });

  it('any bytes in the value: a SharedArrayBuffer is found among them', () => {
    const sab = new SharedArrayBuffer(4);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array(), fc.constant(sab), fc.string())), (made) => {
        const found = around(made);
        expect(found).toEqual(made);
        for (const [i, part] of made.entries())
          if (part === sab) expect(types(found[i])).toBe('SharedArrayBuffer');
      }),
    );
  });
});

describe('what cannot be encoded', () => {
  const bad: [string, () => unknown, string, RegExp][] = [
    ['function', () => ({ items: [0, 1, 2, { onClick() {} }] }), 'result.items[3].onClick', /is a function/],
    ['whole', () => () => 1, 'result', /is a function/],
    ['symbol', () => ({ 'a.b': [Symbol('x')] }), 'result["a.b"][0]', /is a symbol/],
    [
      'promise in a Map',
      () => new Map([['k', { p: Promise.resolve() }]]),
      'result.get("k").p',
      /is a Promise/,
    ],
    ['key of a Map', () => new Map([[1, 1], [() => 1, 2] as never]), 'result.keys()[1]', /is a function/],
    ['member of a Set', () => new Set([1, new WeakMap()]), 'result.values()[1]', /WeakMap/],
    ['Proxy', () => [new Proxy({}, {})], 'result[0]', /is a Proxy/],
    ['revoked Proxy', () => [revoked()], 'result[0]', /is a Proxy/],
    [
      'getter',
      () => ({
        a: {
          get b() {
            throw new TypeError('no');
          },
        },
      }),
      'result.a.b',
      /getter that threw: no/,
    ],
    [
      'getter that gives one',
      () => ({
        get b() {
          return { f: () => 1 };
        },
      }),
      'result.b.f',
      /is a function/,
    ],
    [
      'generator',
      () => ({
        g: (function* () {
          yield 1;
        })(),
      }),
      'result.g',
      /Generator/,
    ],
    ['WeakRef', () => [new WeakRef({})], 'result[0]', /WeakRef/],
    ['message port', () => [new MessageChannel().port1], 'result[0]', /MessagePort/],
    [
      'thenable',
      () => ({
        [THEN]() {
          throw new Error('called');
        },
      }),
      'result.then',
      /is a function/,
    ],
    [
      'toJSON',
      () => ({
        a: {
          toJSON() {
            throw new Error('called');
          },
        },
      }),
      'result.a.toJSON',
      /is a function/,
    ],
    ['cause', () => ({ e: new Error('x', { cause: () => 1 }) }), 'result.e.cause', /is a function/],
    [
      'extra property of an array',
      () => ({ a: Object.assign([1], { 'not an index': () => 1 }) }),
      'result.a["not an index"]',
      /is a function/,
    ],
    [
      'class instance',
      () => [
        new (class {
          method = () => 1;
        })(),
      ],
      'result[0].method',
      /is a function/,
    ],
    ['detached view', () => ({ v: viewDetached() }), 'result.v', /detached/],
    ['detached buffer', () => ({ v: detached(8) }), 'result.v', /detached/],
    ['detached buffer alone', () => detached(8), 'result', /detached/],
  ];
  it.each(bad)('%s', (_, make, path, reason) => {
    expect(() => close(make(), 'result')).toThrow(
      expect.objectContaining({
        code: 'VALUE_NOT_ENCODABLE',
        message: expect.stringContaining(path),
        details: { path, where: 'result', reason: expect.stringMatching(reason) },
      }),
    );
  });

  it('paths begin with the word given', () => {
    expect(() => close({ a: () => 1 }, 'store.pixels')).toThrow('store.pixels.a is a function');
  });

  it('nesting 100,000 deep, and a function at its end', () => {
    expect(() => close(nested(100_000), 'result')).toThrow(
      expect.objectContaining({ code: 'VALUE_TOO_LARGE' }),
    );
    let failed: unknown;
    try {
      close(
        nested(100_000, () => 1),
        'result',
      );
    } catch (thrown) {
      failed = thrown;
    }
    expect(failed).toMatchObject({ code: 'VALUE_NOT_ENCODABLE' });
    expect(String(failed).length).toBeLessThan(1000);
  });

  it('nesting that can be written but not read', () => {
    let depth = 1000;
    let value: Value = null;
    try {
      for (; ; depth *= 1.2) value = close(nested(depth), 'result');
    } catch {
      // The value before was the deepest that could be written.
    }
    try {
      open(value);
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'VALUE_TOO_LARGE' });
    }
  });

  it('getters without end', () => {
    const endless = (): object => ({
      get more() {
        return endless();
      },
    });
    expect(() => close(endless(), 'result')).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE' }));
  });
});

describe('bytes', () => {
  it('small values are ordinary memory of just their size', () => {
    const { bytes } = closed({ a: 1 });
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
    expect(bytes.byteLength).toBeLessThan(20);
  });

  it('large ones are shared memory, of which a crossing copies nothing', () => {
    const value = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `number ${i}` }));
    const { bytes } = closed(value);
    expect(types(bytes.buffer)).toBe('SharedArrayBuffer');
    expect(around(value)).toEqual(value);
  });

  it('64 MB of typed array travel beside them', () => {
    const pixels = new Float64Array(8 * 2 ** 20);
    pixels[5] = 7;
    const value = closed({ pixels });
    expect(value.bytes.byteLength).toBeLessThan(100);
    expect(value.buffers.map(types)).toEqual(['SharedArrayBuffer']);
    expect(sizeOf(value)).toBe(value.bytes.byteLength + 64 * 2 ** 20);
    const one = open(value, 'pixels') as Float64Array;
    const two = open(value, 'pixels') as Float64Array;
    expect(Buffer.compare(bytesOf(one), bytesOf(pixels))).toBe(0);
    one[5] = 8;
    expect(two[5]).toBe(7);
    expect(pixels[5]).toBe(7);
    expect(types(one.buffer)).toBe('ArrayBuffer');
  });

  it('a view carries its own bytes only', () => {
    expect(sizeOf(closed(new Uint8Array(2 ** 20).subarray(5, 7)))).toBeLessThan(30);
    expect(sizeOf(closed(Buffer.from('pooled')))).toBeLessThan(30);
  });

  it('damaged or foreign ones are refused', () => {
    const whole = closed({ a: [1, 'two', new Uint8Array(3), new Float64Array(20_000)] });
    const bad: Closed[] = [
      { bytes: new Uint8Array(), buffers: [] },
      { bytes: new Uint8Array([9, 0, 255, 15, 48]), buffers: [] },
      { bytes: new Uint8Array([1, 0, 255, 99, 48]), buffers: [] },
      { bytes: whole.bytes.slice(0, -5), buffers: whole.buffers },
      { bytes: whole.bytes, buffers: [] },
    ];
    for (const value of bad)
      expect(() => open(value)).toThrow(expect.objectContaining({ code: 'VALUE_UNREADABLE' }));
    fc.assert(
      fc.property(fc.nat(whole.bytes.length - 1), fc.nat(255), (at, byte) => {
        const bytes = whole.bytes.slice();
        bytes[at] = byte;
        try {
          open({ ...whole, bytes });
        } catch (thrown) {
          expect((thrown as { code: string }).code).toMatch(/^VALUE_/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('memory', () => {
  it('a SharedArrayBuffer is passed by reference, and views on it see it', () => {
    const sab = new SharedArrayBuffer(16);
    const other = new SharedArrayBuffer(1);
    const found = open(close({ sab, again: [sab], other, view: new Int32Array(sab, 4, 2) }, 'result')) as {
      sab: unknown;
      again: unknown[];
      other: unknown;
      view: Int32Array;
    };
    expect(found.sab).toBe(sab);
    expect(found.again[0]).toBe(sab);
    expect(found.other).toBe(other);
    expect(found.view).toMatchObject({ buffer: sab, byteOffset: 4, length: 2 });
  });

  it('share: all readers see one memory, also when nested', () => {
    const pixels = new Float32Array([1, 2, 3]);
    const value = closed({ deep: [{ pixels: share(pixels) }], bytes: new Uint8Array(pixels.buffer, 4, 4) });
    pixels[0] = 9;
    type Found = { deep: [{ pixels: Float32Array }]; bytes: Uint8Array };
    const [one, two] = [open(value) as Found, open(value) as Found];
    expect([...one.deep[0].pixels]).toEqual([1, 2, 3]);
    expect(one.bytes.buffer).toBe(one.deep[0].pixels.buffer);
    one.deep[0].pixels[1] = 7;
    expect(two.deep[0].pixels[1]).toBe(7);
    expect(pixels[1]).toBe(2);
  });

  it('share of pooled Buffers shares nothing of what lies between', () => {
    const [a, between, b] = [Buffer.from('aaaa'), Buffer.from('secret'), Buffer.from('bbbb')];
    const value = closed(share({ a, b }));
    for (const buffer of value.buffers) expect(Buffer.from(buffer).includes('secret')).toBe(false);
    expect(open(value)).toEqual({ a, b });
    expect(around({ between }).between).toEqual(between);
    expect(types(around({ between }).between.buffer)).toBe('ArrayBuffer');
  });

  it('transfer: moved when no task reads it', () => {
    const pixels = new Uint8Array(100).fill(3);
    const bare = new ArrayBuffer(50);
    const value = closed(transfer({ pixels, bare }, [pixels.buffer, bare]), false);
    expect([pixels.byteLength, bare.byteLength]).toEqual([0, 0]);
    expect(transferList(value)).toHaveLength(2);
    const found = open(value) as { pixels: Uint8Array; bare: ArrayBuffer };
    expect(found.pixels).toEqual(new Uint8Array(100).fill(3));
    expect(value.buffers).toContain(found.pixels.buffer);
    expect(value.buffers).toContain(found.bare);
  });

  it('transfer: copied, and the buffer left alone, when tasks read it', () => {
    const pixels = new Uint8Array(100_000).fill(3);
    const value = closed(transfer({ pixels }, [pixels.buffer]));
    expect(pixels.byteLength).toBe(100_000);
    expect(transferList(value)).toEqual([]);
    expect(value.buffers.map(types)).toEqual(['SharedArrayBuffer']);
    expect(open(value, 'pixels')).toEqual(pixels);
  });

  it('transfer: never the pool under a small Buffer, nor a part of a buffer', () => {
    const small = Buffer.from('small');
    const neighbour = Buffer.from('neighbour');
    const part = new Uint8Array(100).subarray(10, 20);
    const value = closed(transfer({ small, part }, [small.buffer as ArrayBuffer, part.buffer]), false);
    expect(transferList(value)).toEqual([]);
    expect(String(neighbour)).toBe('neighbour');
    expect(open(value)).toEqual({ small, part });
  });

  it('transfer: nothing is moved when the value can not be closed', () => {
    const pixels = new Uint8Array(100);
    expect(() =>
      close(transfer({ pixels, f: () => 1 }, [pixels.buffer]), 'result', { read: false }),
    ).toThrow();
    expect(pixels.byteLength).toBe(100);
  });

  it('transfer: a nested large ArrayBuffer, and what is no ArrayBuffer', () => {
    const buffer = new ArrayBuffer(100_000);
    const value = closed({ inside: transfer([buffer], [buffer]) }, false);
    expect(transferList(value)).toHaveLength(1);
    expect(buffer.byteLength).toBe(0);
    expect(() => transfer({}, [new Uint8Array(3)] as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it('resizable buffers are carried', () => {
    const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
    const buffer = new Resizable(16, { maxByteLength: 200_000 });
    const view = new Uint8Array(buffer);
    view[3] = 4;
    const value = transfer({ buffer, view }, [buffer]);
    for (const read of [true, false]) {
      const found = open(close(value, 'result', { read })) as typeof value;
      expect(found.view[3]).toBe(4);
      expect(new Uint8Array(found.buffer)[3]).toBe(4);
    }
  });
});

describe('takes', () => {
  const cases: [unknown, (number | string)[], (number | string)[]][] = [
    [
      ['a', undefined],
      [0, 1],
      [2, -1, 0.5, 'length', 'x'],
    ],
    [{ a: 1, b: undefined }, ['a', 'b'], ['toString', '__proto__', 'c', 0]],
    [new Map([['k', 1]]), ['k'], ['size', 0]],
    [new Uint8Array([5]), [0], [1, 'length', 'buffer']],
    ['text', [0, 3], [4, 'length']],
    [null, [], [0, 'a']],
    [undefined, [], [0, 'a']],
    [5, [], [0, 'toFixed']],
    [{ 0: 'zero' }, [0], [1]],
  ];
  it.each(cases)('of %o', (value, present, absent) => {
    expect(absentTakes(value, [null, ...present, ...absent])).toEqual(absent);
    const travelled = close(value, 'result');
    for (const take of present)
      expect(open(travelled, take)).toEqual(
        value instanceof Map ? value.get(take) : (value as Record<string | number, unknown>)[take],
      );
    for (const take of absent) expect(open(travelled, take)).toBe(undefined);
    expect(open(travelled, null)).toEqual(value);
  });

  it('getters count and are not called', () => {
    const value = {
      get a(): number {
        throw new Error('called');
      },
    };
    expect(absentTakes(value, ['a', 'b'])).toEqual(['b']);
    expect(absentTakes(new Proxy({}, {}), ['a'])).toEqual(['a']);
  });
});

describe('across threads', () => {
  // Threads don't inherit what vitest does to load TypeScript, and Node 20 can't by itself.
  const load = `import('tsx/esm/api').then(({ register }) => (register(), import(process.argv[2])))`;
  const worker = new Worker(load, { eval: true, argv: [new URL('./codec-worker.ts', import.meta.url).href] });
  afterAll(() => worker.terminate());

  async function ask(action: string, value: Value = null): Promise<Value> {
    worker.postMessage({ action, value }, transferList(value));
    const [answer] = await once(worker, 'message');
    return answer;
  }

  it('everything there and back', async () => {
    const sab = new SharedArrayBuffer(8);
    const value = {
      map: new Map([[1, new Set(['x'])]]),
      date: new Date(1),
      views: [new Uint8Array([1]), new Float64Array(20_000).fill(2), Buffer.from('b')],
      long: 'x'.repeat(100_000),
    };
    expect(open(await ask('echo', close(value, 'argument x')))).toEqual(value);
    const found = open(await ask('echo', close({ sab, view: new Uint8Array(sab) }, 'argument x'))) as {
      view: Uint8Array;
    };
    found.view[2] = 6;
    expect(new Uint8Array(sab)[2]).toBe(6);
  });

  it('a reader that writes changes nothing of others, but on shared memory', async () => {
    for (const size of [10, 100_000]) {
      const value = close(new Uint8Array(size), 'result');
      await ask('write', value);
      expect((open(value) as Uint8Array)[0]).toBe(0);
      const common = close(share(new Uint8Array(size)), 'result');
      await ask('write', common);
      expect((open(common) as Uint8Array)[0]).toBe(77);
    }
  });

  it('shared, moved and large results arrive', async () => {
    const common = (await ask('share')) as Closed;
    expect(common.buffers.map(types)).toEqual(['SharedArrayBuffer']);
    const moved = (await ask('move')) as Closed;
    expect(moved.buffers.map(types)).toEqual(['ArrayBuffer']);
    expect(open(moved, 'pixels')).toEqual(new Uint8Array(1000).fill(2));
    const big = (await ask('big')) as Closed;
    expect(big.bytes.byteLength).toBeLessThan(100);
    expect(big.buffers.map(types)).toEqual(['SharedArrayBuffer']);
    expect((open(big, 'pixels') as Float64Array).at(-1)).toBe(1.5);
  });

  it('nesting too deep is an error there, not its end', async () => {
    expect(await ask('deep')).toBe('VALUE_TOO_LARGE');
    expect(await ask('echo', 5)).toBe(5);
  });
});

function types(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function viewDetached(): Uint8Array {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}
