/** What a retry is told of its attempts, as its own functions and the storage see it. */
import { createEngine, type History, linear, retry, task, times } from 'taskloom';
import { expect, test } from 'vitest';

const serial = { executor: 'serial' } as const;

/** Fails in each of its attempts, in another way each time. */
const fail = task('fail', {
  requires: ['attempt'],
  execute({ attempt }: { attempt: number }) {
    if (attempt === 1) throw new RangeError('first');
    throw Object.assign(new Error('second'), { name: 'Odd' });
  },
});

/** The history as the retry finds it when the second attempt has failed. */
async function afterTwo(): Promise<History> {
  const histories: History[] = [];
  const own = retry('own', {
    provides: 'attempt',
    execute: (history: History) => history.length + 1,
    onFailure(history) {
      histories.push(history);
      return history.length < 2 ? 'RETRY' : 'REVERT';
    },
  });
  await createEngine(linear('f', { retry: own }).add(fail), serial)
    .run()
    .catch(() => {});
  return histories.at(-1) as History;
}

test('has the value of each attempt, and who failed in it', async () => {
  const history = await afterTwo();
  expect(history.length).toBe(2);
  expect(history.provided).toEqual([1, 2]);
  const outcomes = (attempt?: number): unknown[] =>
    history.outcomes(attempt).map(([atom, { message }]) => [atom, message]);
  expect(outcomes()).toEqual([
    ['fail', 'first'],
    ['fail', 'second'],
  ]);
  expect(outcomes(0)).toEqual([['fail', 'first']]);
  expect(outcomes(-1)).toEqual([['fail', 'second']]);
  expect([outcomes(2), outcomes(-3)]).toEqual([[], []]);
  expect(history.attempts[0]).toMatchObject({ provided: 1 });
});

test('knows by class or by name what the failures were caused by, in all attempts or in one', async () => {
  const history = await afterTwo();
  expect(history.causedBy(RangeError)).toBe(true);
  expect(history.causedBy('Odd')).toBe(true);
  expect(history.causedBy(Error, { attempt: 1 })).toBe(true);
  expect(history.causedBy(RangeError, { attempt: 0 })).toBe(true);
  expect(history.causedBy(RangeError, { attempt: 1 })).toBe(false);
  expect(history.causedBy(RangeError, { attempt: -1 })).toBe(false);
  expect(history.causedBy('Odd', { attempt: 5 })).toBe(false);
  expect(history.causedBy(TypeError)).toBe(false);
});

test('counts the failure of the retry itself only when it is asked to', async () => {
  const seen: History[] = [];
  const own = retry('own', {
    execute() {
      throw new TypeError('never');
    },
    onFailure: () => 'REVERT',
    revert: (history) => void seen.push(history),
  });
  await createEngine(linear('f', { retry: own }), serial)
    .run()
    .catch(() => {});
  const [history] = seen as [History];
  expect(history.failure?.message).toBe('never');
  expect(history.outcomes()).toEqual([]);
  expect(history.causedBy(TypeError)).toBe(false);
  expect(history.causedBy(TypeError, { includeRetry: true })).toBe(true);
  expect(history.causedBy('TypeError', { includeRetry: true, attempt: 0 })).toBe(true);
  expect(history.causedBy(RangeError, { includeRetry: true })).toBe(false);
});

test.each([[{ attempt: 'first' }], [{ attempt: 0.5 }], [{ includeRetry: 1 }], [{ index: 0 }], [0]])(
  'causedBy(…, %j) is refused',
  async (options) => {
    const engine = createEngine(linear('f', { retry: times(1) }), serial);
    await engine.run();
    const history = engine.storage.retryHistory('f_retry');
    expect(() => history.causedBy(Error, options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  },
);
