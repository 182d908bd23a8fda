/** A run with a backend: what is written before what, and what becomes of a run that can't be written, or is another's. */
import {
  type AnyUnit,
  type Backend,
  createEngine,
  type FlowChanges,
  forEach,
  linear,
  loadEngine,
  memory,
  resume,
  run,
  saveFactory,
  TaskloomError,
  type Task,
  task,
  ThreadPoolTaskExecutor,
  times,
  unordered,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';

const { double, sums } = (await import(
  new URL('../fixtures/scenarios/factories.mjs', import.meta.url).href
)) as { readonly double: Task<{ n: number }, { doubled: number }>; sums(count: number): AnyUnit };

const flowId = 'one';
const noOp = (name: string, definition: object = {}) => task(name, { execute() {}, ...definition });
const codeOf = (error: unknown): unknown => (error instanceof TaskloomError ? error.code : error);
const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

/** A backend with another way to commit. */
function committing(inner: Backend, commit: Backend['commit']): Backend {
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'commit') return commit;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A backend whose commits are carried out when the test says so. */
function held(inner: Backend) {
  const waiting: (() => void)[] = [];
  let announce = (): void => {};
  const backend = committing(inner, async (changes) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      announce();
    });
    return inner.commit(changes);
  });
  /** Resolves when a commit waits. */
  const arrival = async (): Promise<void> => {
    if (waiting.length > 0) return;
    await new Promise<void>((resolve) => {
      announce = resolve;
    });
  };
  return { backend, arrival, carryOut: () => waiting.shift()?.(), waiting };
}

describe('what changes is written first:', () => {
  it('no task begins, and nothing is told, before the commit of what led to it', async () => {
    const story: string[] = [];
    const { backend, arrival, carryOut } = held(memory());
    const act = (name: string) => noOp(name, { execute: () => void story.push(`${name} runs`) });
    const engine = createEngine(linear('f').add(act('a'), act('b')), { backend, flowId, executor: 'serial' });
    engine.on('atom', ({ name, state }) => story.push(`${name} ${state}`));
    engine.on('flow', ({ state }) => story.push(`f ${state}`));
    const ended = engine.run().then(() => story.push('resolved'));
    const seen: string[] = [];
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([arrival(), ended]);
      seen.push(story.splice(0).join(', '));
      carryOut();
    }
    expect(seen).toEqual([
      '',
      'f RUNNING, a runs',
      'a RUNNING, a SUCCESS, b runs',
      'b RUNNING, b SUCCESS, f SUCCESS, resolved',
    ]);
  });

  it('all that changes in one turn is one transaction', async () => {
    const inner = memory();
    const commits: FlowChanges[] = [];
    const backend = committing(inner, (changes) => {
      commits.push(changes);
      return inner.commit(changes);
    });
    const tasks = Array.from({ length: 500 }, (_, at) => noOp(`t${at}`));
    await run(unordered('f').add(tasks), { backend, flowId, executor: 'serial' });
    expect(commits.length).toBeLessThan(100);
    expect(await inner.atoms(flowId)).toHaveLength(500);
  });
});

describe('the end of a run', () => {
  const watched = () => {
    const inner = memory();
    const told: string[] = [];
    const backend = new Proxy(inner, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const [changes] = args as [FlowChanges];
          if (name === 'commit') told.push(changes.lease === null ? 'last commit' : 'commit');
          else if (name === 'release') told.push(name);
          return value.apply(target, args);
        };
      },
    });
    return { inner, told, backend };
  };
  const flow = () => linear('f').add(noOp('a'), noOp('b'));

  it.each([
    ['done', flow()],
    ['reverted', linear('f').add(noOp('a'), noOp('bad', { execute: () => Promise.reject(new Error('no')) }))],
  ])('%s: its last commit gives the flow back', async (_, ending) => {
    const { inner, told, backend } = watched();
    await rejected(run(ending as AnyUnit, { backend, flowId, executor: 'serial' }));
    expect(told.slice(-2)).toEqual(['commit', 'last commit']);
    expect(await inner.flow(flowId)).toMatchObject({ owner: null, expiresAt: 0, epoch: 1 });
    // Nobody has it: another may at once.
    await run(flow(), { backend: inner, flowId, executor: 'serial' });
    expect(await inner.flow(flowId)).toMatchObject({ epoch: 2, state: 'SUCCESS' });
  });

  it('that somebody is told of may bring more to write: the flow is given back after that', async () => {
    const { inner, told, backend } = watched();
    const engine = createEngine(flow(), { backend, flowId, executor: 'serial' });
    engine.on('flow', ({ state }) => engine.storage.annotateFlow({ ended: state }));
    await engine.run();
    await engine.close();
    expect(told.at(-1)).toMatch(/release|last commit/);
    expect(await inner.flow(flowId)).toMatchObject({ owner: null, state: 'SUCCESS' });
    const again = createEngine(flow(), { backend: inner, flowId, executor: 'serial' });
    again.compile();
    await again.prepare();
    expect(again.storage.flowMetadata).toEqual({ ended: 'SUCCESS' });
  });

  it('that could not be written gives the flow back all the same, and is written by the next run', async () => {
    const inner = memory();
    let isFull = true;
    const backend = committing(inner, (changes) => {
      if (isFull && changes.lease === null) throw new TaskloomError('STORAGE_FULL', 'No room.', {});
      return inner.commit(changes);
    });
    const engine = createEngine(flow(), { backend, flowId, executor: 'serial' });
    expect(codeOf(await rejected(engine.run()))).toBe('STORAGE_FULL');
    expect(await inner.flow(flowId)).toMatchObject({ owner: null, state: 'RUNNING' });
    isFull = false;
    await engine.run();
    await engine.close();
    expect(await inner.flow(flowId)).toMatchObject({ owner: null, state: 'SUCCESS', epoch: 2 });
  });
});

describe('a commit that fails', () => {
  /** Fails from the commit with this number on, until it is mended. */
  function failing(inner: Backend, from: number, error: Error) {
    let [commits, broken] = [0, true];
    const backend = committing(inner, async (changes) => {
      if (commits++ >= from && broken) throw error;
      return inner.commit(changes);
    });
    return {
      backend,
      mend: () => {
        broken = false;
      },
    };
  }
  const full = new TaskloomError('STORAGE_FULL', 'no room');

  it('suspends the run: what runs ends, nothing more begins, and the error is told', async () => {
    for (let from = 0; from < 4; from++) {
      const inner = memory();
      const ran: string[] = [];
      const act = (name: string) => noOp(name, { execute: () => void ran.push(name) });
      const flow = () => linear('f').add(act('a'), act('b'), act('c'));
      const { backend, mend } = failing(inner, from, full);
      const engine = createEngine(flow(), { backend, flowId, executor: 'serial' });
      expect(codeOf(await rejected(engine.run()))).toBe('STORAGE_FULL');
      expect(engine.storage.flowState).toBe(from === 3 ? 'SUCCESS' : 'SUSPENDED');
      expect(ran).toEqual(['a', 'b', 'c'].slice(0, from));
      // The same engine has lost nothing of what ran.
      mend();
      await engine.run();
      expect({ from, ran }).toEqual({ from, ran: ['a', 'b', 'c'] });
      expect((await inner.flow(flowId))?.state).toBe('SUCCESS');
    }
  });

  it('of an owner that lost the flow stops its tasks, and the one that has it goes on', async () => {
    const backend = memory();
    const executor = new ManualTaskExecutor();
    const engine = createEngine(linear('f').add(noOp('a'), noOp('b')), { backend, flowId, executor });
    const ended = rejected(engine.run());
    await executor.idle();
    // As another process would that finds the lease run out.
    const epoch = (await backend.flow(flowId))?.epoch ?? 0;
    await backend.release(flowId, epoch);
    const ran: string[] = [];
    const act = (name: string) => noOp(name, { execute: () => void ran.push(name) });
    await run(linear('f').add(act('a'), act('b')), { backend, flowId, executor: 'serial' });
    expect(ran).toEqual(['a', 'b']);
    await executor.settle('a');
    expect(codeOf(await ended)).toBe('LEASE_LOST');
    expect((await backend.flow(flowId))?.state).toBe('SUCCESS');
    // It takes up what the other has done.
    await engine.run();
    expect(engine.storage.flowState).toBe('SUCCESS');
  });
});

describe('a lease', () => {
  it('is renewed while nothing changes, and keeps others out', async () => {
    const backend = memory();
    const executor = new ManualTaskExecutor();
    const engine = createEngine(linear('f').add(noOp('a')), { backend, flowId, executor, lease: 100 });
    const ended = engine.run();
    await executor.idle();
    const expires = async () => (await backend.flow(flowId))?.expiresAt ?? 0;
    const first = await expires();
    while ((await expires()) < first + 200) await new Promise((resolve) => setTimeout(resolve, 10));
    const other = createEngine(linear('f').add(noOp('a')), { backend, flowId, executor: 'serial' });
    expect(await rejected(other.run())).toMatchObject({
      code: 'FLOW_OWNED',
      details: { owner: { pid: process.pid }, expiresAt: expect.any(Number) },
    });
    await executor.settle('a');
    await ended;
    await other.run();
    expect((await backend.flow(flowId))?.owner).toBeNull();
  });

  it('is asked for by askToSuspend', async () => {
    const backend = memory();
    const executor = new ManualTaskExecutor();
    const engine = createEngine(linear('f').add(noOp('a'), noOp('b')), {
      backend,
      flowId,
      executor,
      lease: 100,
    });
    const ended = engine.run();
    await executor.idle();
    expect(await backend.askToSuspend(flowId)).toBe(true);
    while (engine.storage.flowState === 'RUNNING') await new Promise((resolve) => setTimeout(resolve, 10));
    await executor.settle('a');
    await ended;
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(await backend.askToSuspend(flowId)).toBe(false);
    const again = createEngine(linear('f').add(noOp('a'), noOp('b')), {
      backend,
      flowId,
      executor: 'serial',
    });
    await again.run();
    expect(again.storage.flowState).toBe('SUCCESS');
  });
});

describe('a retry', () => {
  it('has the same history for who takes it up (D4), with the errors as their classes', async () => {
    const backend = memory();
    const failing = task('b', {
      requires: ['value'],
      execute({ value }: { value: string }) {
        if (value !== 'z') throw Object.assign(new RangeError(`not ${value}`), { code: 'E_VALUE', value });
      },
    });
    const build = () => {
      const flow = linear('f', { retry: forEach(['x', 'y', 'z'], { name: 'r', provides: 'value' }) });
      return createEngine(flow.add(failing, noOp('c')), { backend, flowId, executor: 'serial' });
    };
    const first = build();
    first.on('atom', ({ name, state }) => {
      if (name === 'b' && state === 'SUCCESS') first.suspend();
    });
    await first.run();
    const second = build();
    second.compile();
    await second.prepare();
    const [live, taken] = [first.storage.retryHistory('r'), second.storage.retryHistory('r')];
    expect(taken).toEqual(live);
    expect(taken.provided).toEqual(['x', 'y', 'z']);
    const [[atom, error] = []] = taken.outcomes(0);
    expect(atom).toBe('b');
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'not x', code: 'E_VALUE', value: 'x' });
  });

  it('waits for what is left of its delay, by the clock on the wall', async () => {
    const backend = memory();
    const build = (executor: ManualTaskExecutor) => {
      const flow = linear('f', { retry: times(3, { delay: 1000, name: 'r' }) }).add(noOp('a'));
      return createEngine(flow, { backend, flowId, executor });
    };
    const before = new ManualTaskExecutor();
    const first = build(before);
    const ended = first.run();
    await before.idle();
    await before.fail('a', new Error('no'));
    await before.idle();
    first.suspend();
    await ended;
    expect(await backend.atoms(flowId)).toContainEqual(
      expect.objectContaining({ name: 'r', state: 'RETRYING' }),
    );
    const after = new ManualTaskExecutor();
    await after.advance(400);
    const second = build(after);
    const done = second.run();
    await after.idle();
    await after.advance(599);
    await after.idle();
    expect(after.waiting).toEqual([]);
    await after.advance(1);
    await after.idle();
    expect(after.waiting).toMatchObject([{ atom: 'a', action: 'execute' }]);
    await after.settle('a');
    await done;
    expect(second.storage.flowState).toBe('SUCCESS');
  });
});

describe('a run that is refused', () => {
  it('leaves nothing of a new flow, and an old one as it was', async () => {
    const backend = memory();
    const needing = linear('f').add(noOp('a'), noOp('b', { requires: ['x'] }));
    const attempt = () =>
      rejected(createEngine(needing, { backend, flowId, executor: 'serial' } as never).run());
    expect(codeOf(await attempt())).toBe('MISSING_DEPENDENCIES');
    expect(await backend.flows()).toEqual([]);
    await run(linear('f').add(noOp('a')), { backend, flowId, executor: 'serial' });
    const { epoch: _, expiresAt: __, ...before } = (await backend.flow(flowId)) ?? { epoch: 0, expiresAt: 0 };
    expect(codeOf(await attempt())).toBe('MISSING_DEPENDENCIES');
    expect(await backend.flow(flowId)).toMatchObject({ ...before, owner: null });
  });
});

describe('secrets', () => {
  it('are kept nowhere, and asked for again', async () => {
    const backend = memory();
    const seen: unknown[] = [];
    const call = (name: string) =>
      task(name, { requires: ['token'], execute: ({ token }: { token: string }) => void seen.push(token) });
    const build = (store: object, settings: object = {}) => {
      const flow = linear('f').add(call('a'), call('b'));
      return createEngine(flow, { backend, flowId, executor: 'serial', store, ...settings } as never);
    };
    const first = build({ token: 's3cret' }, { secret: ['token'] });
    first.on('atom', ({ name, state }) => {
      if (name === 'a' && state === 'SUCCESS') first.suspend();
    });
    await first.run();
    expect((await backend.values(flowId)).size).toBe(0);
    const missing = await rejected(build({}).run());
    expect(codeOf(missing)).toBe('MISSING_DEPENDENCIES');
    expect(String(missing)).toContain('which is secret and was not kept');
    // It is known to be one, whoever resumes the flow.
    await build({ token: 'again' }).run();
    expect([seen, (await backend.values(flowId)).size]).toEqual([['s3cret', 'again'], 0]);
  });
});

describe('between two runs', () => {
  const world = () => {
    const story: string[] = [];
    let isBroken = true;
    const act = (name: string) =>
      noOp(name, { execute: () => void story.push(name), revert: () => void story.push(`-${name}`) });
    const flow = () =>
      linear('f').add(
        act('a'),
        noOp('b', {
          execute() {
            story.push('b');
            if (isBroken) throw new RangeError('b failed');
          },
        }),
        act('c'),
      );
    return {
      story,
      flow,
      mend: () => {
        isBroken = false;
      },
      told: () => story.splice(0).join(' '),
    };
  };

  it.each(['memory', 'none'])('rewind() puts back what failed, with %s as backend', async (kind) => {
    const { flow, mend, told } = world();
    const kept = kind === 'memory' ? { backend: memory() } : {};
    const engine = createEngine(flow(), { ...kept, flowId, executor: 'serial', neverResolve: true });
    expect(await rejected(engine.run())).toBeInstanceOf(RangeError);
    expect([told(), engine.storage.flowState]).toEqual(['a b', 'FAILURE']);
    mend();
    await engine.rewind();
    await engine.run();
    expect([told(), engine.storage.flowState]).toEqual(['b c', 'SUCCESS']);
    await engine.rewind({ from: 'b' });
    await engine.run();
    expect(told()).toBe('b c');
    await engine.revert();
    expect([told(), engine.storage.flowState]).toEqual(['-c -a', 'REVERTED']);
    expect(codeOf(await rejected((async () => engine.rewind({ from: 'nobody' }))()))).toBe('ATOM_NOT_FOUND');
  });

  it('rewind() of a flow that a retry is taking back lets what stands stand, and goes on', async () => {
    const { flow, mend, told } = world();
    const tried = linear('tried', { retry: times(3) }).add(flow());
    const engine = createEngine(tried, { executor: 'serial' });
    engine.on('atom', ({ state }) => state === 'FAILURE' && engine.suspend());
    await engine.run();
    expect([told(), engine.storage.flowState]).toEqual(['a b', 'SUSPENDED']);
    mend();
    await engine.rewind();
    await engine.run();
    expect([told(), engine.storage.flowState]).toEqual(['b c', 'SUCCESS']);
  });

  it('revert() rejects with what kept it from reverting', async () => {
    const fails = () => {
      throw new RangeError('stays');
    };
    const engine = createEngine(linear('f').add(noOp('a', { revert: fails })), { executor: 'serial' });
    await engine.run();
    await expect(engine.revert()).rejects.toThrow('stays');
    expect(engine.storage.flowState).toBe('FAILURE');
  });
});

it('what threads have learned of tasks is kept, and known to the next process', async () => {
  const backend = memory();
  await using first = new ThreadPoolTaskExecutor({ threads: 1 });
  await run(linear('f').add(double), { backend, flowId, executor: first, store: { n: 1 } });
  const [kept] = await backend.durations();
  expect(kept).toMatchObject({ task: 'factories.mjs#double execute', times: 1 });
  await using second = new ThreadPoolTaskExecutor({ threads: 1 });
  await run(linear('g').add(double), { backend, flowId: 'two', executor: second, store: { n: 1 } });
  expect(second.durations.learned(double.work, 'execute')?.times).toBe(2);
});

describe('a factory', () => {
  const root = new URL('../fixtures/scenarios/', import.meta.url);
  const module = new URL('factories.mjs', root);
  const begun = async () => {
    const backend = memory();
    const engine = createEngine(sums(3), { backend, flowId, executor: 'serial', store: { n: 4 } });
    engine.on('atom', ({ name, state }) => {
      if (name === 'double-0' && state === 'SUCCESS') engine.suspend();
    });
    await engine.run();
    return backend;
  };

  it('lets a flow be resumed by its id', async () => {
    const backend = await begun();
    await saveFactory(backend, flowId, { module, export: 'sums', args: [3], root });
    expect((await backend.flow(flowId))?.factory).toEqual({
      module: 'factories.mjs',
      export: 'sums',
      args: '[3]',
    });
    expect(await resume(backend, flowId, { root, executor: 'serial' })).toEqual({ doubled: 32 });
  });

  it('that makes another flow is refused with what changed, unless that is to be adopted', async () => {
    const backend = await begun();
    await saveFactory(backend, flowId, { module, export: 'sums', args: [4], root });
    const error = await rejected(resume(backend, flowId, { root, executor: 'serial' }));
    expect(error).toMatchObject({
      code: 'FLOW_CHANGED',
      message: expect.stringContaining("kept: it has 'double-3' now."),
      details: { added: ['double-3'], removed: [], changed: [] },
    });
    await saveFactory(backend, flowId, { module, export: 'sums', args: [1], root });
    expect(await rejected(resume(backend, flowId, { root, executor: 'serial' }))).toMatchObject({
      message: expect.stringContaining("kept: 'double-1', 'double-2' are gone."),
    });
    await saveFactory(backend, flowId, { module, export: 'sums', args: [4], root });
    expect(await resume(backend, flowId, { root, executor: 'serial', onFlowChange: 'adopt' })).toEqual({
      doubled: 64,
    });
  });

  it.each([
    [{ export: 'nothing' }, 'FACTORY_INVALID', /no export 'nothing'/],
    [{ export: 'throws' }, 'FACTORY_INVALID', /could not make the flow: not today/],
    [{ export: 'aNumber' }, 'FACTORY_INVALID', /makes no flow/],
  ])('%o is refused with %s', async (factory, code, message) => {
    const backend = await begun();
    await saveFactory(backend, flowId, { module, root, ...factory });
    const before = await backend.flow(flowId);
    const error = await rejected(loadEngine(backend, flowId, { root }));
    expect([codeOf(error), String(error)]).toEqual([code, expect.stringMatching(message)]);
    expect(await backend.flow(flowId)).toEqual(before);
  });

  it('imports nothing from outside of the allowed folders, whatever the file says', async () => {
    const backend = await begun();
    for (const outside of ['../../house/rules.ts', '/etc/hostname', '../fixtures/../../model/words.ts']) {
      await backend.saveFactory(flowId, { module: outside, export: 'default', args: '[]' });
      expect(codeOf(await rejected(loadEngine(backend, flowId, { root })))).toBe('MODULE_NOT_ALLOWED');
    }
    await backend.saveFactory(flowId, { module: 'not-there.ts', export: 'default', args: '[]' });
    expect(codeOf(await rejected(loadEngine(backend, flowId, { root })))).toBe('FACTORY_INVALID');
  });

  it('is refused where it cannot be kept, or there is none', async () => {
    const backend = await begun();
    const saved = (factory: object) => rejected(saveFactory(backend, flowId, { module, root, ...factory }));
    expect(codeOf(await saved({ args: [() => 1] }))).toBe('FACTORY_INVALID');
    expect(codeOf(await saved({ args: [Number.NaN] }))).toBe('FACTORY_INVALID');
    expect(codeOf(await saved({ root: new URL('../cli/', root) }))).toBe('FACTORY_INVALID');
    expect(codeOf(await saved({ module: new URL('gone.ts', root) }))).toBe('FACTORY_INVALID');
    expect(codeOf(await rejected(loadEngine(backend, flowId, { root })))).toBe('FACTORY_INVALID');
    expect(codeOf(await rejected(loadEngine(backend, 'nobody', { root })))).toBe('FLOW_NOT_FOUND');
    expect(codeOf(await rejected(saveFactory(backend, 'nobody', { module, root })))).toBe('FLOW_NOT_FOUND');
  });
});
