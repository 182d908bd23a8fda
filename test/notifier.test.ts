/** Who tells, and who hears: nothing that a listener does touches the one who tells. */
import { expect, test } from 'vitest';
import { Notifier } from '../src/notifier.ts';

interface Events {
  readonly said: string;
}

test('calls listeners in the order of registration, one function as often as it was given', () => {
  const notifier = new Notifier<Events>();
  const heard: string[] = [];
  const listener = (text: string): void => void heard.push(text);
  const stop = notifier.on('said', listener);
  notifier.on('said', (text) => void heard.push(`second ${text}`));
  notifier.on('said', listener);
  notifier.tell('said', 'a');
  stop();
  notifier.tell('said', 'b');
  expect(heard).toEqual(['a', 'second a', 'a', 'second b', 'b']);
});

test('finds those who listen to one subject, after those who listen to all', () => {
  const notifier = new Notifier<Events>();
  const heard: string[] = [];
  const stop = notifier.on('said', (text) => void heard.push(`about x: ${text}`), 'x');
  notifier.on('said', (text) => void heard.push(`all: ${text}`));
  notifier.tell('said', 'a', 'x');
  notifier.tell('said', 'b', 'y');
  notifier.tell('said', 'c');
  stop();
  notifier.tell('said', 'd', 'x');
  expect(heard).toEqual(['all: a', 'about x: a', 'all: b', 'all: c', 'all: d']);
});

test('knows whether somebody listens to a subject', () => {
  const notifier = new Notifier<Events>();
  const stop = notifier.on('said', () => {}, 'x');
  expect([notifier.has('said', 'x'), notifier.has('said', 'y'), notifier.has('said')]).toEqual([
    true,
    false,
    false,
  ]);
  stop();
  expect(notifier.has('said', 'x')).toBe(false);
  notifier.on('said', () => {});
  expect(notifier.has('said', 'x')).toBe(true);
});

test('knows whether somebody listens', () => {
  const notifier = new Notifier<Events>();
  expect(notifier.has('said')).toBe(false);
  const stop = notifier.on('said', () => {});
  expect(notifier.has('said')).toBe(true);
  stop();
  expect(notifier.has('said')).toBe(false);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no');
    },
    'Error: no',
  ],
  ['rejects', () => Promise.reject(new Error('later')), 'Error: later'],
  [
    'throws what cannot be shown',
    () => {
      throw Object.create(null);
    },
    'cannot be shown',
  ],
])('reports a listener that %s, and calls the next', async (_what, bad, said) => {
  const notifier = new Notifier<Events>();
  const heard: string[] = [];
  const warned = new Promise<Error & { readonly code?: string }>((resolve) =>
    process.once('warning', resolve),
  );
  notifier.on('said', bad as () => void);
  notifier.on('said', (text) => void heard.push(text));
  notifier.tell('said', 'a');
  expect(heard).toEqual(['a']);
  const warning = await warned;
  expect(warning).toMatchObject({ name: 'TaskloomWarning', code: 'LISTENER_THREW' });
  expect(warning.message).toContain("A listener of 'said' threw");
  expect(warning.message).toContain(said);
});
