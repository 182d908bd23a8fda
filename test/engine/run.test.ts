/** The life of an engine: its phases, what it tells, what the caller gets, and how it is stopped. */
import {
  type AnyUnit,
  type AtomEvent,
  type Coming,
  createEngine,
  graph,
  linear,
  run,
  SerialTaskExecutor,
  TaskloomError,
  task,
  times,
  unordered,
  WrappedFailure,
} from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { describe, expect, it } from 'vitest';

const serial = { executor: 'serial' } as const;
const ok = (name: string) => task(name, { provides: name, execute: () => `${name} done` });
const bad = (name: string, message = `${name} failed`) =>
  task(name, {
    execute: () => {
      throw new RangeError(message);
    },
  });

describe('run', () => {
  it('resolves to every provided symbol, in the three shapes of provides', async () => {
    const whole = task('whole', { provides: 'w', execute: () => ({ a: 1 }) });
    const places = task('places', {
      provides: ['first', 'second'],
      execute: async () => [10, 20] as [number, number],
    });
    const keys = task('keys', { provides: { width: 'w', height: 'h' }, execute: () => ({ w: 3, h: 4 }) });
    const flow = linear('shapes').add(whole.as('whole2', { provides: 'whole' }), places, keys);
    expect(await run(flow, serial)).toEqual({ whole: { a: 1 }, first: 10, second: 20, width: 3, height: 4 });
  });

  it('gives the value of the last provider, as a task after the flow would see it', async () => {
    const one = task('one', { provides: 'x', execute: () => 1 });
    const two = task('two', { provides: 'x', execute: () => 2 });
    const engine = createEngine(linear('f').add(one, two), serial);
    expect(await engine.run()).toEqual({ x: 2 });
    expect(engine.storage.fetch('x')).toBe(1);
    expect(engine.storage.fetchAll()).toEqual({ x: [1, 2] });
  });

  it('runs a single task, and an empty flow', async () => {
    expect(await run(ok('a'), serial)).toEqual({ a: 'a done' });
    expect(await run(linear('empty'), serial)).toEqual({});
    expect(await run(unordered('outer').add(graph('empty')), serial)).toEqual({});
  });

  it('rejects with the error of the one task that failed, with its class', async () => {
    const flow = linear('f').add([ok('a'), bad('b', 'too far')]);
    await expect(run(flow, serial)).rejects.toThrow(RangeError);
    await expect(run(linear('f').add([ok('a'), bad('b', 'too far')]), serial)).rejects.toThrow('too far');
  });

  it('rejects with all errors, wrapped, when several failed', async () => {
    const executor = new ManualTaskExecutor();
    const done = run(unordered('f').add([bad('a'), bad('b'), ok('c')]), { executor }).catch(
      (error: unknown) => error,
    );
    await executor.idle();
    await Promise.all([executor.begin('a'), executor.begin('b'), executor.begin('c')]);
    await executor.settleAll();
    const error = await done;
    expect(error).toBeInstanceOf(WrappedFailure);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toBeInstanceOf(TaskloomError);
    expect((error as WrappedFailure).failures.get('a')).toMatchObject({
      name: 'RangeError',
      message: 'a failed',
    });
    expect([...(error as WrappedFailure).failures.keys()]).toEqual(['a', 'b']);
  });

  it('hides what was taken back', async () => {
    const engine = createEngine(linear('f').add([ok('a'), bad('b')]), serial);
    await expect(engine.run()).rejects.toThrow();
    expect(engine.storage.fetchAll()).toEqual({});
    expect(() => engine.storage.get('a')).toThrow(expect.objectContaining({ code: 'SYMBOL_NOT_FOUND' }));
    expect(engine.storage.failures.get('b')).toBeInstanceOf(RangeError);
  });

  it('does not start the siblings that wait when a task fails', async () => {
    const story: string[] = [];
    const noted = (name: string) => task(name, { execute: () => void story.push(name) });
    await expect(run(unordered('f').add([bad('a'), noted('b'), noted('c')]), serial)).rejects.toThrow(
      'a failed',
    );
    expect(story).toEqual([]);
  });

  it("leaves the caller's store as it was, and gives each task its own copy", async () => {
    const list = Object.freeze([1, 2]);
    const grow = task('grow', {
      requires: ['list'],
      provides: 'grown',
      execute({ list }: { list: number[] }) {
        list.push(3);
        return list;
      },
    });
    const flow = linear('f').add(grow, grow.as('again', { provides: 'again' }));
    expect(await run(flow, { ...serial, store: { list } as unknown as { list: number[] } })).toEqual({
      grown: [1, 2, 3],
      again: [1, 2, 3],
    });
    expect(list).toEqual([1, 2]);
  });

  it('fails the task whose argument is missing from the result that should hold it, and reverts', async () => {
    const story: string[] = [];
    const part = task('part', {
      provides: { x: 'x' },
      execute: () => ({}) as { x: number },
      revert: () => void story.push('part reverted'),
    });
    const use = task('use', {
      requires: ['x'],
      execute: ({ x }: { x: number }) => x,
      revert: () => void story.push('use reverted'),
    });
    const engine = createEngine(linear('f').add(part, use), serial);
    await expect(engine.run()).rejects.toMatchObject({ code: 'PROVIDED_MISSING' });
    expect(story).toEqual(['part reverted']);
    expect(engine.storage.flowState).toBe('REVERTED');
  });
});

describe('revert', () => {
  it('is told the result, the own error and the failures of all', async () => {
    const told: unknown[] = [];
    const a = task('a', {
      provides: 'a',
      execute: () => ({ file: 'a.txt' }),
      revert: (_args, _context, undo) =>
        void told.push(['a', undo.result, undo.failure, [...undo.failures.keys()]]),
    });
    const b = task('b', {
      requires: ['a'],
      execute: (_: { a: { file: string } }) => {
        throw new TypeError('no');
      },
      revert: ({ a }, context, undo) =>
        void told.push([context.name, a, undo.result, undo.failure?.message, undo.failures.get('b')?.name]),
    });
    await expect(run(linear('f').add(a, b), serial)).rejects.toThrow(TypeError);
    expect(told).toEqual([
      ['b', { file: 'a.txt' }, undefined, 'no', 'TypeError'],
      ['a', { file: 'a.txt' }, undefined, ['b']],
    ]);
  });

  it('that fails leaves the flow FAILURE and reaches the caller', async () => {
    const a = task('a', { execute: () => 1, revert: () => 'never called' });
    const b = task('b', {
      execute: () => 2,
      revert: () => {
        throw new SyntaxError('stuck');
      },
    });
    const engine = createEngine(linear('f').add([a, b, bad('c')]) as AnyUnit, serial);
    await expect(engine.run()).rejects.toThrow(SyntaxError);
    const { storage } = engine;
    expect(storage.flowState).toBe('FAILURE');
    expect([...'abc'].map((name) => storage.atomState(name))).toEqual([
      'SUCCESS',
      'REVERT_FAILURE',
      'REVERTED',
    ]);
    expect(storage.revertFailures.get('b')).toMatchObject({ message: 'stuck' });
  });

  it('keeps what it returns', async () => {
    const a = task('a', { execute: () => 1, revert: () => 'undone' });
    const engine = createEngine(linear('f').add([a, bad('b')]) as AnyUnit, serial);
    await expect(engine.run()).rejects.toThrow();
    expect(engine.storage.revertResult('a')).toBe('undone');
  });
});

describe('phases', () => {
  it('what is no flow is refused at the door', () => {
    expect(() => createEngine(undefined as unknown as AnyUnit)).toThrow(
      expect.objectContaining({ code: 'UNIT_INVALID' }),
    );
  });

  it('a retry is no flow, and the message says where it belongs', () => {
    expect(() => createEngine(times(2) as unknown as AnyUnit)).toThrow(
      'createEngine(): a task or a flow is wanted, not a retry',
    );
  });

  it('are refused out of order', () => {
    const engine = createEngine(linear('f'));
    for (const call of [
      () => engine.prepare(),
      () => engine.validate(),
      () => engine.suspend(),
      () => engine.reset(),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ENGINE_STATE_INVALID' }));
    }
    engine.compile();
    expect(() => engine.validate()).toThrow(expect.objectContaining({ code: 'ENGINE_STATE_INVALID' }));
    engine.prepare();
    engine.validate();
    engine.compile();
  });

  it('a second run at once is refused', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    const first = engine.run();
    await expect(engine.run()).rejects.toMatchObject({ code: 'ENGINE_LOCKED' });
    await first;
    expect(await engine.run()).toEqual({ a: 'a done' });
    expect(engine.storage.attempts('a')).toBe(1);
  });

  it('a closed engine runs no more', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    await engine.close();
    await engine.close();
    await expect(engine.run()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  });

  it('after REVERTED the next run starts anew', async () => {
    let fails = true;
    const flaky = task('flaky', {
      execute: () => {
        if (fails) throw new Error('not yet');
        return 1;
      },
    });
    const engine = createEngine(linear('f').add([ok('a'), flaky]) as AnyUnit, serial);
    await expect(engine.run()).rejects.toThrow('not yet');
    fails = false;
    await engine.run();
    expect(engine.storage.flowState).toBe('SUCCESS');
    expect(engine.storage.failures.size).toBe(0);
    expect(engine.storage.attempts('flaky')).toBe(2);
  });

  it('reset puts everything back to PENDING', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    await engine.run();
    engine.reset();
    expect(engine.storage.flowState).toBe('PENDING');
    expect(engine.storage.atomState('a')).toBe('PENDING');
    expect(await engine.run()).toEqual({ a: 'a done' });
    expect(engine.storage.attempts('a')).toBe(2);
  });
});

describe('suspend', () => {
  it('lets the running tasks end, starts no more, and the next run goes on', async () => {
    const executor = new ManualTaskExecutor();
    const engine = createEngine(linear('f').add(ok('a'), ok('b')), { executor });
    const first = engine.run();
    await executor.idle();
    await executor.begin('a');
    engine.suspend();
    engine.suspend();
    expect(engine.storage.flowState).toBe('SUSPENDING');
    await executor.settle('a');
    expect(await first).toEqual({ a: 'a done' });
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(engine.storage.atomState('b')).toBe('PENDING');
    const second = engine.run();
    await executor.settleAll();
    expect(await second).toEqual({ a: 'a done', b: 'b done' });
    expect(engine.storage.attempts('a')).toBe(1);
  });

  it('leaves the queued ones PENDING, though the executor still has them', async () => {
    const executor = new ManualTaskExecutor({ concurrency: 1 });
    const engine = createEngine(unordered('f').add(ok('a'), ok('b')), { executor });
    const first = engine.run();
    await executor.idle();
    await executor.begin('a');
    engine.suspend();
    await executor.settle('a');
    await first;
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(engine.storage.atomState('b')).toBe('PENDING');
    const second = engine.run();
    await executor.settleAll();
    expect(await second).toEqual({ a: 'a done', b: 'b done' });
    expect(engine.storage.attempts('b')).toBe(1);
  });
});

describe('signal', () => {
  it('that is aborted already starts nothing', async () => {
    const signal = AbortSignal.abort('never mind');
    const engine = createEngine(linear('f').add(ok('a')), { ...serial, signal });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED', cause: 'never mind' });
    expect(engine.storage.flowState).toBe('PENDING');
  });

  it("aborts the running task's own signal and takes back all that ran", async () => {
    const stop = new AbortController();
    const story: string[] = [];
    const a = task('a', { execute: () => 1, revert: () => void story.push('a reverted') });
    const b = task('b', {
      execute: (_args: object, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          stop.abort(new Error('enough'));
        }),
      revert: () => void story.push('b reverted'),
    });
    const engine = createEngine(linear('f').add([a, b, ok('c')]) as AnyUnit, {
      ...serial,
      signal: stop.signal,
    });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED', cause: { message: 'enough' } });
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(story).toEqual(['b reverted', 'a reverted']);
    expect(engine.storage.atomState('c')).toBe('PENDING');
  });

  it("with onAbort 'suspend' keeps what ran", async () => {
    const stop = new AbortController();
    const a = task('a', {
      provides: 'a',
      execute(_args: object, { signal }) {
        stop.abort();
        return signal.aborted;
      },
    });
    const engine = createEngine(linear('f').add(a, ok('b')), {
      ...serial,
      signal: stop.signal,
      onAbort: 'suspend',
    });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED' });
    expect(engine.storage.flowState).toBe('SUSPENDED');
    expect(engine.storage.get('a')).toBe(false);
  });

  it('reaches who listens to the signal of a call, as an executor of your own may', async () => {
    const heard: unknown[] = [];
    class Listening extends SerialTaskExecutor {
      override execute(...[what, args, call]: Parameters<SerialTaskExecutor['execute']>): Coming {
        const { signal } = call;
        const gone = (): void => void heard.push('gone');
        signal?.addEventListener('abort', gone);
        signal?.removeEventListener('abort', gone);
        signal?.addEventListener('abort', () => heard.push([signal.aborted, signal.reason]), { once: true });
        return super.execute(what, args, call);
      }
    }
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborting = task('a', { execute: () => controller.abort(reason) });
    await expect(
      run(aborting, { executor: new Listening(), signal: controller.signal }),
    ).rejects.toMatchObject({
      code: 'FLOW_ABORTED',
    });
    expect(heard).toEqual([[true, reason]]);
  });

  it('may be shared by ten thousand engines', async () => {
    const warnings: string[] = [];
    const hear = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', hear);
    const { signal } = new AbortController();
    const executor = new SerialTaskExecutor();
    await Promise.all(Array.from({ length: 10_000 }, () => run(ok('a'), { executor, signal })));
    await new Promise(setImmediate);
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });
});

describe('signal, at odd moments', () => {
  /** Ends when its signal is aborted, and only then. */
  const heeding = (name: string) =>
    task(name, {
      execute: (_args: object, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    });

  it("stops one run with onAbort 'suspend', and the next one goes on to the end", async () => {
    const stop = new AbortController();
    const a = task('a', { provides: 'a', execute: () => stop.abort() });
    const options = { ...serial, signal: stop.signal, onAbort: 'suspend' } as const;
    const engine = createEngine(linear('f').add(a, ok('b')), options);
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED' });
    expect(await engine.run()).toEqual({ a: undefined, b: 'b done' });
    expect(await engine.run()).toEqual({ a: undefined, b: 'b done' });
  });

  it('that comes after the end changes nothing', async () => {
    const stop = new AbortController();
    const engine = createEngine(linear('f').add(ok('a')), { ...serial, signal: stop.signal });
    await engine.run();
    stop.abort();
    expect(await engine.run()).toEqual({ a: 'a done' });
  });

  it('that comes while the flow suspends reaches the running task, and reverts what ran', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const a = task('a', { execute: () => 1, revert: () => void told.push('-a') });
    const engine = createEngine(linear('f').add([a, heeding('b')]) as AnyUnit, {
      ...serial,
      signal: stop.signal,
    });
    engine.on('atom', ({ name, state }) => {
      if (name !== 'b' || state !== 'RUNNING') return;
      engine.suspend();
      setImmediate(() => stop.abort());
    });
    await expect(engine.run()).rejects.toMatchObject({ code: 'FLOW_ABORTED' });
    expect(engine.storage.flowState).toBe('REVERTED');
    expect(told).toEqual(['-a']);
  });

  it('that comes while a failure is taken back anyway does not hide the failure', async () => {
    const stop = new AbortController();
    const engine = createEngine(unordered('f').add(heeding('a'), bad('b')), {
      executor: new ManualTaskExecutor({ auto: true }),
      signal: stop.signal,
    });
    engine.on('atom', ({ name, state }) => {
      if (name === 'b' && state === 'REVERTING') stop.abort(new Error('enough'));
    });
    const error = await engine.run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WrappedFailure);
    expect((error as WrappedFailure).failures.get('b')).toBeInstanceOf(RangeError);
  });
});

describe('suspend and close, at odd moments', () => {
  it('in the listener of RUNNING: nothing starts', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    engine.on('flow', ({ state }) => {
      if (state === 'RUNNING' && engine.storage.attempts('a') === 0) engine.suspend();
    });
    expect(await engine.run()).toEqual({});
    expect(engine.storage.flowState).toBe('SUSPENDED');
  });

  it('right after run(): nothing starts', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    const done = engine.run();
    engine.suspend();
    expect(await done).toEqual({});
    expect(engine.storage.flowState).toBe('SUSPENDED');
  });

  it('close in the listener of RUNNING: suspended, and no word of a stopped executor', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    let closed: Promise<void> | null = null;
    engine.on('flow', ({ state }) => {
      if (state === 'RUNNING') closed = engine.close();
    });
    expect(await engine.run()).toEqual({});
    await closed;
    expect(engine.storage.flowState).toBe('SUSPENDED');
  });

  it('close ends though the executor never starts', async () => {
    const executor = Object.assign(new SerialTaskExecutor(), { start: () => new Promise<void>(() => {}) });
    const engine = createEngine(linear('f').add(ok('a')), { executor });
    const done = engine.run();
    await engine.close();
    await expect(done).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  });

  it('close with a timeout does not wait for a task on a shared executor', async () => {
    const executor = new SerialTaskExecutor();
    const never = task('never', { execute: () => new Promise(() => {}) });
    const engine = createEngine(never, { executor });
    const begun = new Promise<void>((resolve) => engine.on('atom', () => resolve()));
    void engine.run();
    await begun;
    await engine.close({ timeout: 10 });
    await executor.stop({ timeout: 10 });
  });
});

describe('events', () => {
  it('tell of every state, with the result and the time', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    const story: unknown[] = [];
    engine.on('flow', ({ name, oldState, state }) => story.push([name, oldState, state]));
    engine.on('atom', ({ name, oldState, state, result }) => story.push([name, oldState, state, result]));
    await engine.run();
    expect(story).toEqual([
      ['f', 'PENDING', 'RUNNING'],
      ['a', 'PENDING', 'RUNNING', undefined],
      ['a', 'RUNNING', 'SUCCESS', 'a done'],
      ['f', 'RUNNING', 'SUCCESS'],
    ]);
  });

  it('tell of failures and reverts', async () => {
    const engine = createEngine(linear('f').add([ok('a'), bad('b')]), serial);
    const events: AtomEvent[] = [];
    engine.on('atom', (event) => events.push(event));
    await expect(engine.run()).rejects.toThrow();
    expect(events.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'a RUNNING',
      'a SUCCESS',
      'b RUNNING',
      'b FAILURE',
      'b REVERTING',
      'b REVERTED',
      'a REVERTING',
      'a REVERTED',
    ]);
    expect(events[3]?.failure).toBeInstanceOf(RangeError);
  });

  it('come from listeners that throw without changing the run', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const engine = createEngine(linear('f').add(ok('a')), serial);
    engine.on('atom', () => {
      throw null;
    });
    engine.on('atom', (async () => {
      throw new Error('late');
    }) as () => void);
    expect(await engine.run()).toEqual({ a: 'a done' });
    expect((await warned).message).toContain("A listener of 'atom' threw");
  });

  it('stop when told so', async () => {
    const engine = createEngine(linear('f').add(ok('a')), serial);
    let heard = 0;
    engine.on('flow', () => void heard++)();
    await engine.run();
    expect(heard).toBe(0);
  });

  it('bring progress and log lines, before the outcome', async () => {
    const a = task('a', {
      execute: (_args: object, { progress, log }) => {
        progress(0.5, { phase: 'half' });
        log.info('hello', { n: 1 });
      },
    });
    const engine = createEngine(a, serial);
    const story: unknown[] = [];
    engine.on('progress', ({ name, fraction, details }) => story.push([name, fraction, details]));
    engine.on('log', ({ level, message, details }) => story.push([level, message, details]));
    engine.on('atom', ({ state }) => story.push(state));
    await engine.run();
    expect(story).toEqual(['RUNNING', ['a', 0.5, { phase: 'half' }], ['info', 'hello', { n: 1 }], 'SUCCESS']);
    expect(engine.storage.progress('a')).toMatchObject({ fraction: 1 });
  });
});

it('a listener cannot change what the next one hears', async () => {
  const warned = new Promise<string>((resolve) => process.once('warning', ({ message }) => resolve(message)));
  const engine = createEngine(linear('f').add(ok('a')), serial);
  const heard: string[] = [];
  engine.on('atom', (event) => Object.assign(event, { state: 'IGNORE' }));
  engine.on('atom', ({ state }) => heard.push(state));
  await engine.run();
  expect(heard).toEqual(['RUNNING', 'SUCCESS']);
  expect(await warned).toContain("A listener of 'atom' threw: TypeError");
});

describe('the events of one atom', () => {
  const chatty = (name: string) =>
    task(name, {
      execute(_args, { progress, log }) {
        progress(0.5);
        log.info(`from ${name}`);
      },
    });

  it('are heard by who asked for them, after those who hear all, and by nobody else', async () => {
    const story: string[] = [];
    const engine = createEngine(linear('f').add(chatty('a'), chatty('b')), serial);
    engine.on('atom', ({ name, state }) => story.push(`one ${name} ${state}`), { atom: 'b' });
    engine.on('progress', ({ name, fraction }) => story.push(`one ${name} ${fraction}`), { atom: 'b' });
    engine.on('log', ({ message }) => story.push(`one ${message}`), { atom: 'b' });
    engine.on('log', ({ message }) => story.push(`all ${message}`));
    engine.on('log', ({ message }) => story.push(`none ${message}`), { atom: 'not in the flow' });
    await engine.run();
    expect(story).toEqual([
      'all from a',
      'one b RUNNING',
      'one b 0.5',
      'all from b',
      'one from b',
      'one b SUCCESS',
    ]);
  });

  it('are no longer heard when that was stopped, whoever else listens to the same', async () => {
    const heard: string[] = [];
    const engine = createEngine(linear('f').add(ok('a')), serial);
    const hear = ({ state }: AtomEvent): void => void heard.push(state);
    const stop = engine.on('atom', hear, { atom: 'a' });
    engine.on('atom', hear, { atom: 'a' });
    await engine.run();
    expect(heard).toEqual(['RUNNING', 'RUNNING', 'SUCCESS', 'SUCCESS']);
    stop();
    stop();
    engine.reset();
    expect(heard.slice(4)).toEqual(['PENDING']);
  });

  it('may be asked for by any name, whatever objects have by birth', async () => {
    const heard: string[] = [];
    const engine = createEngine(linear('f').add(ok('constructor')), serial);
    for (const atom of ['constructor', '__proto__', 'toString'])
      engine.on('atom', ({ state }) => heard.push(`${atom} ${state}`), { atom });
    await engine.run();
    expect(heard).toEqual(['constructor RUNNING', 'constructor SUCCESS']);
  });

  it.each([
    ['atom', { name: 'a' }, "on('atom') has no option 'name'. There are: atom."],
    ['atom', { atom: 5 }, 'a string that is not empty'],
    ['log', { atom: '' }, 'a string that is not empty'],
    ['progress', null, 'must be an object'],
    ['flow', { atom: 'a' }, "on('flow') has no option 'atom'"],
  ])('on(%j, …, %j) is refused', (kind, options, message) => {
    const engine = createEngine(linear('f'), serial);
    const listen = () => engine.on(kind as 'atom', () => {}, options as never);
    expect(listen).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(listen).toThrow(message);
  });
});

describe('options', () => {
  it('of on() and inject() are checked too', () => {
    const engine = createEngine(linear('f'), serial);
    expect(() => engine.on('atoms' as never, () => {})).toThrow("Did you mean 'atom'?");
    expect(() => engine.on('atom', 5 as never)).toThrow('must be a function');
    expect(() => engine.storage.inject(null as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it.each([
    [{ store: new Map() }, 'an object'],
    [{ storre: {} }, "has no option 'storre'. Did you mean 'store'?"],
    [{ threads: 0 }, "'threads' of createEngine() must be a whole number, at least 1"],
    [{ threads: 2, executor: 'serial' }, "needs the executor 'threads'"],
    [{ executor: 'process' }, "'threads', 'serial' or a task executor"],
    [{ executor: {} }, "'threads', 'serial' or a task executor"],
    [{ flowId: '' }, 'a string of 1 to 1000 characters'],
    [{ flowId: 'x'.repeat(1001) }, 'a string of 1 to 1000 characters'],
    [{ services: { now: 1 } }, 'functions'],
    [{ signal: {} }, 'an AbortSignal'],
    [{ onAbort: 'explode' }, "'suspend' or 'revert'"],
    [{ store: [] }, 'an object'],
  ])('%j are refused', (options, message) => {
    const make = () => createEngine(linear('f'), options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(make).toThrow(message);
  });

  it('a store value that cannot be encoded is refused before anything runs, with its path', async () => {
    const a = task('a', { requires: ['x'], execute: (_: { x: unknown }) => 1 });
    const store = { x: { items: [{ go: () => {} }] } };
    await expect(run(a, { ...serial, store })).rejects.toThrow('x.items[0].go');
  });
});

describe('an executor that breaks the rules', () => {
  const broken = (execute: () => unknown) =>
    Object.assign(new SerialTaskExecutor(), { execute }) as unknown as SerialTaskExecutor;

  it.each([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
    ['answers with junk', () => Promise.resolve('junk')],
    ['answers with nothing', () => Promise.resolve(undefined)],
  ])('%s: the task fails with a code and the flow is taken back', async (_, execute) => {
    const engine = createEngine(linear('f').add(ok('a')), { executor: broken(execute) });
    await expect(engine.run()).rejects.toMatchObject({ code: 'EXECUTOR_FAILED' });
    expect(engine.storage.flowState).toBe('REVERTED');
  });

  it('its own error is the cause', async () => {
    const executor = broken(() => {
      throw new Error('the very reason');
    });
    await expect(run(ok('a'), { executor })).rejects.toMatchObject({ cause: { message: 'the very reason' } });
  });
});

describe('an executor that answers by half', () => {
  const answering = (outcome: unknown) =>
    Object.assign(new SerialTaskExecutor(), {
      execute: async (_task: unknown, _args: unknown, call: { begin(): boolean }) => {
        if (outcome !== 'begun') return outcome;
        call.begin();
        return { kind: 'executed', result: 1, elapsed: 0 };
      },
    }) as unknown as SerialTaskExecutor;

  it.each([
    ['without begin()', { kind: 'executed', result: 1, absent: [], elapsed: 0 }, 'did not call begin'],
    ['with a bigint for a kind', { kind: 1n }, 'of the kind the number 1'],
    ['with a revert', { kind: 'reverted', result: 1, elapsed: 0 }, 'of the kind'],
    ['without the list of what is absent', 'begun', 'lacks the list absent'],
    ['with an error for a failure', { kind: 'refused', failure: new Error('real') }, 'lacks a failure'],
    ['with no failure', { kind: 'refused', failure: null }, 'lacks a failure'],
    [
      'with a kind that throws',
      {
        get kind() {
          throw new TypeError('look away');
        },
      },
      'look away',
    ],
  ])('%s: the task fails, and the engine is in a defined state', async (_, outcome, why) => {
    const engine = createEngine(linear('f').add(ok('a')), { executor: answering(outcome) });
    const error = await engine.run().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'EXECUTOR_FAILED',
      cause: { message: expect.stringContaining(why) },
    });
    expect(engine.storage.flowState).toBe('REVERTED');
    engine.reset();
  });
});

it('the detail of an atom has its id, its version and its record, as a copy', async () => {
  const engine = createEngine(task('a', { version: '2.1', execute: () => 1 }), serial);
  const before = engine.storage.atomDetail('a');
  await engine.run();
  const after = engine.storage.atomDetail('a');
  expect(before).toMatchObject({ name: 'a', version: '2.1', state: 'PENDING', attempt: 0 });
  expect(after).toMatchObject({ uuid: before.uuid, state: 'SUCCESS', attempt: 1 });
  expect(after.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

describe('names that try to break it', () => {
  it.each(['__proto__', 'constructor', 'toString', 'then', 'a.b[0]', '😀', 'x'.repeat(10_000)])(
    '%s',
    async (name) => {
      const give = task(name, { provides: name, execute: () => name });
      const take = task(`${name}!`, {
        requires: [name],
        provides: `${name}?`,
        execute: (args: Record<string, unknown>) =>
          Object.getOwnPropertyDescriptor(args, name)?.value as unknown,
      });
      const engine = createEngine(linear(name).add([give, take]) as AnyUnit, serial);
      await engine.run();
      expect(engine.storage.fetch(`${name}?`)).toBe(name);
      expect(engine.storage.atomState(name)).toBe('SUCCESS');
      expect(Object.prototype).not.toHaveProperty('polluted');
    },
  );
});
