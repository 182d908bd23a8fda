// Tasks whose values are everything that structured clone carries.
import { isDeepStrictEqual } from 'node:util';
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

function everything() {
  const shared = { twice: true };
  const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]).buffer;
  const cyclic = { name: 'cyclic' };
  cyclic.self = cyclic;
  const all = {
    primitives: [undefined, null, true, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 2n ** 80n, -5n],
    strings: ['', 'ünïcödé', '\u{1f98a}', 'lone \ud800 surrogate', 'x'.repeat(5000)],
    date: new Date(0),
    regexp: /a(b)?/giu,
    map: new Map([['key', new Set([1, 'two', shared])]]),
    shared: [shared, shared],
    holes: Object.assign([1, undefined, 3], { extra: 'property' }),
    views: [
      new Uint16Array(bytes, 2, 2),
      new DataView(bytes, 1, 3),
      new BigInt64Array([1n, -1n]),
      Buffer.from('buffer'),
      new Float64Array(20_000).fill(1.5),
    ],
    boxed: [Object(1), Object('text'), Object(1n)],
    proto: JSON.parse('{"__proto__":1}'),
    cyclic,
  };
  return all;
}

export const make = task('make', { provides: 'value', execute: everything });

export const makeNew = task('make-new', {
  provides: 'value',
  execute: () => ({ half: new globalThis.Float16Array([1.5, 2.5]) }),
});

export const compare = task('compare', {
  requires: ['value'],
  provides: 'same',
  execute({ value }) {
    if ('half' in value) return value.half[1] === 2.5;
    const isLinked = value.shared[0] === value.shared[1] && value.cyclic.self === value.cyclic;
    return isLinked && Object.is(value.primitives[3], -0) && isDeepStrictEqual(value, everything());
  },
});
