import { types } from 'node:util';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskloomError } from '../src/errors.ts';
import { type Failure, failureFrom } from '../src/failure.ts';
import { errorFrom, registerError, WrappedFailure } from '../src/revival.ts';

/** Not written as a key, which lint takes for a mistake. */
const THEN = 'then';

/** What the other side of a thread sees. */
const across = (thrown: unknown): Error => errorFrom(structuredClone(failureFrom(thrown)));

function expectSame(found: Error, error: Error): void {
  expect(found.name).toBe(error.name);
  expect(found.message).toBe(error.message);
  expect(found.stack).toBe(error.stack);
  expect(Object.keys(found).sort()).toEqual(Object.keys(error).sort());
  expect([true, DOMException]).toContain(types.isNativeError(found) || Object(found).constructor);
}

describe('errors keep their class and parts', () => {
  it.each([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])('%o', (Class) => {
    const error = Object.assign(new Class('broken', { cause: new Error('below') }), {
      code: 'E_X',
      errno: -2,
    });
    const found = across(error);
    expectSame(found, error);
    expect(Object.getPrototypeOf(found)).toBe(Class.prototype);
    expect(found).toMatchObject({ code: 'E_X', errno: -2 });
    expectSame(found.cause as Error, error.cause as Error);
  });

  it('AggregateError with its errors, none of them an Error too', () => {
    const found = across(new AggregateError([new TypeError('a'), 'text', null], 'several')) as AggregateError;
    expect(found).toBeInstanceOf(AggregateError);
    expect(found.errors[0]).toBeInstanceOf(TypeError);
    expect(found.errors.slice(1)).toEqual(['text', null]);
    expect(Object.keys(found)).toEqual([]);
  });

  it('DOMException, which Node 20 can not clone', () => {
    const error = new DOMException('stopped', 'AbortError');
    const found = across(error);
    expect(found).toBeInstanceOf(DOMException);
    expectSame(found, error);
    expect(found).toMatchObject({ code: 20 });
    expect(across(AbortSignal.abort().reason).name).toBe('AbortError');
  });

  it('system errors', async () => {
    const error = await import('node:fs').then((fs) => {
      try {
        return fs.readFileSync('/does/not/exist');
      } catch (thrown) {
        return thrown as Error;
      }
    });
    const found = across(error);
    expectSame(found, error as Error);
    expect(found).toMatchObject({ code: 'ENOENT', syscall: 'open', path: '/does/not/exist' });
  });

  it('a class that is not known is its nearest known ancestor, by its own name', () => {
    class Unheard extends RangeError {
      override name = 'Unheard';
      extra = { list: [1, 2] };
    }
    const found = across(new Unheard('x'));
    expect(Object.getPrototypeOf(found)).toBe(RangeError.prototype);
    expect(found).toMatchObject({ name: 'Unheard', extra: { list: [1, 2] } });
  });

  it('errors of another realm', () => {
    const error = vm.runInNewContext('Object.assign(new TypeError("far"), { code: 7, at: { x: 1 } })');
    const found = across(error);
    expect(found).toBeInstanceOf(TypeError);
    expect(found).toMatchObject({ message: 'far', code: 7, at: { x: 1 } });
  });

  it('errors in own properties, and a list of errors that is no AggregateError', () => {
    const inner = Object.assign(new TypeError('inner'), { code: 'E_IN' });
    const found = across(Object.assign(new Error('outer'), { inner, errors: [inner] })) as Error & {
      inner: Error;
      errors: Error[];
    };
    expect(found.inner).toBeInstanceOf(TypeError);
    expect(found.inner).toMatchObject({ code: 'E_IN' });
    expect(found.errors[0]).toBe(found.inner);
    expect(Object.keys(found).sort()).toEqual(['errors', 'inner']);
  });

  it('a cause that is no Error, undefined included', () => {
    expect(across(new Error('x', { cause: { a: 1 } })).cause).toEqual({ a: 1 });
    const none = across(new Error('x', { cause: undefined }));
    expect(Object.hasOwn(none, 'cause') && none.cause).toBe(undefined);
    expect('cause' in across(new Error('x'))).toBe(false);
  });

  it('an errors property of another shape is a property like any', () => {
    expect(across(Object.assign(new Error('x'), { errors: { field: 'bad' } }))).toMatchObject({
      errors: { field: 'bad' },
    });
    expect(
      across(Object.assign(new Error('x'), { errors: [{ path: 'a' }], code: { odd: 1 } })),
    ).toMatchObject({
      errors: [{ path: 'a' }],
      code: { odd: 1 },
    });
  });

  it('a message that the class computes', () => {
    class Computed extends Error {
      override get message(): string {
        return 'computed';
      }
    }
    const error = new Computed();
    expect(across(error).message).toBe('computed');
  });
});

describe('our own errors', () => {
  it('TaskloomError with code, details and cause, over several hops', () => {
    const error = new TaskloomError('TASK_TIMEOUT', 'late', {
      details: { ms: 5 },
      cause: new TypeError('why'),
    });
    const found = across(across(error));
    expect(found).toBeInstanceOf(TaskloomError);
    expect(Object.getPrototypeOf(found)).toBe(TaskloomError.prototype);
    expectSame(found, error);
    expect(found).toMatchObject({ code: 'TASK_TIMEOUT', details: { ms: 5 } });
    expect(found.cause).toBeInstanceOf(TypeError);
  });

  it('details that can not be cloned are dropped, and details are still an object', () => {
    const failure = failureFrom(new TaskloomError('USAGE', 'x', { details: { f: () => 1 } }));
    expect(failure.dropped?.[0]).toMatch(/^details: .*could not be cloned/);
    expect(errorFrom(failure)).toMatchObject({ details: {} });
  });

  it('WrappedFailure is an AggregateError and one of ours, here and after a crossing', () => {
    const failures = new Map([
      ['a', new TypeError('one')],
      ['b', new RangeError('two')],
    ]);
    for (const error of [new WrappedFailure(failures), across(new WrappedFailure(failures))]) {
      expect(error).toBeInstanceOf(WrappedFailure);
      expect(error).toBeInstanceOf(AggregateError);
      expect(error).toBeInstanceOf(TaskloomError);
      expect(error).toMatchObject({ name: 'WrappedFailure', code: 'WRAPPED_FAILURE' });
      expect(error.message).toBe('2 atoms failed:\n  a: one\n  b: two');
      const found = (error as WrappedFailure).failures;
      expect([...found.keys()]).toEqual(['a', 'b']);
      expect(found.get('b')).toBeInstanceOf(RangeError);
    }
  });

  it('the message of a WrappedFailure is bounded', () => {
    const failures = new Map(
      Array.from({ length: 10_000 }, (_, i) => [`a${i}`, new Error('x'.repeat(10_000))]),
    );
    const { message } = new WrappedFailure(failures);
    expect(message.length).toBeLessThan(4_000);
    expect(message).toMatch(/and 9990 more$/);
  });
});

describe('registerError', () => {
  it('makes instances without calling the constructor', () => {
    class NeedsArguments extends TypeError {
      readonly size: number;
      constructor(options: { size: number }) {
        super(`size ${options.size}`);
        this.size = options.size;
      }
      double(): number {
        return this.size * 2;
      }
    }
    registerError(NeedsArguments);
    registerError(NeedsArguments);
    const found = across(new NeedsArguments({ size: 4 })) as NeedsArguments;
    expect(found).toBeInstanceOf(NeedsArguments);
    expect(types.isNativeError(found)).toBe(true);
    expect(found.double()).toBe(8);
    class Derived extends NeedsArguments {}
    expect(Object.getPrototypeOf(across(new Derived({ size: 1 })))).toBe(NeedsArguments.prototype);
  });

  it('a subclass of TaskloomError stays one of ours', () => {
    class OfOurs extends TaskloomError {}
    registerError(OfOurs);
    const found = across(new OfOurs('USAGE', 'x'));
    expect(found).toBeInstanceOf(TaskloomError);
    expect(Object.getPrototypeOf(found)).toBe(OfOurs.prototype);
  });

  it('refuses what is no class of errors, has no name, or whose name is taken', () => {
    const first = class Taken extends Error {};
    registerError(first);
    const bad: unknown[] = [
      class Taken extends Error {},
      (() => class extends Error {})(),
      Object.defineProperty(class extends Error {}, 'name', { value: 'TypeError' }),
      class Plain {},
      Error,
      null,
      'Error',
      () => 1,
    ];
    for (const Class of bad)
      expect(() => registerError(Class as typeof Error)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      );
    registerError(TypeError);
  });
});

describe('what is no Error', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const thrown: [() => unknown, RegExp, boolean][] = [
    [() => null, /^a task threw null$/, true],
    [() => undefined, /^a task threw undefined$/, true],
    [() => 0, /^a task threw 0$/, true],
    [() => -0, /^a task threw -0$/, true],
    [() => '', /^a task threw the string ""$/, true],
    [() => 'boom', /^a task threw the string "boom"$/, true],
    [() => 5n, /^a task threw 5n$/, true],
    [() => Symbol('s'), /^a task threw the symbol Symbol\(s\)$/, false],
    [() => function named() {}, /^a task threw the function named$/, false],
    [() => ({ a: 1 }), /^a task threw the object { a: 1 }$/, true],
    [() => new Proxy({ a: 1 }, {}), /^a task threw the Proxy/, false],
    [() => revoked.proxy, /^a task threw the Proxy <Revoked Proxy>$/, false],
    [() => ({ [THEN]: () => 1 }), /^a task threw the object/, false],
  ];
  it.each(thrown)('%#', (make, message, kept) => {
    const value = make();
    const found = across(value) as TaskloomError;
    expect(found).toBeInstanceOf(TaskloomError);
    expect(found.code).toBe('THROWN_VALUE');
    expect(found.message).toMatch(message);
    expect(found.stack).toContain(found.message);
    expect(Object.hasOwn(found.details, 'thrown')).toBe(kept);
    if (kept) expect(Object(found.details).thrown).toStrictEqual(value);
    expect(across(found)).toMatchObject({ code: 'THROWN_VALUE', details: found.details });
  });
});

describe('hostile errors', () => {
  it('getters that throw, on the error and in a Proxy', () => {
    const error = new Error('x');
    for (const key of ['stack', 'name', 'message', 'cause', 'code', 'errors', 'own'])
      Object.defineProperty(error, key, {
        enumerable: true,
        get() {
          throw new TypeError('no');
        },
      });
    expect(failureFrom(error)).toMatchObject({ name: 'Error', message: '' });
    expect(failureFrom(error).dropped?.length).toBeGreaterThan(5);
    expect(across(error)).toBeInstanceOf(Error);
    const traps = new Proxy(
      {},
      {
        get: (_, trap) => () => {
          throw new Error(`${String(trap)} trapped`);
        },
      },
    );
    expect(across(new Proxy(new Error('x'), traps))).toBeInstanceOf(TaskloomError);
    expect(across(new Proxy(new RangeError('seen'), {}))).toMatchObject({
      name: 'RangeError',
      message: 'seen',
    });
  });

  it('stack undefined or a number, message a number', () => {
    const none = Object.assign(new Error('x'), { stack: undefined });
    expect(across(none).stack).toBe(undefined);
    const odd = failureFrom(Object.assign(new Error('x'), { stack: 7, message: 8, name: 9 }));
    expect(odd).toMatchObject({ name: 'Error', message: '' });
    expect(odd.dropped).toEqual([
      'name: is of type number, not a string',
      'message: is of type number, not a string',
      'stack: is of type number, not a string',
    ]);
  });

  it('a message of 100 MB', () => {
    const failure = failureFrom(new Error('m'.repeat(100_000_000)));
    expect(failure.message.length).toBe(65_536);
    expect(failure.stack?.length).toBe(65_536);
    expect(failure.dropped).toContain('message: cut from 100000000 to 65536 characters');
    expect(failureFrom('t'.repeat(1e8)).thrown?.value).toHaveLength(65_536);
  });

  it('a cause that leads back', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    const { cause } = failureFrom(error);
    expect(cause?.cause).toBe(undefined);
    expect(cause?.dropped).toEqual(['cause: leads back to an error above it']);
    error.cause = error;
    expect(failureFrom(error).cause).toBe(undefined);
  });

  it('10,000 causes deep', () => {
    let error = new Error('0');
    for (let i = 1; i < 10_000; i += 1) error = new Error(String(i), { cause: error });
    let depth = 1;
    let at: Failure = failureFrom(error);
    while (at.cause !== undefined) {
      at = at.cause;
      depth += 1;
    }
    expect(depth).toBe(100);
    expect(at.dropped).toEqual(['cause: more than 100 errors deep']);
    expect(across(error).message).toBe('9999');
  });

  it('10,000 errors in one, and lists of lists', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => new Error(String(i)));
    const failure = failureFrom(new AggregateError(many, 'many'));
    expect(failure.errors).toHaveLength(1000);
    expect(failure.dropped).toEqual(['errors: 9000 of 10000: too many']);
    const nested = (depth: number): Error =>
      depth === 0
        ? new Error('leaf')
        : new AggregateError(Array.from({ length: 20 }, () => nested(depth - 1)));
    expect(across(nested(4))).toBeInstanceOf(AggregateError);
  });

  it('frozen errors, and properties that can not be cloned', () => {
    const error = Object.freeze(
      Object.assign(new Error('x'), { keep: [1], onClick: () => 1, cell: new WeakMap(), sym: Symbol('s') }),
    );
    const failure = failureFrom(error);
    expect([...(failure.properties?.keys() ?? [])]).toEqual(['keep']);
    expect(failure.dropped?.map((line) => line.split(':')[0])).toEqual(['onClick', 'cell', 'sym']);
    expect(Object.isFrozen(failure)).toBe(true);
    expect(across(error)).toMatchObject({ keep: [1] });
  });

  it('properties named __proto__ and constructor are only properties', () => {
    const error = new Error('x');
    Object.defineProperty(error, '__proto__', { value: { polluted: true }, enumerable: true });
    Object.assign(error, { constructor: 'c', hasOwnProperty: 1, [THEN]: 2 });
    const found = across(error);
    expect(Object.getPrototypeOf(found)).toBe(Error.prototype);
    expect(Object.getOwnPropertyDescriptor(found, '__proto__')?.value).toEqual({ polluted: true });
    expect(Object.getOwnPropertyDescriptor(found, 'constructor')?.value).toBe('c');
    expect(Object({}).polluted).toBe(undefined);
  });

  it('what is kept does not change with the original, nor with an error made from it', () => {
    const shared = { n: 1 };
    const failure = failureFrom(Object.assign(new Error('x'), { shared }));
    shared.n = 2;
    const first = errorFrom(failure) as Error & { shared: { n: number } };
    first.shared.n = 3;
    expect(errorFrom(failure)).toMatchObject({ shared: { n: 1 } });
  });
});

describe('whatever is thrown', () => {
  const value = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
  });
  const properties = fc.dictionary(fc.string(), value, { maxKeys: 4 });
  const leaf = fc
    .record({
      Class: fc.constantFrom(Error, TypeError, RangeError, URIError),
      message: fc.string(),
      properties,
    })
    .map(({ Class, message, properties }) => {
      const error = new Class(message);
      for (const [key, part] of Object.entries(properties))
        Object.defineProperty(error, key, {
          value: part,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      return error;
    });
  const { error } = fc.letrec<{ error: Error }>((tie) => ({
    error: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.tuple(leaf, fc.oneof(tie('error'), value)).map(([one, cause]) => Object.assign(one, { cause })),
      fc.array(tie('error'), { maxLength: 3 }).map((all) => new AggregateError(all, 'many')),
    ),
  }));

  it('becomes an error, and the same failure again', () => {
    fc.assert(
      fc.property(fc.oneof(error, value), (thrown) => {
        const failure = structuredClone(failureFrom(thrown));
        const found = errorFrom(failure);
        expect(found).toBeInstanceOf(Error);
        if (thrown instanceof Error && failure.dropped === undefined) {
          expect(failure.message).toBe(thrown.message);
          const { thrown: _, ...again } = failureFrom(found);
          expect(again).toEqual(failure);
        }
      }),
      { numRuns: 300 },
    );
  });
});
