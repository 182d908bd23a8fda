/** A flow is run by one process at a time: of several that want it one has it, and who slept too long has it no more. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child, until } from './child.ts';

const LEASE = 300;
let folder = '';
let children: Child[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskloom-lease-'));
  writeFileSync(join(folder, 'log'), '');
});
afterEach(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map(({ exit }) => exit));
  children = [];
  rmSync(folder, { recursive: true });
});

interface Spec {
  readonly tasks: readonly { readonly name: string; readonly gate?: string }[];
  readonly executor?: 'serial' | 'threads';
  readonly lease?: number;
  readonly isWaiting?: boolean;
  /** Its main thread is busy from when this atom runs until this file is there. */
  readonly blocked?: { readonly atom: string; readonly until: string };
}

function start(spec: Spec): Child {
  const all = { id: 'one', db: file('runs.db'), log: file('log'), executor: 'serial', lease: LEASE, ...spec };
  const child = new Child('one-flow.mjs', [JSON.stringify(all)]);
  children.push(child);
  return child;
}

function file(name: string): string {
  return join(folder, name);
}

function logOf({ pid }: Child): readonly string[] {
  const lines = readFileSync(file('log'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`${pid} `)).map((line) => line.slice(`${pid} `.length));
}

/** All that is in the database. */
function everything(): unknown {
  const database = new DatabaseSync(file('runs.db'));
  try {
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    return ['flow', 'atom', 'value', 'large'].map((table) =>
      database.prepare(`select * from ${table}`).all(),
    );
  } finally {
    database.close();
  }
}

/** The lease's end, as it is in the database. */
function expiry(): number {
  const database = new DatabaseSync(file('runs.db'));
  try {
    return (database.prepare('select expires_at from flow').get() as { expires_at: number }).expires_at;
  } finally {
    database.close();
  }
}

describe.each(['serial', 'threads'] as const)('a process that sleeps past its lease, %s', (executor) => {
  /** Stopped in its second task, until the lease is over. */
  async function asleep(tasks: Spec['tasks']): Promise<Child> {
    const sleeper = start({ tasks, executor });
    await until(() => logOf(sleeper).includes('+b'), 'it runs b');
    sleeper.signal('SIGSTOP');
    await until(() => expiry() < Date.now(), 'its lease is over');
    return sleeper;
  }

  it('has lost the flow to another one, is told so, tells its task to stop, and writes nothing', async () => {
    const tasks = [{ name: 'a' }, { name: 'b', gate: file('never') }, { name: 'c' }];
    const sleeper = await asleep(tasks);
    const other = start({ tasks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], executor });
    expect(await other.says('done', 'failed')).toMatchObject({
      kind: 'done',
      results: { a: `a by ${sleeper.pid}`, b: `b by ${other.pid}`, c: `c by ${other.pid}` },
    });
    await other.exit;
    const before = everything();
    sleeper.signal('SIGCONT');
    expect(await sleeper.says('done', 'failed')).toMatchObject({ kind: 'failed', code: 'LEASE_LOST' });
    await sleeper.exit;
    expect(logOf(sleeper)).toEqual(['+a', '.a', '+b', 'stopped b']);
    expect(logOf(other)).toEqual(['+b', '.b', '+c', '.c']);
    expect(everything()).toEqual(before);
  });

  it('and has a result at once when it wakes, writes that nowhere, and starts nothing that needs it', async () => {
    const tasks = [{ name: 'a' }, { name: 'b', gate: file('gate') }, { name: 'c' }];
    const sleeper = await asleep(tasks);
    const other = start({
      tasks: [{ name: 'a' }, { name: 'b' }, { name: 'c', gate: file('later') }],
      executor,
    });
    await until(() => logOf(other).includes('+c'), 'the other one runs c');
    writeFileSync(file('gate'), '');
    sleeper.signal('SIGCONT');
    expect(await sleeper.says('done', 'failed')).toMatchObject({ kind: 'failed', code: 'LEASE_LOST' });
    await sleeper.exit;
    expect(logOf(sleeper).filter((line) => line.endsWith('c'))).toEqual([]);
    writeFileSync(file('later'), '');
    expect(await other.says('done', 'failed')).toMatchObject({
      kind: 'done',
      results: { a: `a by ${sleeper.pid}`, b: `b by ${other.pid}`, c: `c by ${other.pid}` },
    });
  });

  it('and has not been missed, goes on', async () => {
    const sleeper = await asleep([{ name: 'a' }, { name: 'b', gate: file('gate') }, { name: 'c' }]);
    sleeper.signal('SIGCONT');
    writeFileSync(file('gate'), '');
    expect(await sleeper.says('done', 'failed')).toMatchObject({ kind: 'done', state: 'SUCCESS' });
  });
});

describe.each(['serial', 'threads'] as const)(
  'a process whose main thread is blocked past its lease, %s',
  (executor) => {
    /** Blocked while its second task runs, until the lease is over. */
    async function blocked(gate: string): Promise<Child> {
      const tasks = [{ name: 'a' }, { name: 'b', gate }, { name: 'c' }];
      const owner = start({ tasks, executor, blocked: { atom: 'b', until: file('unblocked') } });
      await until(() => logOf(owner).includes('blocked'), 'it is blocked');
      await until(() => expiry() < Date.now(), 'its lease is over');
      return owner;
    }

    it('has lost the flow to another one, is told so, and writes nothing', async () => {
      const owner = await blocked(file('never'));
      const other = start({ tasks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], executor });
      expect(await other.says('done', 'failed')).toMatchObject({
        kind: 'done',
        results: { a: `a by ${owner.pid}`, b: `b by ${other.pid}`, c: `c by ${other.pid}` },
      });
      await other.exit;
      const before = everything();
      writeFileSync(file('unblocked'), '');
      expect(await owner.says('done', 'failed')).toMatchObject({
        kind: 'failed',
        code: 'LEASE_LOST',
        state: 'SUSPENDED',
      });
      await owner.exit;
      expect(logOf(owner).filter((line) => line !== 'blocked')).toEqual(['+a', '.a', '+b', 'stopped b']);
      expect(logOf(other)).toEqual(['+b', '.b', '+c', '.c']);
      expect(everything()).toEqual(before);
    });

    it('and comes back while the other one runs, disturbs it in nothing', async () => {
      const owner = await blocked(file('gate'));
      const tasks = [{ name: 'a' }, { name: 'b' }, { name: 'c', gate: file('later') }];
      const other = start({ tasks, executor, lease: 30_000 });
      await until(() => logOf(other).includes('+c'), 'the other one runs c');
      // It has a result as soon as it can look.
      writeFileSync(file('gate'), '');
      writeFileSync(file('unblocked'), '');
      expect(await owner.says('done', 'failed')).toMatchObject({ kind: 'failed', code: 'LEASE_LOST' });
      await owner.exit;
      expect(logOf(owner).filter((line) => line.endsWith('c'))).toEqual([]);
      writeFileSync(file('later'), '');
      expect(await other.says('done', 'failed')).toMatchObject({
        kind: 'done',
        results: { a: `a by ${owner.pid}`, b: `b by ${other.pid}`, c: `c by ${other.pid}` },
      });
    });

    it('and has not been missed, goes on', async () => {
      const owner = await blocked(file('gate'));
      writeFileSync(file('gate'), '');
      writeFileSync(file('unblocked'), '');
      expect(await owner.says('done', 'failed')).toMatchObject({
        kind: 'done',
        results: { c: `c by ${owner.pid}` },
      });
      expect(logOf(owner).filter((line) => line.startsWith('+'))).toEqual(['+a', '+b', '+c']);
    });
  },
);

it('a process that works longer than its lease keeps the flow', async () => {
  // Longer than a busy machine may keep a process waiting.
  const lease = 2_000;
  const owner = start({ tasks: [{ name: 'a' }, { name: 'b', gate: file('gate') }], lease });
  await until(() => logOf(owner).includes('+b'), 'it runs b');
  const first = expiry();
  await until(() => Date.now() > first + lease / 2, 'the first lease is over');
  const other = start({ tasks: [{ name: 'a' }, { name: 'b' }] });
  expect(await other.says('done', 'failed')).toMatchObject({ kind: 'failed', code: 'FLOW_OWNED' });
  writeFileSync(file('gate'), '');
  expect(await owner.says('done', 'failed')).toMatchObject({ kind: 'done', state: 'SUCCESS' });
});

it('of processes that want a flow at once exactly one runs it, and the others are told who', async () => {
  for (let round = 0; round < 3; round++) {
    const gate = file(`gate-${round}`);
    const tasks = [{ name: 'a' }, { name: 'b', gate }, { name: 'c' }];
    const all = Array.from({ length: 3 }, () => start({ tasks, lease: 30_000, isWaiting: true }));
    await Promise.all(all.map((child) => child.says('ready')));
    for (const child of all) child.tell('go');
    await until(() => all.filter((child) => child.said.length > 1).length === 2, 'two were refused');
    const [owner, ...more] = all.filter((child) => child.said.length === 1);
    expect(more).toEqual([]);
    writeFileSync(gate, '');
    expect(await owner!.says('done', 'failed')).toMatchObject({ kind: 'done', state: 'SUCCESS' });
    for (const child of all) {
      if (child === owner) continue;
      expect(logOf(child)).toEqual([]);
      const refused = await child.says('failed');
      expect(refused).toMatchObject({
        code: 'FLOW_OWNED',
        details: {
          flowId: 'one',
          owner: { host: hostname(), pid: owner!.pid },
          expiresAt: expect.any(Number),
        },
      });
      const { expiresAt } = refused['details'] as { expiresAt: number };
      expect(refused['message']).toMatch(
        `in process ${owner!.pid} on ${hostname()} until ${new Date(expiresAt).toISOString()}`,
      );
      expect(expiresAt).toBeGreaterThan(Date.now());
    }
    await Promise.all(all.map(({ exit }) => exit));
    rmSync(file('runs.db'));
    writeFileSync(file('log'), '');
  }
});
