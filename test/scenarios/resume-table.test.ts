/**
 * What a process finds that takes a flow up, by the state and the intention in which another left an atom (semantics 2.11): each
 * cell of the table, and what comes of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AtomDetail,
  type AtomState,
  createEngine,
  type Intention,
  linear,
  memory,
  sqlite,
  type Backend,
  task,
  times,
} from 'taskloom';
import { afterAll, describe, expect, it } from 'vitest';

const flowId = 'left';
const me = { id: 'another', host: 'elsewhere', pid: 1, process: 'gone' };

/** Leaves a flow in its midst, as a process that dies does. */
async function leave(backend: Backend, atoms: readonly Partial<AtomDetail>[]): Promise<void> {
  const fresh = { name: 'f', logbook: 'default', atoms: 1, outline: '[]', factory: null };
  const { epoch } = await backend.claim({ flowId, owner: me, lease: 60_000, fresh });
  const whole = atoms.map(
    (atom): AtomDetail => ({
      name: 'a',
      kind: 'task',
      map: null,
      version: '1.0',
      state: 'PENDING',
      intention: 'EXECUTE',
      attempt: 1,
      sent: false,
      began: true,
      dropped: false,
      updatedAt: 1,
      elapsed: null,
      error: null,
      result: null,
      rest: null,
      ...atom,
    }),
  );
  await backend.commit({
    flowId,
    epoch,
    lease: 60_000,
    flow: { state: 'RUNNING' },
    mapsForgotten: [],
    mapsDropped: [],
    atoms: whole,
    values: new Map(),
    durations: [],
  });
  await backend.release(flowId, epoch);
}

interface Row {
  /** What the task is called for. */
  readonly story: string;
  readonly flow: string;
  readonly atom: string;
  readonly rejects: boolean;
}

const done: Row = { story: '', flow: 'SUCCESS', atom: 'SUCCESS', rejects: false };
const executed: Row = { story: 'a', flow: 'SUCCESS', atom: 'SUCCESS', rejects: false };
const reverted: Row = { story: '-a', flow: 'REVERTED', atom: 'REVERTED', rejects: true };
const left = (atom: AtomState): Row => ({ story: '', flow: 'REVERTED', atom, rejects: true });

const TABLE: Record<string, Record<'EXECUTE' | 'REVERT' | 'IGNORE', Row>> = {
  PENDING: { EXECUTE: executed, REVERT: left('PENDING'), IGNORE: left('PENDING') },
  RUNNING: { EXECUTE: executed, REVERT: reverted, IGNORE: left('PARTIAL') },
  PARTIAL: { EXECUTE: executed, REVERT: reverted, IGNORE: left('PARTIAL') },
  SUCCESS: { EXECUTE: done, REVERT: reverted, IGNORE: done },
  FAILURE: { EXECUTE: reverted, REVERT: reverted, IGNORE: left('FAILURE') },
  REVERTING: { EXECUTE: executed, REVERT: reverted, IGNORE: left('PARTIAL') },
  REVERTED: { EXECUTE: left('REVERTED'), REVERT: left('REVERTED'), IGNORE: left('REVERTED') },
  REVERT_FAILURE: {
    EXECUTE: { story: '', flow: 'FAILURE', atom: 'REVERT_FAILURE', rejects: true },
    REVERT: { story: '', flow: 'FAILURE', atom: 'REVERT_FAILURE', rejects: true },
    IGNORE: { story: '', flow: 'FAILURE', atom: 'REVERT_FAILURE', rejects: true },
  },
  IGNORE: {
    EXECUTE: { ...done, atom: 'IGNORE' },
    REVERT: { ...left('IGNORE'), flow: 'SUCCESS', rejects: false },
    IGNORE: { ...done, atom: 'IGNORE' },
  },
};

/** What the records of failed atoms hold. Taken from a run, since how it is kept is nobody's business here. */
async function failed(state: 'FAILURE' | 'REVERT_FAILURE'): Promise<Uint8Array | null> {
  const backend = memory();
  const fails = () => {
    throw new RangeError('a failed');
  };
  const flow = linear('f').add(
    task('a', { execute: fails, ...(state === 'REVERT_FAILURE' && { revert: fails }) }),
  );
  const options = { backend, flowId, executor: 'serial', neverResolve: state === 'FAILURE' } as const;
  await createEngine(flow, options)
    .run()
    .catch(() => {});
  const [atom] = await backend.atoms(flowId);
  expect(atom?.state).toBe(state);
  return atom?.rest ?? null;
}

const folder = mkdtempSync(join(tmpdir(), 'taskloom-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const BACKENDS: Record<string, () => Backend> = {
  memory,
  sqlite: () => sqlite(join(folder, `${files++}.db`), { durability: 'normal' }),
};

describe.each(Object.keys(BACKENDS))('on %s, a task that was left', (kind) => {
  for (const [state, row] of Object.entries(TABLE)) {
    for (const [intention, expected] of Object.entries(row)) {
      it(`${state} and meant to ${intention}`, async () => {
        const backend = (BACKENDS[kind] as () => Backend)();
        const rest = state === 'FAILURE' || state === 'REVERT_FAILURE' ? await failed(state) : null;
        await leave(backend, [{ state: state as AtomState, intention: intention as Intention, rest }]);
        const story: string[] = [];
        const a = task('a', {
          execute: () => void story.push('a'),
          revert: () => void story.push('-a'),
        });
        const engine = createEngine(linear('f').add(a), { backend, flowId, executor: 'serial' });
        const error = await engine.run().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        const { storage } = engine;
        expect({
          story: story.join(' '),
          flow: storage.flowState,
          atom: storage.atomState('a'),
          rejects: error !== null,
        }).toEqual(expected);
        if (rest !== null && error !== null) expect(error).toBeInstanceOf(RangeError);
        await engine.close();
        await backend.close();
      });
    }
  }
});

describe('a retry that was left', () => {
  const resumed = async (atoms: readonly Partial<AtomDetail>[]) => {
    const backend = memory();
    await leave(backend, atoms);
    const story: string[] = [];
    const flow = linear('f', { retry: times(2, { name: 'r' }) }).add(
      task('a', { execute: () => void story.push('a'), revert: () => void story.push('-a') }),
    );
    const engine = createEngine(flow, { backend, flowId, executor: 'serial' });
    await engine.run();
    return [story.join(' '), engine.storage.atomState('r'), engine.storage.flowState];
  };

  it('RETRYING goes on with its next attempt', async () => {
    const atoms = [{ name: 'r', kind: 'retry', state: 'RETRYING' }, { state: 'PENDING' }] as const;
    expect(await resumed(atoms)).toEqual(['a', 'SUCCESS', 'SUCCESS']);
  });

  it('SUCCESS and meant to RETRY waits for what lies behind it to be reverted', async () => {
    const atoms = [
      { name: 'r', kind: 'retry', state: 'SUCCESS', intention: 'RETRY' },
      { state: 'REVERTING', intention: 'REVERT' },
    ] as const;
    expect(await resumed(atoms)).toEqual(['-a a', 'SUCCESS', 'SUCCESS']);
  });

  it('RUNNING is executed again', async () => {
    const atoms = [{ name: 'r', kind: 'retry', state: 'RUNNING' }, { state: 'PENDING' }] as const;
    expect(await resumed(atoms)).toEqual(['a', 'SUCCESS', 'SUCCESS']);
  });
});
