/** The contract of backends: who may have a flow, and what becomes of others who write to it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Bench } from './contract.ts';
import { atomOf, bytesOf, changesOf, claimOf, codeOf, FRESH, LEASE, namesOf, stranger } from './details.ts';

export function ownersContract(bench: Bench): void {
  describe('claiming', () => {
    test('begins a flow that is not there', async () => {
      const before = Date.now();
      const factory = { module: 'flows/a.ts', export: 'make', args: '[1]' };
      const request = claimOf('f', { fresh: { ...FRESH, logbook: 'mine', factory } });
      const flow = await bench.backend.claim(request);
      expect(flow).toEqual({
        flowId: 'f',
        name: 'flow',
        logbook: 'mine',
        state: 'PENDING',
        createdAt: expect.any(Number),
        updatedAt: flow.createdAt,
        atoms: 3,
        outline: '["a","b","c"]',
        factory,
        asked: null,
        owner: request.owner,
        expiresAt: expect.any(Number),
        epoch: 1,
        rest: null,
      });
      expect(flow.createdAt).toBeGreaterThanOrEqual(before);
      expect(flow.expiresAt).toBeGreaterThanOrEqual(before + LEASE);
      expect(flow.expiresAt).toBeLessThanOrEqual(Date.now() + LEASE);
      expect(await bench.backend.flow('f')).toEqual(flow);
      expect(await bench.backend.logbook('mine')).toEqual({
        name: 'mine',
        createdAt: flow.createdAt,
        metadata: {},
      });
    });
    test('needs a flow where it brings none', async () => {
      expect(await codeOf(bench.backend.claim(claimOf('f', { fresh: null })))).toBe('FLOW_NOT_FOUND');
      expect(await bench.backend.flows()).toEqual([]);
    });
    test.each([
      ['by who has the same', { ...FRESH, name: 'other', logbook: 'other', atoms: 7 }],
      ['by who has another', { ...FRESH, logbook: 'other', outline: '["a","c","b"]' }],
      ['by who has none', null],
    ])('takes up the flow that is there, as it is, %s', async (_, fresh) => {
      await bench.backend.claim(claimOf('f'));
      await bench.backend.commit(changesOf('f', { flow: { state: 'SUSPENDED', rest: bytesOf(1) } }));
      await bench.backend.release('f', 1);
      const kept = await bench.backend.flow('f');
      expect(kept).toMatchObject({ owner: null, expiresAt: 0, epoch: 1, outline: FRESH.outline });
      const flow = await bench.backend.claim(claimOf('f', { owner: stranger(), fresh }));
      expect(flow).toEqual({ ...kept, owner: stranger(), expiresAt: flow.expiresAt, epoch: 2 });
      expect(await bench.backend.flow('f')).toEqual(flow);
      expect(await bench.backend.logbook('other')).toBeNull();
    });
    test('is refused while another has it, with who and until when', async () => {
      const { owner, expiresAt } = await bench.backend.claim(claimOf('f'));
      const refusal = await bench.backend.claim(claimOf('f', { owner: stranger() })).catch((error) => error);
      const { host, pid, id } = owner!;
      expect(refusal).toMatchObject({
        code: 'FLOW_OWNED',
        details: { flowId: 'f', owner: { host, pid, id }, expiresAt },
      });
      for (const part of ["'f'", id, `${pid}`, host, new Date(expiresAt).toISOString()])
        expect(refusal.message).toContain(part);
      expect(await bench.backend.flow('f')).toMatchObject({ owner, epoch: 1 });
    });
    test('by who has it already begins anew', async () => {
      await bench.backend.claim(claimOf('f'));
      expect(await bench.backend.claim(claimOf('f'))).toMatchObject({ epoch: 2 });
      expect(await codeOf(bench.backend.commit(changesOf('f', { epoch: 1 })))).toBe('LEASE_LOST');
    });
    test('takes a flow whose lease ran out', async () => {
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      const flow = await bench.backend.claim(claimOf('f', { owner: stranger() }));
      expect(flow).toMatchObject({ owner: stranger(), epoch: 2 });
    });
    test('takes a flow whose owner is dead, though its lease has no end', async () => {
      const { pid } = spawnSync(process.execPath, ['--version']);
      const dead = { ...stranger('dead'), pid };
      await bench.backend.claim(claimOf('f', { owner: dead, lease: Number.POSITIVE_INFINITY }));
      expect(await bench.backend.claim(claimOf('f'))).toMatchObject({ epoch: 2 });
    });
    test('leaves a flow to an owner elsewhere, of whom nothing is known', async () => {
      const elsewhere = { ...stranger('elsewhere'), host: 'elsewhere.example', pid: 1 };
      await bench.backend.claim(claimOf('f', { owner: elsewhere, lease: Number.POSITIVE_INFINITY }));
      expect(await codeOf(bench.backend.claim(claimOf('f')))).toBe('FLOW_OWNED');
    });
  });

  describe('an owner', () => {
    test('who lost the flow to another changes nothing', async () => {
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      const flow = await bench.backend.claim(claimOf('f', { owner: stranger() }));
      const late = changesOf('f', {
        flow: { state: 'FAILURE' },
        atoms: [atomOf('a')],
        values: new Map([['x', bytesOf(1)]]),
        durations: [{ task: 't', mean: 1, times: 1 }],
      });
      expect(await codeOf(bench.backend.commit(late))).toBe('LEASE_LOST');
      expect(await bench.backend.flow('f')).toEqual(flow);
      expect(await bench.backend.atoms('f')).toEqual([]);
      expect(await bench.backend.values('f')).toEqual(new Map());
      expect(await bench.backend.durations()).toEqual([]);
    });
    test('who gave the flow back writes no more', async () => {
      await bench.backend.claim(claimOf('f'));
      await bench.backend.release('f', 1);
      expect(await codeOf(bench.backend.commit(changesOf('f')))).toBe('LEASE_LOST');
    });
    test('gives the flow back with his last changes', async () => {
      const { updatedAt } = await bench.backend.claim(claimOf('f'));
      await bench.backend.askToSuspend('f');
      const changes = { flow: { state: 'SUCCESS' }, atoms: [atomOf('a')], lease: null } as const;
      expect(await bench.backend.commit(changesOf('f', changes))).toBeNull();
      const kept = await bench.backend.flow('f');
      expect(kept).toMatchObject({ state: 'SUCCESS', owner: null, expiresAt: 0, epoch: 1, asked: null });
      expect(kept?.updatedAt).toBeGreaterThanOrEqual(updatedAt);
      expect(await namesOf(bench.backend, 'f')).toEqual(['a']);
      for (const lease of [LEASE, null])
        expect(await codeOf(bench.backend.commit(changesOf('f', { lease })))).toBe('LEASE_LOST');
      expect(await bench.backend.claim(claimOf('f', { owner: stranger() }))).toMatchObject({ epoch: 2 });
    });
    test('whose lease ran out goes on, as long as nobody took the flow', async () => {
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      await bench.backend.commit(changesOf('f', { atoms: [atomOf('a')] }));
      expect((await bench.backend.flow('f'))?.expiresAt).toBeGreaterThan(Date.now());
      expect(await codeOf(bench.backend.claim(claimOf('f', { owner: stranger() })))).toBe('FLOW_OWNED');
    });
    test('who lost the flow cannot give it back', async () => {
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      const flow = await bench.backend.claim(claimOf('f', { owner: stranger() }));
      await bench.backend.release('f', 1);
      await bench.backend.release('no such flow', 1);
      expect(await bench.backend.flow('f')).toEqual(flow);
    });
    test('of a flow that was removed is told so', async () => {
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      expect(await bench.backend.removeFlow('f')).toBe(true);
      expect(await codeOf(bench.backend.commit(changesOf('f')))).toBe('FLOW_NOT_FOUND');
    });
    test('is asked to suspend, and says when it has', async () => {
      await bench.backend.claim(claimOf('f'));
      expect(await bench.backend.commit(changesOf('f'))).toBeNull();
      expect(await bench.backend.askToSuspend('f')).toBe(true);
      expect(await bench.backend.flow('f')).toMatchObject({ asked: 'suspend' });
      expect(await bench.backend.commit(changesOf('f'))).toBe('suspend');
      expect(await bench.backend.commit(changesOf('f', { flow: { asked: null } }))).toBeNull();
      expect(await bench.backend.flow('f')).toMatchObject({ asked: null });
    });
    test('is not asked where there is none', async () => {
      expect(await codeOf(bench.backend.askToSuspend('f'))).toBe('FLOW_NOT_FOUND');
      await bench.backend.claim(claimOf('f', { lease: 0 }));
      expect(await bench.backend.askToSuspend('f')).toBe(false);
      await bench.backend.commit(changesOf('f'));
      await bench.backend.release('f', 1);
      expect(await bench.backend.askToSuspend('f')).toBe(false);
      expect(await bench.backend.flow('f')).toMatchObject({ asked: null });
    });
  });

  describe('removing', () => {
    test('a flow forgets all of it, and a new one of the same id begins at nothing', async () => {
      await bench.backend.claim(claimOf('f'));
      const large = atomOf('large', { result: new Uint8Array(50_000) });
      await bench.backend.commit(
        changesOf('f', { atoms: [atomOf('a'), large], values: new Map([['x', bytesOf(1)]]) }),
      );
      await bench.backend.release('f', 1);
      expect(await bench.backend.removeFlow('f')).toBe(true);
      expect(await bench.backend.removeFlow('f')).toBe(false);
      expect(await bench.backend.flow('f')).toBeNull();
      expect(await bench.backend.claim(claimOf('f'))).toMatchObject({ epoch: 1, state: 'PENDING' });
      expect(await bench.backend.atoms('f')).toEqual([]);
      expect(await bench.backend.values('f')).toEqual(new Map());
    });
    test('a flow that somebody runs is refused', async () => {
      await bench.backend.claim(claimOf('f'));
      expect(await codeOf(bench.backend.removeFlow('f'))).toBe('FLOW_OWNED');
      expect(await bench.backend.flow('f')).not.toBeNull();
    });
    test('a logbook removes its flows, and no others', async () => {
      await bench.backend.claim(claimOf('mine', { fresh: { ...FRESH, logbook: 'mine' }, lease: 0 }));
      await bench.backend.claim(claimOf('other', { lease: 0 }));
      expect(await bench.backend.removeLogbook('mine')).toBe(true);
      expect(await bench.backend.removeLogbook('mine')).toBe(false);
      expect((await bench.backend.flows()).map(({ flowId }) => flowId)).toEqual(['other']);
      expect((await bench.backend.logbooks()).map(({ name }) => name)).toEqual(['default']);
    });
    test('a logbook of which somebody runs a flow is refused, and stays whole', async () => {
      await bench.backend.claim(claimOf('free', { lease: 0 }));
      await bench.backend.claim(claimOf('running'));
      expect(await codeOf(bench.backend.removeLogbook('default'))).toBe('FLOW_OWNED');
      expect(await bench.backend.flows()).toHaveLength(2);
      expect(await bench.backend.logbook('default')).not.toBeNull();
    });
  });
}
