import { type AnyTask, linear, task, taskModule } from 'taskloom';
import { describe, expect, test } from 'vitest';
import { refused } from './refused.ts';

/** A Standard Schema that lets everything pass. */
const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };
const execute = (): number => 1;
/** As a caller without types would. */
const untyped = task as unknown as (name: unknown, definition: unknown) => AnyTask;

describe('a task', () => {
  test('is plain data with defaults', () => {
    const made: AnyTask = task('made', {
      requires: ['a', 'b'],
      optional: ['c'],
      rebind: { a: 'x' },
      inject: { b: 5 },
      provides: 'y',
      execute: (args: { a: string; b: number; c?: boolean }) => args,
    });
    expect(made).toMatchObject({ kind: 'task', name: 'made', priority: 0, timeout: null, version: '1.0' });
    expect(made.args).toEqual([
      { name: 'a', symbol: 'x', optional: false },
      { name: 'b', symbol: 'b', optional: false },
      { name: 'c', symbol: 'c', optional: true },
    ]);
    expect(made.revertArgs).toBe(made.args);
    expect([...made.inject]).toEqual([['b', 5]]);
    expect(made.provides).toEqual([{ symbol: 'y', take: null }]);
    expect(made.work).toMatchObject({ name: 'made', module: null, revert: null });
    expect(Object.isFrozen(made)).toBe(true);
    expect(Object.isFrozen(made.args)).toBe(true);
  });

  test('keeps nothing of what was written that could change later', () => {
    const written = { requires: ['a'], inject: { a: 1 }, provides: ['p'], execute };
    const made = untyped('made', written);
    written.requires.push('b');
    written.inject.a = 2;
    written.provides.push('q');
    expect([made.args.length, made.inject.get('a'), made.provides.length]).toEqual([1, 1, 1]);
  });

  test('provides the whole, positions or properties', () => {
    expect(task('t', { provides: ['a', 'b'], execute: () => [1, 2] }).provides).toEqual([
      { symbol: 'a', take: 0 },
      { symbol: 'b', take: 1 },
    ]);
    expect(task('t', { provides: { a: 'k' }, execute: () => ({ k: 1 }) }).provides).toEqual([
      { symbol: 'a', take: 'k' },
    ]);
    expect(task('t', { execute }).provides).toEqual([]);
  });

  test('calls its functions with the definition as this, also one with a class', () => {
    const seen: unknown[] = [];
    class Written {
      execute(): void {
        seen.push(this);
      }
      revert(): void {
        seen.push(this);
      }
    }
    const written = new Written();
    const { work } = untyped('t', written);
    work.execute({}, {} as never);
    work.revert?.({}, {} as never, {} as never);
    expect(seen).toEqual([written, written]);
  });

  test('takes names that objects have by birth', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const made = untyped('__proto__', {
      requires: names,
      inject: JSON.parse('{"__proto__": 5}'),
      provides: ['__proto__', 'hasOwnProperty'],
      execute,
    });
    expect(made.args.map(({ symbol }) => symbol)).toEqual(names);
    expect(made.inject.get('__proto__')).toBe(5);
    expect(made.inject.has('constructor')).toBe(false);
    expect(linear('constructor').add(made).units).toEqual([made]);
  });
});

describe('the arguments of revert', () => {
  const functions = { requires: ['a'], optional: ['o'], execute, revert: execute };
  const shown = (made: AnyTask): string[] =>
    made.revertArgs.map(({ name, symbol, optional }) => `${name}=${symbol}${optional ? '?' : ''}`);

  test.each([
    [{ rebind: { a: 'x' } }, ['a=x', 'o=o?']],
    [{ rebind: { a: 'x' }, revertRebind: { o: 'p' } }, ['a=a', 'o=p?']],
    [{ rebind: { a: 'x' }, revertRebind: {} }, ['a=a', 'o=o?']],
    [{ rebind: { a: 'x' }, revertRequires: ['a', 'r'] }, ['a=x', 'r=r']],
    [{ revertRequires: ['r', 'o'], revertRebind: { r: 's' } }, ['r=s', 'o=o?']],
    [{ revertRequires: [] }, []],
  ])('of %j', (extra, expected) => {
    expect(shown(untyped('t', { ...functions, ...extra }))).toEqual(expected);
  });

  test('follow .as(), unless revertRebind was given', () => {
    const again = { rebind: { a: 'z' } };
    const as = (made: AnyTask): AnyTask =>
      (made as unknown as { as(n: string, o: object): AnyTask }).as('u', again);
    expect(shown(as(untyped('t', { ...functions, rebind: { a: 'x' } })))).toEqual(['a=z', 'o=o?']);
    expect(shown(as(untyped('t', { ...functions, revertRebind: { a: 'r' } })))).toEqual(['a=r', 'o=o?']);
  });
});

describe('.as()', () => {
  const made = task('made', {
    requires: ['a', 'b'],
    rebind: { a: 'x', b: 'y' },
    inject: { b: 1 },
    provides: 'p',
    priority: 2,
    timeout: 10,
    execute: (args: { a: number; b: number }) => args.a,
  });

  test('lays over the definition, which stays as it was', () => {
    const again: AnyTask = made.as('again', {
      rebind: { a: 'z' },
      inject: { a: 7 },
      provides: 'q',
      version: '2',
    });
    expect(again).toMatchObject({ name: 'again', priority: 2, timeout: 10, version: '2' });
    expect(again.work).toBe(made.work);
    expect(again.args.map(({ symbol }) => symbol)).toEqual(['z', 'y']);
    expect(Object.fromEntries(again.inject)).toEqual({ a: 7, b: 1 });
    expect(again.provides).toEqual([{ symbol: 'q', take: null }]);
    expect(made.args.map(({ symbol }) => symbol)).toEqual(['x', 'y']);
    expect(made.inject.size).toBe(1);
  });

  test('refuses what the definition would refuse', () => {
    expect(refused('OPTION_INVALID', () => made.as('u', { execute } as never)).message).toContain(
      "'execute'",
    );
    expect(
      refused('DEFINITION_INVALID', () => made.as('u', { rebind: { z: 'x' } } as never)).message,
    ).toContain("'z'");
    refused('NAME_INVALID', () => made.as(''));
    refused('OPTION_INVALID', () => made.as('u', { timeout: 0 }));
  });
});

test.each([
  ['NAME_INVALID', '', { execute }, 'name of a task'],
  ['NAME_INVALID', 5, { execute }, 'the number 5'],
  ['NAME_INVALID', undefined, { execute }, 'undefined'],
  ['NAME_INVALID', 't', { requires: [''], execute }, "task 't': name 1 of requires"],
  ['NAME_INVALID', 't', { requires: ['a'], rebind: { a: '' }, execute }, "rebind gives to 'a'"],
  ['NAME_INVALID', 't', { provides: '', execute }, 'symbol in provides'],
  ['NAME_INVALID', 't', { provides: { a: 1 }, execute }, "gives to 'a'"],
  ['OPTION_INVALID', 't', undefined, "task 't'"],
  ['OPTION_INVALID', 't', execute, "task 't'"],
  ['OPTION_INVALID', 't', { require: ['a'], execute }, "Did you mean 'requires'?"],
  ['OPTION_INVALID', 't', { retry: {}, execute }, "'retry'"],
  ['OPTION_INVALID', 't', { priority: Number.NaN, execute }, "'priority'"],
  ['OPTION_INVALID', 't', { timeout: -1, execute }, "'timeout'"],
  ['OPTION_INVALID', 't', { timeout: Number.POSITIVE_INFINITY, execute }, "'timeout'"],
  ['OPTION_INVALID', 't', { version: 1, execute }, "'version'"],
  ['DEFINITION_INVALID', 't', {}, 'execute must be a function'],
  ['DEFINITION_INVALID', 't', { execute, revert: 5 }, 'revert must be a function'],
  ['DEFINITION_INVALID', 't', { execute, preExecute: 5 }, 'preExecute must be a function'],
  ['DEFINITION_INVALID', 't', { execute, postExecute: {} }, 'postExecute must be a function'],
  ['DEFINITION_INVALID', 't', { execute, preRevert: execute }, 'preRevert is given, but no revert'],
  ['DEFINITION_INVALID', 't', { execute, postRevert: execute }, 'postRevert is given, but no revert'],
  ['DEFINITION_INVALID', 't', { execute, validate: [] }, 'validate must be an object of schemas by name'],
  ['DEFINITION_INVALID', 't', { execute, requires: ['a'], validate: { b: schema } }, "validate names 'b'"],
  [
    'DEFINITION_INVALID',
    't',
    { execute, requires: ['a'], rebind: { a: 'b' }, validate: { b: schema } },
    "(there are: 'a')",
  ],
  [
    'DEFINITION_INVALID',
    't',
    { execute, requires: ['a'], validate: { toString: schema } },
    "validate names 'toString'",
  ],
  [
    'DEFINITION_INVALID',
    't',
    { execute, requires: ['a'], validate: { a: {} } },
    "for 'a' is no Standard Schema",
  ],
  [
    'DEFINITION_INVALID',
    't',
    { execute, requires: ['a'], validate: { a: Number } },
    "for 'a' is no Standard",
  ],
  [
    'DEFINITION_INVALID',
    't',
    { execute, provides: 'a', validate: { a: undefined } },
    "for 'a' is no Standard",
  ],
  [
    'DEFINITION_INVALID',
    't',
    { execute, requires: ['a'], validate: { a: { '~standard': { validate: true } } } },
    "for 'a' is no Standard",
  ],
  [
    'DEFINITION_INVALID',
    't',
    { execute, provides: { a: 'w', b: 'w' }, validate: { a: schema, b: schema } },
    "two schemas for one part of the result, the second is 'b'",
  ],
  ['DEFINITION_INVALID', 't', { execute, requires: 'a' }, 'requires must be an array'],
  ['DEFINITION_INVALID', 't', { execute, requires: ['a', 'a'] }, "'a' is listed twice"],
  ['DEFINITION_INVALID', 't', { execute, requires: ['a'], optional: ['a'] }, "'a' is listed twice"],
  ['DEFINITION_INVALID', 't', { execute, requires: ['a'], rebind: { b: 'x' } }, "rebind names 'b'"],
  ['DEFINITION_INVALID', 't', { execute, requires: ['a'], inject: { b: 1 } }, "inject names 'b'"],
  [
    'DEFINITION_INVALID',
    't',
    { execute, requires: ['a'], inject: { toString: 1 } },
    "inject names 'toString'",
  ],
  ['DEFINITION_INVALID', 't', { execute, rebind: ['x'] }, 'rebind must be an object'],
  ['DEFINITION_INVALID', 't', { execute, provides: ['a', 'a'] }, "'a' is listed twice"],
  ['DEFINITION_INVALID', 't', { execute, provides: 5 }, 'provides must be'],
  ['DEFINITION_INVALID', 't', { execute, revertRequires: ['a'] }, 'no revert'],
  ['DEFINITION_INVALID', 't', { execute, revertRebind: {} }, 'no revert'],
  [
    'DEFINITION_INVALID',
    't',
    { execute, revert: execute, revertRebind: { z: 'x' } },
    "revertRebind names 'z'",
  ],
] as const)('%s: task(%j, %j)', (code, name, definition, words) => {
  expect(refused(code, () => untyped(name, definition)).message).toContain(words);
});

describe('taskModule()', () => {
  const REGISTRY = Symbol.for('taskloom.registry');
  const registry = (): Map<string, Map<string, unknown>> => Reflect.get(globalThis, REGISTRY);

  test('notes what a module defines, in one list for all calls', () => {
    const a = taskModule('file:///a.js')('one', { execute });
    const b = taskModule('file:///a.js')('two', { execute });
    expect(a.work.module).toBe('file:///a.js');
    expect([...(registry().get('file:///a.js') ?? [])]).toEqual([
      ['one', a.work],
      ['two', b.work],
    ]);
  });

  test('refuses two tasks of one name in one module, and no more', () => {
    const define = taskModule('file:///twice.js');
    const first = define('twin', { execute });
    const { message } = refused('TASK_DUPLICATE', () => define('twin', { execute }));
    expect(message).toContain("'twin'");
    expect(message).toContain('file:///twice.js');
    expect(registry().get('file:///twice.js')?.get('twin')).toBe(first.work);
    taskModule('file:///twice.js?again')('twin', { execute });
    first.as('twin');
  });

  test('notes nothing of a definition that it refuses', () => {
    refused('DEFINITION_INVALID', () => taskModule('file:///bad.js')('t', {} as never));
    expect(registry().has('file:///bad.js')).toBe(false);
  });

  test.each([
    [undefined, 'undefined'],
    [5, 'the number 5'],
    ['', "''"],
    ['./tasks.js', 'a path or a name'],
    ['/src/tasks.ts', 'a path or a name'],
    ['C:\\tasks.js', 'C:'],
    ['http://localhost/tasks.js', 'http: URLs'],
    ['data:text/javascript,1', 'data: URLs'],
    ['webpack-internal:///./tasks.js', 'webpack-internal: URLs'],
    ['blob:nodedata:1', 'blob: URLs'],
  ])('refuses %j', (url, words) => {
    const { message } = refused('MODULE_URL_INVALID', () => taskModule(url as string));
    expect(message).toContain(words);
    expect(message).toContain('pass import.meta.url');
  });
});
