/** The contract of backends: calls in their order, several who write at once, and the end. */
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/persistence/backend.ts';
import type { Bench } from './contract.ts';
import { atomOf, changesOf, claimOf, codeOf, namesOf, stranger } from './details.ts';

export function orderContract(bench: Bench, isShared: boolean): void {
  describe('calls', () => {
    test('are carried out in their order, also those that nobody waited for', async () => {
      const { backend } = bench;
      const commit = (name: string) => backend.commit(changesOf('f', { atoms: [atomOf(name)] }));
      const settled = await Promise.allSettled([
        commit('too early'),
        backend.claim(claimOf('f')),
        commit('a'),
        namesOf(backend, 'f'),
        commit('b'),
        backend.atoms('f', { limit: 10 }),
        backend.release('f', 1),
        commit('too late'),
        backend.flow('f'),
        backend.removeFlow('f'),
        backend.flow('f'),
        backend.claim(claimOf('f')),
      ]);
      const told = settled.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code));
      expect(told).toMatchObject([
        'FLOW_NOT_FOUND',
        { epoch: 1 },
        null,
        ['a'],
        null,
        [{ name: 'a' }, { name: 'b' }],
        undefined,
        'LEASE_LOST',
        { owner: null },
        true,
        null,
        { epoch: 1 },
      ]);
    });
    test('that are refused do not touch those beside them', async () => {
      const { backend } = bench;
      const ids = Array.from({ length: 30 }, (_, at) => `f${at}`);
      await Promise.all(ids.map((id) => backend.claim(claimOf(id))));
      const codes = await Promise.all(
        ids.map((id, at) =>
          codeOf(backend.commit(changesOf(id, { epoch: at % 3 === 0 ? 7 : 1, atoms: [atomOf('a')] }))),
        ),
      );
      expect(codes).toEqual(ids.map((_, at) => (at % 3 === 0 ? 'LEASE_LOST' : 'none')));
      const counts = await Promise.all(ids.map(async (id) => (await backend.atoms(id)).length));
      expect(counts).toEqual(ids.map((_, at) => (at % 3 === 0 ? 0 : 1)));
    });
    test('of many who claim one flow at once serve one of them', async () => {
      const claims = Array.from({ length: 10 }, (_, at) =>
        codeOf(bench.backend.claim(claimOf('f', { owner: stranger(`${at}`) }))),
      );
      expect((await Promise.all(claims)).toSorted()).toEqual(
        [...Array(9).fill('FLOW_OWNED'), 'none'].toSorted(),
      );
    });
  });

  describe('closing', () => {
    test('carries out what was asked for before, and refuses all else', async () => {
      const { backend } = bench;
      const claimed = backend.claim(claimOf('f'));
      const committed = backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
      const closed = backend.close();
      expect(await codeOf(backend.flow('f'))).toBe('STORAGE_CLOSED');
      await closed;
      expect(await claimed).toMatchObject({ epoch: 1 });
      expect(await committed).toBeNull();
      await backend.close();
      await backend[Symbol.asyncDispose]();
      const calls: readonly Promise<unknown>[] = [
        backend.claim(claimOf('f')),
        backend.commit(changesOf('f')),
        backend.release('f', 1),
        backend.flow('f'),
        backend.flows(),
        backend.atoms('f'),
        backend.atomsWithoutResults('f'),
        backend.values('f'),
        backend.durations(),
        backend.saveFactory('f', { module: '', export: '', args: '' }),
        backend.askToSuspend('f'),
        backend.removeFlow('f'),
        backend.logbooks(),
        backend.logbook('l'),
        backend.saveLogbook({ name: 'l', metadata: {} }),
        backend.removeLogbook('l'),
      ];
      for (const call of calls) expect(await codeOf(call)).toBe('STORAGE_CLOSED');
    });
    test('a backend that was never used ends at once', async () => {
      await bench.backend.close();
      expect(await codeOf(bench.backend.flow('f'))).toBe('STORAGE_CLOSED');
    });
  });

  describe.runIf(isShared)('several backends at one place', () => {
    test('see what the others keep, and what was kept before', async () => {
      const other = bench.another();
      await bench.backend.claim(claimOf('f'));
      await bench.backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
      expect(await namesOf(other, 'f')).toEqual(['a']);
      expect(await other.askToSuspend('f')).toBe(true);
      expect(await bench.backend.commit(changesOf('f'))).toBe('suspend');
      await bench.backend.close();
      await other.close();
      expect(await namesOf(bench.another(), 'f')).toEqual(['a']);
    });
    test('fence each other off', async () => {
      const other = bench.another();
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      await other.claim(claimOf('f', { owner: stranger() }));
      expect(await codeOf(bench.backend.commit(changesOf('f', { atoms: [atomOf('a')] })))).toBe('LEASE_LOST');
      expect(await codeOf(bench.backend.claim(claimOf('f')))).toBe('FLOW_OWNED');
      expect(await namesOf(other, 'f')).toEqual([]);
    });
    test('write at once, and lose nothing', async () => {
      const backends = [bench.backend, bench.another(), bench.another()];
      const write = async (backend: Backend, flowId: string): Promise<string[]> => {
        await backend.claim(claimOf(flowId));
        for (let nth = 100; nth < 130; nth++)
          await backend.commit(changesOf(flowId, { atoms: [atomOf(`${nth}`)] }));
        return namesOf(backend, flowId);
      };
      const written = await Promise.all(
        backends.flatMap((backend, at) => ['x', 'y', 'z'].map((name) => write(backend, `${name}${at}`))),
      );
      const names = Array.from({ length: 30 }, (_, at) => `${100 + at}`);
      for (const each of written) expect(each).toEqual(names);
      expect(await bench.backend.flows()).toHaveLength(9);
    });
  });
}
