/** The contract of backends: what is kept comes back as it was, and is nobody's to change. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AtomQuery } from '../../src/persistence/backend.ts';
import type { AtomDetail, AtomWithoutResult } from '../../src/persistence/records.ts';
import type { Bench } from './contract.ts';
import {
  atom,
  atomOf,
  bytesOf,
  changesOf,
  claimOf,
  codeOf,
  differing,
  digested,
  FRESH,
  factory,
  flowChanges,
  measure,
  namesOf,
  owner,
  text,
  values,
} from './details.ts';

const MANY = 100_000;
const RUNS = { numRuns: 40 };

export function detailsContract(bench: Bench): void {
  describe('details', () => {
    test('of atoms come back as they were, whatever is in them', async () => {
      const lists = fc.uniqueArray(atom, { selector: ({ name }) => name, maxLength: 8 });
      let flows = 0;
      await fc.assert(
        fc.asyncProperty(lists, async (atoms) => {
          const flowId = `f${flows++}`;
          await bench.backend.claim(claimOf(flowId));
          await bench.backend.commit(changesOf(flowId, { atoms }));
          expect(digested(byName(await bench.backend.atoms(flowId)))).toEqual(digested(byName(atoms)));
          // Strictly: a result that was not read is no field, and so neither null nor undefined.
          const bare = atoms.map(({ result: _, ...rest }) => rest);
          expect(digested(byName(await bench.backend.atomsWithoutResults(flowId)))).toStrictEqual(
            digested(byName(bare)),
          );
        }),
        RUNS,
      );
    });
    test('of atoms that are alike but for what they gave come back as they were', async () => {
      const shared = atom.map((one) => ({ ...one, error: null, rest: null }));
      const own = fc.uniqueArray(differing, { selector: ({ name }) => name, maxLength: 30 });
      let flows = 0;
      await fc.assert(
        fc.asyncProperty(shared, own, own, async (like, first, second) => {
          const flowId = `alike${flows++}`;
          await bench.backend.claim(claimOf(flowId));
          const kept = new Map<string, AtomDetail>();
          // Some are written for the second time.
          for (const each of [first, second]) {
            const atoms = each.map((one) => ({ ...like, ...one }));
            await bench.backend.commit(changesOf(flowId, { atoms }));
            for (const one of atoms) kept.set(one.name, one);
          }
          expect(digested(byName(await bench.backend.atoms(flowId)))).toEqual(
            digested(byName([...kept.values()])),
          );
        }),
        RUNS,
      );
    });
    test('of flows come back as they were, whatever is in them', async () => {
      const fresh = fc.record({ name: text, logbook: text, atoms: fc.nat(), outline: text, factory });
      await fc.assert(
        fc.asyncProperty(text, owner, fresh, flowChanges, values, async (id, who, begun, flow, store) => {
          await bench.backend.removeFlow(id);
          const first = await bench.backend.claim(claimOf(id, { owner: who, fresh: begun, lease: 0 }));
          expect(first).toMatchObject({ ...begun, flowId: id, owner: who });
          await bench.backend.commit(changesOf(id, { flow, values: store, lease: 0 }));
          const { updatedAt, expiresAt } = (await bench.backend.flow(id))!;
          const kept = { ...first, ...flow, updatedAt, expiresAt };
          expect(digested(await bench.backend.flow(id))).toEqual(digested(kept));
          expect(digested(await bench.backend.values(id))).toEqual(digested(store));
        }),
        RUNS,
      );
    });
    test('of factories and durations come back as they were', async () => {
      await bench.backend.claim(claimOf('f'));
      await fc.assert(
        fc.asyncProperty(factory, text, measure, measure, async (from, task, mean, times) => {
          await bench.backend.saveFactory('f', from);
          expect(await bench.backend.flow('f')).toMatchObject({ factory: from });
          await bench.backend.commit(changesOf('f', { durations: [{ task, mean, times }] }));
          expect(await bench.backend.durations()).toContainEqual({ task, mean, times });
        }),
        RUNS,
      );
      expect(await codeOf(bench.backend.saveFactory('none', { module: '', export: '', args: '' }))).toBe(
        'FLOW_NOT_FOUND',
      );
    });
    test('may have a name of 1 MB, and results of 20', async () => {
      const long = atomOf('é'.repeat(2 ** 20), { result: new Uint8Array(20 * 2 ** 20).fill(9) });
      await bench.backend.claim(claimOf('f'));
      await bench.backend.commit(
        changesOf('f', { atoms: [long], values: new Map([[long.name, long.result!]]) }),
      );
      const [kept] = await bench.backend.atoms('f');
      expect(kept?.name === long.name).toBe(true);
      expect(digested(kept!.result)).toBe(digested(long.result));
      const value = (await bench.backend.values('f')).get(long.name);
      expect(digested(value)).toBe(digested(long.result));
    });
    test('that are not there are null, or none', async () => {
      expect(await bench.backend.flow('f')).toBeNull();
      expect(await bench.backend.flows()).toEqual([]);
      expect(await bench.backend.atoms('f')).toEqual([]);
      expect(await bench.backend.atomsWithoutResults('f')).toEqual([]);
      expect(await bench.backend.values('f')).toEqual(new Map());
      expect(await bench.backend.durations()).toEqual([]);
      expect(await bench.backend.logbooks()).toEqual([]);
      expect(await bench.backend.logbook('l')).toBeNull();
      expect(await bench.backend.removeFlow('f')).toBe(false);
      expect(await bench.backend.removeLogbook('l')).toBe(false);
    });
    test('handed in are copies', async () => {
      await bench.backend.claim(claimOf('f'));
      const [small, large] = [bytesOf(1, 2, 3), new Uint8Array(20_000).fill(1)];
      const atoms = [atomOf('small', { result: small }), atomOf('large', { result: large, rest: small })];
      const kept = bench.backend.commit(
        changesOf('f', { atoms, flow: { rest: small }, values: new Map([['x', large]]) }),
      );
      small.fill(77);
      large.fill(77);
      await kept;
      for (const { result } of await bench.backend.atoms('f')) expect(result?.[0]).toBe(1);
      expect((await bench.backend.flow('f'))?.rest).toEqual(bytesOf(1, 2, 3));
      expect((await bench.backend.values('f')).get('x')?.[0]).toBe(1);
    });
    test('handed out are copies', async () => {
      const { backend } = bench;
      await backend.claim(claimOf('f'));
      const atoms = [
        atomOf('a', { result: bytesOf(1), rest: bytesOf(1) }),
        atomOf('b', { result: new Uint8Array(20_000) }),
      ];
      await backend.commit(
        changesOf('f', { atoms, flow: { rest: bytesOf(1) }, values: new Map([['x', bytesOf(1)]]) }),
      );
      for (const { result } of await backend.atoms('f')) result?.fill(77);
      for (const { rest } of await backend.atomsWithoutResults('f')) rest?.fill(77);
      (await backend.flow('f'))?.rest?.fill(77);
      (await backend.values('f')).get('x')?.fill(77);
      expect(digested(await backend.atoms('f'))).toEqual(digested(atoms));
      expect((await backend.flow('f'))?.rest).toEqual(bytesOf(1));
      expect(await backend.values('f')).toEqual(new Map([['x', bytesOf(1)]]));
    });
    test('may lie in shared memory, and are out of it when they are kept', async () => {
      await bench.backend.claim(claimOf('f'));
      const shared = [3, 10_000].map((size) => new Uint8Array(new SharedArrayBuffer(size)).fill(1));
      const atoms = shared.map((result, at) => atomOf(`${at}`, { result }));
      await bench.backend.commit(changesOf('f', { atoms }));
      for (const each of shared) each.fill(77);
      const kept = (await bench.backend.atoms('f')).map(({ result }) => result!);
      expect(kept.map((each) => [each.length, each[0], each.at(-1)])).toEqual([
        [3, 1, 1],
        [10_000, 1, 1],
      ]);
      for (const { buffer } of kept) expect(buffer).toBeInstanceOf(ArrayBuffer);
    });
  });

  describe('a commit', () => {
    test('leaves alone what it does not speak of', async () => {
      await bench.backend.claim(claimOf('f'));
      const rest = bytesOf(1);
      await bench.backend.commit(
        changesOf('f', {
          flow: { state: 'RUNNING', rest },
          atoms: [atomOf('a')],
          values: new Map([['x', rest]]),
        }),
      );
      const before = await bench.backend.flow('f');
      await bench.backend.commit(changesOf('f', { atoms: [atomOf('b')], values: new Map([['y', rest]]) }));
      const after = (await bench.backend.flow('f'))!;
      expect(after).toEqual({ ...before, updatedAt: after.updatedAt, expiresAt: after.expiresAt });
      expect(await namesOf(bench.backend, 'f')).toEqual(['a', 'b']);
      expect([...(await bench.backend.values('f')).keys()].sort()).toEqual(['x', 'y']);
      await bench.backend.commit(changesOf('f', { flow: { rest: null } }));
      expect(await bench.backend.flow('f')).toMatchObject({ rest: null, state: 'RUNNING' });
    });
    test('puts a whole detail in the place of what was there', async () => {
      await bench.backend.claim(claimOf('f'));
      for (const size of [3, 50_000, 60_000, 3]) {
        const result = new Uint8Array(size).fill(size);
        const changed = atomOf('a', { result, error: size === 3 ? 'bad' : null, rest: bytesOf(size) });
        await bench.backend.commit(changesOf('f', { atoms: [changed], values: new Map([['x', result]]) }));
        expect(digested(await bench.backend.atoms('f'))).toEqual(digested([changed]));
        expect(digested(await bench.backend.values('f'))).toEqual(digested(new Map([['x', result]])));
      }
      await bench.backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
      expect(await bench.backend.atoms('f')).toEqual([atomOf('a')]);
    });
    test('writes of one name the last, where it has several', async () => {
      await bench.backend.claim(claimOf('f'));
      const atoms = [atomOf('a', { attempt: 1 }), atomOf('b'), atomOf('a', { attempt: 2 })];
      await bench.backend.commit(changesOf('f', { atoms }));
      expect(await bench.backend.atoms('f')).toMatchObject([{ name: 'a', attempt: 2 }, { name: 'b' }]);
    });
    test('forgets the items of a map and their retries, before it writes', async () => {
      await bench.backend.claim(claimOf('f'));
      await bench.backend.claim(claimOf('other'));
      await bench.backend.commit(changesOf('f', { atoms: MAP }));
      await bench.backend.commit(changesOf('other', { atoms: MAP }));
      const again = atomOf('m[1]', { kind: 'item', map: 'm', attempt: 2 });
      await bench.backend.commit(changesOf('f', { mapsForgotten: ['m', 'none'], atoms: [again] }));
      expect(await namesOf(bench.backend, 'f')).toEqual(['a', 'm', 'm2', 'm2[0]', 'm[1]']);
      expect(await bench.backend.atoms('f', { after: 'm[0]' })).toEqual([again]);
      expect(await bench.backend.atoms('other')).toHaveLength(MAP.length);
    });
    test('lets go the results of the items of a map, before it writes', async () => {
      await bench.backend.claim(claimOf('f'));
      await bench.backend.commit(changesOf('f', { atoms: MAP }));
      const again = atomOf('m[1]', { kind: 'item', map: 'm', result: bytesOf(5) });
      await bench.backend.commit(changesOf('f', { mapsDropped: ['m'], atoms: [again] }));
      const expected = MAP.map((each) => {
        if (each.name === 'm[1]') return again;
        return each.name === 'm[0]' ? { ...each, result: null, dropped: true } : each;
      });
      expect(digested(byName(await bench.backend.atoms('f')))).toEqual(digested(byName(expected)));
    });
    test('tells what is known of durations to all flows', async () => {
      await bench.backend.claim(claimOf('f'));
      const [a, b] = ['a', 'b'].map((task) => ({ task, mean: 1.5, times: 3 }));
      await bench.backend.commit(changesOf('f', { durations: [a!, b!] }));
      await bench.backend.commit(changesOf('f', { durations: [{ ...a!, mean: 2 }] }));
      const known = await bench.backend.durations();
      expect(known.toSorted((one, other) => (one.task < other.task ? -1 : 1))).toEqual([
        { ...a!, mean: 2 },
        b,
      ]);
    });
  });

  describe('reading', () => {
    test('atoms goes page by page, whatever they are called', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(text, { maxLength: 30 }),
          fc.integer({ min: 1, max: 9 }),
          async (names, limit) => {
            await bench.backend.removeFlow('f');
            await bench.backend.claim(claimOf('f', { lease: 0 }));
            await bench.backend.commit(
              changesOf('f', { atoms: names.map((name) => atomOf(name)), lease: 0 }),
            );
            const read: string[] = [];
            for (;;) {
              const after = read.length === 0 ? {} : { after: read.at(-1)! };
              const page = await bench.backend.atoms('f', { limit, ...after });
              expect(page.length).toBeLessThanOrEqual(limit);
              const bare = await bench.backend.atomsWithoutResults('f', { limit, ...after });
              expect(bare.map(({ name }) => name)).toEqual(page.map(({ name }) => name));
              read.push(...page.map(({ name }) => name));
              if (page.length < limit) break;
            }
            expect(read).toEqual(await namesOf(bench.backend, 'f'));
            expect(read.toSorted()).toEqual(names.toSorted());
          },
        ),
        RUNS,
      );
      expect(await bench.backend.atoms('f', { limit: 0 })).toEqual([]);
    });
    test.each([
      [{ skip: 2 }],
      [{ skip: 1, limit: 2 }],
      [{ after: 'b', skip: 2, limit: 2 }],
      [{ skip: 6 }],
      [{ skip: 7, limit: 3 }],
    ])('atoms leaves out the first of those that are asked for: %j', async (query: AtomQuery) => {
      await bench.backend.claim(claimOf('f'));
      const names = [...'abcdef'];
      await bench.backend.commit(changesOf('f', { atoms: names.map((name) => atomOf(name)) }));
      const { after = '', skip = 0, limit = names.length } = query;
      const expected = names.filter((name) => name > after).slice(skip, skip + limit);
      expect((await bench.backend.atoms('f', query)).map(({ name }) => name)).toEqual(expected);
      const bare = await bench.backend.atomsWithoutResults('f', query);
      expect(bare.map(({ name }) => name)).toEqual(expected);
    });
    test(`a flow of ${MANY} atoms, at once and by pages`, async () => {
      await bench.backend.claim(claimOf('f'));
      const names = Array.from({ length: MANY }, (_, at) => `task-${String(at).padStart(6, '0')}`);
      for (let at = 0; at < MANY; at += 10_000) {
        const atoms = names
          .slice(at, at + 10_000)
          .map((name, nth) => atomOf(name, { result: bytesOf(nth & 255) }));
        await bench.backend.commit(changesOf('f', { atoms }));
      }
      expect(await namesOf(bench.backend, 'f')).toEqual(names);
      const read: string[] = [];
      for (let page = await bench.backend.atoms('f', { limit: 3000 }); page.length > 0; ) {
        for (const { name } of page) read.push(name);
        page = await bench.backend.atoms('f', { limit: 3000, after: read.at(-1)! });
      }
      expect(read).toEqual(names);
      // Of several pages in one answer, too.
      expect((await bench.backend.atoms('f', { skip: 5 })).map(({ name }) => name)).toEqual(names.slice(5));
    });
    test('flows gives the newest first, of one logbook or all, page by page', async () => {
      for (const [flowId, logbook] of [
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'a'],
        ['4', 'a'],
      ] as const)
        await bench.backend.claim(claimOf(flowId, { fresh: { ...FRESH, logbook } }));
      // Strictly: an outline that was not read is no field.
      const { outline: _, ...newest } = (await bench.backend.flow('4'))!;
      expect(await bench.backend.flows({ limit: 1 })).toStrictEqual([newest]);
      const ids = async (query?: object) => (await bench.backend.flows(query)).map(({ flowId }) => flowId);
      expect(await ids()).toEqual(['4', '3', '2', '1']);
      expect(await ids({ limit: 2 })).toEqual(['4', '3']);
      expect(await ids({ limit: 2, after: '3' })).toEqual(['2', '1']);
      expect(await ids({ logbook: 'a' })).toEqual(['4', '3', '1']);
      expect(await ids({ logbook: 'a', limit: 1, after: '3' })).toEqual(['1']);
      expect(await ids({ after: '1' })).toEqual([]);
      expect(await ids({ after: 'no such flow' })).toEqual([]);
      expect(await ids({ logbook: 'none' })).toEqual([]);
    });
  });

  describe('logbooks', () => {
    test('gather metadata; what comes later wins', async () => {
      const first = await bench.backend.saveLogbook({ name: 'l', metadata: { a: 1, b: { c: [null] } } });
      expect(first).toMatchObject({ name: 'l', metadata: { a: 1, b: { c: [null] } } });
      const both = await bench.backend.saveLogbook({ name: 'l', metadata: { a: 'new', d: true } });
      expect(both).toEqual({ ...first, metadata: { a: 'new', b: { c: [null] }, d: true } });
      expect(await bench.backend.logbook('l')).toEqual(both);
      await bench.backend.claim(claimOf('f', { fresh: { ...FRESH, logbook: 'l' } }));
      expect(await bench.backend.logbook('l')).toEqual(both);
      await bench.backend.saveLogbook({ name: 'k', metadata: {} });
      expect((await bench.backend.logbooks()).map(({ name }) => name)).toEqual(['k', 'l']);
    });
    test('take any name, and any metadata that JSON carries', async () => {
      const json = fc.dictionary(text, fc.jsonValue({ noUnicodeString: false })).map((o) => ({ ...o }));
      await fc.assert(
        fc.asyncProperty(text, json, async (name, metadata) => {
          const carried = JSON.parse(JSON.stringify(metadata)) as Record<string, unknown>;
          await bench.backend.removeLogbook(name);
          expect(await bench.backend.saveLogbook({ name, metadata: carried })).toMatchObject({ name });
          expect((await bench.backend.logbook(name))?.metadata).toEqual(carried);
        }),
        RUNS,
      );
      const proto = JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
      const kept = await bench.backend.saveLogbook({ name: 'p', metadata: proto });
      expect(Object.keys(kept.metadata)).toEqual(['__proto__']);
      expect('polluted' in {}).toBe(false);
    });
    test('refuse metadata that JSON would change', async () => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      const bad = [
        { a: undefined },
        { a: new Date() },
        { a: new Map() },
        { a: 1n },
        { a: Number.NaN },
        cycle,
        [],
        null,
      ];
      for (const metadata of bad)
        expect(await codeOf(bench.backend.saveLogbook({ name: 'l', metadata: metadata as never }))).toBe(
          'OPTION_INVALID',
        );
      expect(await bench.backend.logbook('l')).toBeNull();
    });
  });
}

const MAP: readonly AtomDetail[] = [
  atomOf('a', { result: bytesOf(1) }),
  atomOf('m', { kind: 'map', result: bytesOf(2) }),
  atomOf('m[0]', { kind: 'item', map: 'm', result: bytesOf(3) }),
  atomOf('m[0] retry', { kind: 'retry', map: 'm', result: bytesOf(4) }),
  atomOf('m[1]', { kind: 'item', map: 'm', result: new Uint8Array(50_000) }),
  atomOf('m2', { kind: 'map' }),
  atomOf('m2[0]', { kind: 'item', map: 'm2', result: bytesOf(6) }),
];

function byName<A extends AtomWithoutResult>(atoms: readonly A[]): Map<string, A> {
  return new Map(atoms.map((each) => [each.name, each]));
}
