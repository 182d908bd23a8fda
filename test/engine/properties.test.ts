/** Whatever the flow: order holds, each atom runs once, and a failure takes back all that ran, in reverse order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Backend, createEngine, memory, SerialTaskExecutor, sqlite, type TaskExecutor } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { type Built, build, type Shape, type Story, shapes } from './random-flow.ts';

const RUNS = 300;
/** On a backend, where each takes some ms. */
const KEPT_RUNS = 40;

interface End {
  readonly state: string;
  readonly states: Record<string, string>;
  readonly error: unknown;
}

async function runIt(
  { unit, leaves }: Built,
  executor: TaskExecutor,
  drive?: () => Promise<unknown>,
  backend?: Backend,
): Promise<End> {
  const engine = createEngine(unit, { executor, backend });
  let error: unknown = null;
  const run = engine.run().catch((thrown: unknown) => {
    error = thrown;
  });
  await drive?.();
  await run;
  const states = Object.fromEntries([...leaves.keys()].map((name) => [name, engine.storage.atomState(name)]));
  return { state: engine.storage.flowState, states, error };
}

/** What must hold of every run, by the oracle. */
function check({ before, leaves }: Built, story: Story, { state, states, error }: End): void {
  const at = (event: string): number => story.indexOf(event);
  expect(new Set(story).size, `nothing happens twice: ${story.join(' ')}`).toBe(story.length);
  const ran = [...leaves.keys()].filter((name) => at(name) >= 0);
  for (const name of ran) {
    for (const earlier of before.get(name)!) {
      expect(at(earlier), `${earlier} ends before ${name}`).toBeGreaterThanOrEqual(0);
      expect(at(earlier)).toBeLessThan(at(`+${name}`));
    }
  }
  const failed = ran.filter((name) => leaves.get(name)!.fails);
  const badReverts = ran.filter((name) => at(`-${name}`) >= 0 && leaves.get(name)!.revertFails);
  if (failed.length === 0) {
    expect(state).toBe('SUCCESS');
    expect(error).toBeNull();
    expect(ran).toHaveLength(leaves.size);
    return;
  }
  expect(error).toBeInstanceOf(Error);
  for (const name of ran) {
    if (at(`-${name}`) < 0) continue;
    for (const other of ran) {
      if (!before.get(other)!.has(name) || !leaves.get(other)!.reverts) continue;
      expect(at(`~${other}`), `${other} is reverted before ${name}`).toBeGreaterThanOrEqual(0);
      expect(at(`~${other}`)).toBeLessThan(at(`-${name}`));
    }
  }
  for (const [name, atom] of Object.entries(states)) {
    if (atom === 'PENDING') expect(at(`+${name}`), `${name} never ran`).toBe(-1);
    expect(['PENDING', 'REVERTED', 'REVERT_FAILURE', 'SUCCESS', 'FAILURE']).toContain(atom);
  }
  if (badReverts.length > 0) {
    expect(state).toBe('FAILURE');
    return;
  }
  expect(state).toBe('REVERTED');
  for (const name of ran) {
    expect(states[name]).toBe('REVERTED');
    if (leaves.get(name)!.reverts) expect(at(`~${name}`)).toBeGreaterThanOrEqual(0);
  }
}

describe.each([
  { failing: false, revertFailing: false },
  { failing: true, revertFailing: false },
  { failing: true, revertFailing: true },
])('random flows, $failing/$revertFailing', (settings) => {
  it('hold on the serial executor', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(settings), async (shape: Shape) => {
        const story: Story = [];
        const built = build(shape, story);
        check(built, story, await runIt(built, new SerialTaskExecutor()));
      }),
      { numRuns: RUNS },
    );
  });

  it('hold in every order in which tasks may end', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(settings), fc.integer(), async (shape: Shape, seed: number) => {
        const story: Story = [];
        const built = build(shape, story);
        const executor = new ManualTaskExecutor();
        check(built, story, await runIt(built, executor, () => executor.settleAll({ seed })));
      }),
      { numRuns: RUNS },
    );
  });

  describe('kept in a backend', () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskloom-properties-'));
    const backends: Record<string, Backend> = {
      memory: memory(),
      sqlite: sqlite(join(folder, 'runs.db'), { durability: 'normal' }),
    };
    afterAll(async () => {
      await Promise.all(Object.values(backends).map((backend) => backend.close()));
      rmSync(folder, { recursive: true });
    });

    it.each(Object.entries(backends))('end as they do without: %s', async (_name, backend) => {
      await fc.assert(
        fc.asyncProperty(shapes(settings), async (shape: Shape) => {
          const plain = await runIt(build(shape, []), new SerialTaskExecutor());
          const story: Story = [];
          const built = build(shape, story);
          const end = await runIt(built, new SerialTaskExecutor(), undefined, backend);
          check(built, story, end);
          // Which of those side by side is first to fail, and so what ran before, is a matter of time.
          if (!settings.failing) expect(end).toEqual(plain);
        }),
        { numRuns: KEPT_RUNS },
      );
    });
  });
});
