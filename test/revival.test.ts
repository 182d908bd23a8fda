/** Errors as data and back, as users of the package may have them. */
import { deserialize, serialize } from 'node:v8';
import { createEngine, errorFrom, type Failure, failureFrom, linear, task, WrappedFailure } from 'taskloom';
import { describe, expect, it } from 'vitest';
import { refused } from './flow/refused.ts';

const error = Object.assign(new RangeError('too far', { cause: new TypeError('below') }), {
  code: 'E_FAR',
  limit: 7,
});

describe('failureFrom and errorFrom', () => {
  it.each([
    ['structuredClone', (failure: Failure): Failure => structuredClone(failure)],
    ['v8.serialize', (failure: Failure): Failure => deserialize(serialize(failure)) as Failure],
  ])('give the error again after %s', (_, carry) => {
    const again = errorFrom(carry(failureFrom(error)));
    expect(again).toBeInstanceOf(RangeError);
    expect(again).toMatchObject({ message: 'too far', code: 'E_FAR', limit: 7, stack: error.stack });
    expect(again.cause).toBeInstanceOf(TypeError);
  });

  it('name the classes of the error, and are equal for errors that are alike', () => {
    expect(failureFrom(error).classes).toEqual(['RangeError', 'Error']);
    expect(failureFrom(errorFrom(failureFrom(error)))).toEqual(failureFrom(error));
    expect(failureFrom(new RangeError('too far'))).not.toEqual(failureFrom(error));
  });

  it('take what is no error, and several errors in one', () => {
    expect(errorFrom(failureFrom('text'))).toMatchObject({
      code: 'THROWN_VALUE',
      details: { thrown: 'text' },
    });
    const several = errorFrom(failureFrom(new WrappedFailure(new Map([['a', error]])))) as WrappedFailure;
    expect(several).toBeInstanceOf(WrappedFailure);
    expect(several.failures.get('a')).toBeInstanceOf(RangeError);
  });

  it('make the error of what the storage has as data', async () => {
    const fail = task('fail', {
      execute() {
        throw error;
      },
    });
    const engine = createEngine(linear('f').add(fail), { executor: 'serial', neverResolve: true });
    await engine.run().catch(() => {});
    expect(errorFrom(engine.storage.atomDetail('fail').failure as Failure)).toMatchObject({ limit: 7 });
  });

  it.each([[null], ['text'], [{}], [error], [JSON.parse(JSON.stringify(failureFrom(error)))]])(
    '%j is no failure',
    (value) => {
      expect(refused('OPTION_INVALID', () => errorFrom(value as never)).message).toContain('failureFrom()');
    },
  );
});
