/**
 * A file system of a few hundred KB that a run fills up by itself: the run is suspended with an error that says so, all that was
 * recorded stays, and it goes on when there is room. A real one, in memory; who may not mount one skips this.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyUnit, createEngine, type Engine, linear, type SqliteBackend, sqlite, task } from 'taskloom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const [SMALL, LARGE] = ['size=600k', 'size=16m'];
/** Results that no small disk has room for. */
const [TASKS, BYTES] = [20, 60_000];

const mounts = (...args: readonly string[]): boolean => spawnSync('mount', args).status === 0;
const unmount = (folder: string): void => void spawnSync('umount', [folder]);
const probe = mkdtempSync(join(tmpdir(), 'taskloom-mount-'));
const mayMount = mounts('-t', 'tmpfs', '-o', SMALL as string, 'none', probe);
if (mayMount) unmount(probe);
rmSync(probe, { recursive: true });

const why = mayMount ? '' : ' (skipped: mounting a tmpfs is not allowed here)';
describe.skipIf(!mayMount)(`a small disk that a run fills up${why}`, () => {
  let folder = '';
  let file = '';
  let story: string[] = [];
  const opened: SqliteBackend[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskloom-small-'));
    expect(mounts('-t', 'tmpfs', '-o', SMALL as string, 'none', folder)).toBe(true);
    file = join(folder, 'runs.db');
    story = [];
  });
  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.close();
    unmount(folder);
    rmSync(folder, { recursive: true });
  });

  const makeRoom = (): void =>
    expect(mounts('-o', `remount,${LARGE}`, folder), 'the disk can be made larger').toBe(true);

  function open(): SqliteBackend {
    const backend = sqlite(file, { durability: 'full' });
    opened.push(backend);
    return backend;
  }

  function engineOf(backend: SqliteBackend, fails = false): Engine {
    const make = (_: unknown, n: number): AnyUnit =>
      task(`t${n}`, {
        provides: `t${n}`,
        execute: () => {
          story.push(`+t${n}`);
          if (fails && n === TASKS - 1) throw new RangeError('the last one failed');
          return new Uint8Array(BYTES).fill(n);
        },
        revert: () => void story.push(`-t${n}`),
      }) as AnyUnit;
    const flow = linear('large').add(Array.from({ length: TASKS }, make)) as AnyUnit;
    return createEngine(flow, { backend, flowId: 'one', executor: 'serial' } as never) as Engine;
  }

  async function endOf(run: Promise<unknown>): Promise<string> {
    return run.then(
      () => 'SUCCESS',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  }

  /** Runs until the disk is full; returns how many tasks are recorded. */
  async function fill(engine: Engine, backend: SqliteBackend): Promise<number> {
    expect(await endOf(engine.run())).toBe('STORAGE_FULL');
    expect(engine.storage.flowState).toBe('SUSPENDED');
    const atoms = await backend.atoms('one');
    const done = atoms.filter(({ state }) => state === 'SUCCESS').length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(TASKS);
    // The one whose result found no room has run, and none behind it.
    expect(story).toHaveLength(done + 1);
    return done;
  }

  async function expectWhole(): Promise<void> {
    for (const backend of opened.splice(0)) await backend.close();
    const backend = open();
    expect(await backend.check()).toEqual([]);
    expect(await backend.flow('one')).toMatchObject({ owner: null });
  }

  const all = Array.from({ length: TASKS }, (_, n) => `+t${n}`);

  it('suspends it; the same engine goes on when there is room, and runs nothing twice', async () => {
    const backend = open();
    const engine = engineOf(backend);
    await fill(engine, backend);
    expect(await endOf(engine.run())).toBe('STORAGE_FULL');
    makeRoom();
    expect(await endOf(engine.run())).toBe('SUCCESS');
    expect(story).toEqual(all);
    await engine.close();
    await expectWhole();
  });

  it('suspends it; another engine goes on from what was recorded', async () => {
    const backend = open();
    const engine = engineOf(backend);
    const done = await fill(engine, backend);
    await engine.close();
    await backend.close();
    makeRoom();
    const other = engineOf(open());
    expect(await endOf(other.run())).toBe('SUCCESS');
    expect(story).toEqual([...all.slice(0, done + 1), ...all.slice(done)]);
    await other.close();
    await expectWhole();
  });

  it('suspends it; when there is room it fails, and is taken back in the reverse order', async () => {
    const backend = open();
    const engine = engineOf(backend, true);
    await fill(engine, backend);
    makeRoom();
    expect(await endOf(engine.run())).toBe('the last one failed');
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(story).toEqual([...all, ...all.map((each) => each.replace('+', '-')).toReversed()]);
    await engine.close();
    await expectWhole();
  });

  it('that is full of other things takes no database, and says so; once there is room it does', async () => {
    const filled = spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'filler')}`, 'bs=4k', 'count=1000']);
    expect(filled.status, 'there is no room for all of it').not.toBe(0);
    const backend = open();
    const engine = engineOf(backend);
    expect(await endOf(engine.run())).toBe('STORAGE_FULL');
    expect([engine.storage.flowState, story]).toEqual(['PENDING', []]);
    writeFileSync(join(folder, 'filler'), '');
    makeRoom();
    expect(await endOf(engine.run())).toBe('SUCCESS');
    expect(story).toEqual(all);
    await engine.close();
    await expectWhole();
  });
});
