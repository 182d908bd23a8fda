/** Values that are held against schemas: arguments, results and the store, on every executor. */
import {
  type AnyTask,
  type AnyUnit,
  createEngine,
  type Engine,
  type EngineOptions,
  linear,
  run,
  SerialTaskExecutor,
  type TaskExecutor,
  TaskloomError,
  ThreadPoolTaskExecutor,
  task,
  times,
  unordered,
} from 'taskloom';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

type Reusable = AnyTask & { as(name: string, options?: object): AnyTask };
type Vendors = Record<'zod' | 'valibot' | 'arktype', Reusable>;
const tasks = (await import(new URL('../fixtures/scenarios/validated.mjs', import.meta.url).href)) as Record<
  'give' | 'transforms' | 'whole' | 'positions' | 'properties' | 'ofMap' | 'revertsBadly' | 'fails' | 'later',
  Reusable
> & { takes: Vendors; returns: Vendors; broken: Record<string, Reusable> };

const FITS = { sizes: [{ w: 1 }, { w: 2 }] };
const MISFIT = { sizes: [{ w: 1 }, { w: 'wide' }] };
const give = (what: unknown): AnyTask => tasks.give.as('give', { inject: { what } });
const serial = { executor: 'serial' } as const;

interface Played {
  readonly engine: Engine;
  readonly result: Readonly<Record<string, unknown>>;
  readonly error: TaskloomError;
  /** What the tasks logged, by task, with the details. */
  readonly said: readonly (readonly [string, unknown])[];
}

async function play(flow: AnyUnit, options: EngineOptions<AnyUnit>): Promise<Played> {
  const engine = createEngine(flow, options);
  const said: [string, unknown][] = [];
  engine.on('log', ({ name, message, details }) => said.push([`${name} ${message}`, details]));
  let result = {};
  let error: unknown = null;
  try {
    result = await engine.run();
  } catch (thrown) {
    error = thrown;
  }
  await engine.close();
  return { engine, result, error: error as TaskloomError, said };
}

const threads = new ThreadPoolTaskExecutor({ threads: 1 });
afterAll(() => threads.stop());
const EXECUTORS: readonly (readonly [string, () => TaskExecutor])[] = [
  ['serial', () => new SerialTaskExecutor()],
  ['threads', () => threads],
];

describe.each(EXECUTORS)('on the executor %s', (_, executor) => {
  describe.each(['zod', 'valibot', 'arktype'] as const)('%s', (vendor) => {
    it('lets pass what fits, as an argument and as a result', async () => {
      for (const kind of ['takes', 'returns'] as const) {
        const { result } = await play(linear('f').add([give(FITS), tasks[kind][vendor]]), {
          executor: executor(),
        });
        expect(result).toMatchObject({ given: FITS });
      }
    });

    it('refuses an argument: the task has not begun and is not reverted', async () => {
      const flow = linear('f').add([give(MISFIT), tasks.takes[vendor]]);
      const { error, engine, said } = await play(flow, { executor: executor() });
      expect(error).toBeInstanceOf(TaskloomError);
      expect(error).toMatchObject({
        code: 'VALUE_INVALID',
        details: {
          atom: `takes ${vendor}`,
          symbol: 'value',
          argument: 'value',
          issues: [{ path: 'value.sizes[1].w', message: expect.stringMatching(/number/i) }],
        },
      });
      expect(error.message).toMatch(
        new RegExp(`^Task 'takes ${vendor}': 'value' does not fit. value\\.sizes\\[1]\\.w: .*number`, 'i'),
      );
      expect(said.map(([words]) => words)).toEqual(['give reverted']);
      expect(engine.storage.flowState).toBe('REVERTED');
    });

    it('fails a task whose result does not fit, and reverts it', async () => {
      const flow = linear('f').add([give(MISFIT), tasks.returns[vendor]]);
      const { error, said } = await play(flow, { executor: executor() });
      expect(error).toMatchObject({
        code: 'VALUE_INVALID',
        details: {
          atom: `returns ${vendor}`,
          symbol: 'given',
          argument: null,
          issues: [{ path: 'given.sizes[1].w' }],
        },
      });
      expect(error.message).toContain(`Task 'returns ${vendor}': the 'given' that it returned does not fit.`);
      expect(said).toEqual([
        [`returns ${vendor} executed`, { value: MISFIT }],
        [`returns ${vendor} reverted`, { args: { value: MISFIT }, code: 'VALUE_INVALID' }],
        ['give reverted', undefined],
      ]);
    });
  });

  it('calls execute and revert with what the schemas output', async () => {
    const store = { text: '12', options: {} };
    const seen = { text: 12, options: { height: 2 } };
    expect(await run(tasks.transforms, { store, executor: executor() } as never)).toEqual({ seen });
    expect(
      await run(tasks.transforms, { store: { ...store, more: '3.5' }, executor: executor() } as never),
    ).toEqual({ seen: { ...seen, more: 3.5 } });
    const { said, error } = await play(linear('f').add([tasks.transforms, tasks.fails]), {
      store,
      executor: executor(),
    });
    expect(error).toBeInstanceOf(RangeError);
    expect(said).toEqual([['transforms reverted', seen]]);
  });

  it('keeps what the schemas output, in all shapes of provides', async () => {
    const outcomes = await Promise.all(
      [tasks.whole, tasks.positions, tasks.properties, tasks.ofMap].map(async (each) => {
        const { result, engine } = await play(each, { executor: executor() });
        return [result, engine.storage.get(each.name)];
      }),
    );
    expect(outcomes).toEqual([
      [{ a: 8 }, 8],
      // What is absent is not validated: c.
      [{ a: 2, b: 3 }, [2, 3]],
      [
        { a: 2, b: 3 },
        { x: 2, y: 3, free: true },
      ],
      [
        { a: 2 },
        new Map([
          ['x', 2],
          ['y', 3],
        ]),
      ],
    ]);
  });

  it('calls the values by their symbols in this use of the definition', async () => {
    const argument = await play(
      linear('f').add([
        tasks.give.as('give', { inject: { what: MISFIT }, provides: 'measures' }),
        tasks.takes.zod.as('second', { rebind: { value: 'measures' } }),
      ]),
      { executor: executor() },
    );
    expect(argument.error.details).toMatchObject({ atom: 'second', symbol: 'measures', argument: 'value' });
    expect(argument.error.message).toMatch(
      /^Task 'second': 'measures' \(its argument 'value'\) does not fit. measures\.sizes\[1]\.w: /,
    );

    const result = await play(
      linear('f').add([give(MISFIT), tasks.returns.zod.as('second', { provides: 'measures' })]),
      { executor: executor() },
    );
    expect(result.error.details).toMatchObject({ atom: 'second', symbol: 'measures' });

    const injected = await play(tasks.takes.zod.as('second', { inject: { value: MISFIT } }), {
      executor: executor(),
    });
    expect(injected.error.details).toMatchObject({ atom: 'second', symbol: null, argument: 'value' });
    expect(injected.error.message).toContain("Task 'second': its injected argument 'value' does not fit.");
  });

  it('takes an argument of revert that does not fit as a failure of the revert', async () => {
    const flow = linear('f').add([give(5), tasks.revertsBadly, tasks.fails]);
    const { error, engine, said } = await play(flow, { executor: executor() });
    expect(engine.storage.atomState('reverts badly')).toBe('REVERT_FAILURE');
    expect(engine.storage.revertFailures.get('reverts badly')).toMatchObject({
      code: 'VALUE_INVALID',
      message: expect.stringMatching(
        /^The revert of task 'reverts badly': 'value' \(its argument 'trash'\) does not fit\. value: /,
      ),
    });
    expect(error).not.toBeNull();
    expect(said).not.toContainEqual(['reverts badly reverted', undefined]);
  });

  it('waits for schemas that answer later', async () => {
    const good = await play(linear('f').add([give('good'), tasks.later]), { executor: executor() });
    expect(good.result).toMatchObject({ given: 'good!' });
    const bad = await play(linear('f').add([give('bad'), tasks.later]), { executor: executor() });
    expect(bad.error).toMatchObject({
      code: 'VALUE_INVALID',
      message: "Task 'later': 'value' does not fit. value: must not be bad",
    });
  });

  it.each([
    ['throws', 'value: its schema broke: boom'],
    ['rejects', 'value: its schema broke: boom'],
    ['throws null', 'value: its schema broke: '],
    ['answers with nothing', 'value: its schema broke: it answered with undefined'],
    ['answers with a number', 'value: its schema broke: it answered with the number 5'],
    ['answers with an object', 'value: its schema broke: it answered with an object'],
    ['answers later with nothing', 'value: its schema broke: it answered with undefined'],
    ['has no issue', 'value: no reason is given'],
    ['has junk for issues', 'value: no reason is given'],
    ['has junk for an issue', 'value: no reason is given'],
    ['has junk for a path', 'value: bad'],
    ['has odd keys in a path', 'value["a b"]["Symbol(s)"][2]["…"]["…"]: bad'],
  ])('refuses the value when its schema %s', async (name, words) => {
    const { error, said } = await play(linear('f').add([give('x'), tasks.broken[name] as AnyTask]), {
      executor: executor(),
    });
    expect(error).toMatchObject({ code: 'VALUE_INVALID', message: expect.stringContaining(words) });
    expect(said.map(([each]) => each)).toEqual(['give reverted']);
    if (words.endsWith('boom')) expect(error.cause).toMatchObject({ name: 'RangeError', message: 'boom' });
  });
});

/** A schema that counts how often it is asked, and answers with what `answer` says. */
function counting(answer: (value: unknown) => unknown = (value) => ({ value })) {
  let asked = 0;
  const validate = (value: unknown) => {
    asked += 1;
    return answer(value) as { value: unknown };
  };
  const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
  return { schema, asked: () => asked };
}

describe('the store', () => {
  const width = task('needs width', {
    requires: ['w'],
    rebind: { w: 'width' },
    validate: { w: z.object({ px: z.number() }) },
    execute: ({ w }) => w,
  });

  it('is validated before anything runs', async () => {
    const first = task('first', { provides: 'x', execute: () => 1 });
    const flow = linear('f').add(first, width);
    const engine = createEngine(flow, { ...serial, store: { width: { px: '5' } } as never });
    engine.compile();
    engine.prepare();
    expect(() => engine.validate()).toThrow(TaskloomError);
    await expect(engine.run()).rejects.toMatchObject({
      code: 'VALUE_INVALID',
      message: expect.stringMatching(
        /^Task 'needs width': 'width' in the store \(its argument 'w'\) does not fit\. width\.px: .*number/,
      ),
      details: { atom: 'needs width', symbol: 'width', argument: 'w', issues: [{ path: 'width.px' }] },
    });
    expect(engine.storage.flowState).toBe('PENDING');
    expect(engine.storage.atomState('first')).toBe('PENDING');
    engine.storage.inject({ width: { px: 5 } });
    expect(engine.validate()).toBeUndefined();
    expect(await engine.run()).toEqual({ x: 1 });
    await engine.close();
  });

  it('is validated once for each schema, on a copy', async () => {
    const { schema, asked } = counting((value) => {
      (value as { touched: boolean }).touched = true;
      return { value };
    });
    const one = task('one', { requires: ['x'], validate: { x: schema }, execute: ({ x }) => x });
    const flow = unordered('f').add(one, one.as('two'), one.as('three', { inject: { x: {} } }));
    const engine = createEngine(flow, { ...serial, store: { x: {} } });
    engine.compile();
    engine.prepare();
    engine.validate();
    expect(asked()).toBe(1);
    expect(engine.storage.fetch('x')).toEqual({});
    await engine.close();
  });

  it('is validated for what reverts take too, and as it is now', async () => {
    const undo = task('undo', {
      execute() {},
      revertRequires: ['bin'],
      validate: { bin: z.string() },
      revert: ({ bin }) => bin,
    });
    const engine = createEngine(undo, { ...serial, store: { bin: 'there' } });
    engine.compile();
    engine.prepare();
    engine.validate();
    engine.storage.inject({ bin: 5 }, { transient: true });
    expect(() => engine.validate()).toThrow("Task 'undo': 'bin' in the store does not fit. bin: ");
    await engine.close();
  });

  it('is waited for where a schema answers later; what comes after that one is validated as well', async () => {
    const slow = counting(async (value) => ({ value }));
    const wants = task('wants', {
      requires: ['a', 'b'],
      validate: { a: slow.schema, b: z.number() },
      execute() {},
    });
    const engineOf = (b: unknown) => createEngine(wants, { ...serial, store: { a: 1, b } as never });
    const good = engineOf(2);
    good.compile();
    good.prepare();
    expect(await Promise.all([good.validate()])).toEqual([undefined]);
    expect(good.validate()).toBeInstanceOf(Promise);
    await good.run();
    await good.close();
    const bad = engineOf('2');
    await expect(bad.run()).rejects.toThrow("Task 'wants': 'b' in the store does not fit.");
    expect(bad.storage.atomState('wants')).toBe('PENDING');
    await bad.close();
  });

  it('does not hold up close() when a schema never answers', async () => {
    const never = counting(() => new Promise(() => {}));
    const waits = task('waits', { requires: ['a'], validate: { a: never.schema }, execute() {} });
    const engine = createEngine(waits, { ...serial, store: { a: 1 } });
    const ended = expect(engine.run()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    await engine.close();
    await ended;
  });
});

describe('validators', () => {
  it('hold for an argument and a symbol of one name, and of any name', async () => {
    const schema = z.number().transform((n) => n + 1);
    const key = '__proto__';
    const odd = task('odd', {
      requires: [key],
      provides: { [key]: key },
      validate: { [key]: schema },
      execute: (args: Record<string, number>) => ({ [key]: Number(args[key]) * 10 }),
    } as never) as AnyTask;
    const result = await run(odd, { ...serial, store: { [key]: 4 } } as never);
    expect(Object.entries(result as object)).toEqual([[key, 51]]);
  });

  it('hold only for the parts that have a symbol in this use', async () => {
    const parts = task('parts', {
      provides: { a: 'x', b: 'y' },
      validate: { a: z.number(), b: z.number().max(5) },
      execute: () => ({ x: 1, y: 10 }),
    });
    await expect(run(parts, serial)).rejects.toThrow("the 'b' that it returned does not fit. b: ");
    expect(await run(parts.as('other', { provides: { c: 'x' } }), serial)).toEqual({ c: 1 });
    await expect(run(parts.as('other', { provides: { c: 'y' } }), serial)).rejects.toThrow("the 'c' that it");
  });

  it('keep the marks of buffers that are shared or moved', async () => {
    const bytes = new Uint8Array(64).fill(7);
    const moves = task('moves', {
      provides: 'moved',
      validate: { moved: z.object({ bytes: z.instanceof(ArrayBuffer) }) },
      execute: (_, { transfer }): { bytes: ArrayBuffer } =>
        transfer(Object.assign({ bytes: bytes.buffer }, { more: 1 }), [bytes.buffer]),
    });
    const { moved } = await run(moves, serial);
    expect(Object.keys(moved)).toEqual(['bytes']);
    expect(new Uint8Array(moved.bytes)[63]).toBe(7);
    expect(bytes.byteLength).toBe(0);

    const shares = task('shares', {
      provides: ['shared', 'n'],
      validate: { shared: z.instanceof(Uint8Array), n: z.number().transform((n) => n + 1) },
      execute: (_, { share }): [Uint8Array, number] => [share(new Uint8Array(100_000)), 1],
    });
    const { shared, n } = await run(shares, serial);
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(n).toBe(2);
  });

  it('put what changes into a copy of the result, with all else that is in it', async () => {
    const key = '__proto__';
    const list = Object.assign([1, 2, 3], { extra: true });
    delete list[1];
    const sparse = task('sparse', {
      provides: ['a'],
      validate: { a: z.number().transform((n) => n * 2) },
      execute: () => Object.freeze(list),
    });
    const object = task('object', {
      provides: { b: 'b' },
      validate: { b: z.number().transform((n) => n * 2) },
      execute: (): { readonly b: number } => Object.freeze({ b: 1, [key]: 5 }),
    });
    const text = task('text', {
      provides: ['c'],
      validate: { c: z.string().transform((letter) => letter.toUpperCase()) },
      execute: () => 'ab' as unknown as string[],
    });
    const engine = createEngine(linear('f').add(sparse, object, text), serial);
    await engine.run();
    const kept = engine.storage.get('sparse') as number[];
    expect(Object.entries(kept)).toEqual([
      ['0', 2],
      ['2', 3],
      ['extra', true],
    ]);
    expect(kept).toHaveLength(3);
    expect(list[0]).toBe(1);
    expect(Object.entries(engine.storage.get('object') as object)).toEqual([
      ['b', 2],
      [key, 5],
    ]);
    expect(engine.storage.get('text')).toEqual(['A', 'b']);
    await engine.close();
  });

  it('fail an attempt that a retry overcomes', async () => {
    const second = task('second', {
      requires: ['attempt'],
      provides: 'done',
      validate: { attempt: z.number().min(2) },
      execute: ({ attempt }) => attempt,
    });
    const flow = linear('f', { retry: times(3, { provides: 'attempt' }) }).add(second);
    expect(await run(flow, serial)).toMatchObject({ done: 2 });
  });

  it('name some of many issues, and keep a bounded number', async () => {
    const many = task('many', {
      requires: ['list'],
      validate: { list: z.array(z.number()) },
      execute: () => {},
    });
    const list = Array.from({ length: 1000 }, () => 'x') as never[];
    const error = await run(many, { ...serial, store: { list } }).then(
      () => null,
      (thrown: TaskloomError) => thrown,
    );
    expect(error?.message).toMatch(/list\[4]: [^;]*; and 995 more$/);
    expect(error?.details['issues']).toHaveLength(100);
  });
});
