import { openBackend } from 'taskloom';
import { expect, test } from 'vitest';
import { claimOf } from './details.ts';
import { SqlitePlace } from './places.ts';

test('opens what is named by a URL', async () => {
  using place = new SqlitePlace();
  for (const url of [
    'memory:',
    `sqlite:${place.file}`,
    `sqlite:${place.file}?durability=normal&busyTimeout=10`,
  ]) {
    await using backend = openBackend(url);
    expect(await backend.claim(claimOf(url))).toMatchObject({ flowId: url });
  }
  await using again = openBackend(`sqlite:${place.file}`);
  expect(await again.flows()).toHaveLength(2);
});

test.each([
  '',
  'memory',
  'memory:x',
  'memory:?a=1',
  'sqlite:',
  'sqlite:?durability=full',
  'runs.db',
  'mysql:x',
  'sqlite:x?durability=none',
  'sqlite:x?durable=full',
  'sqlite:x?busyTimeout=-1',
])('refuses %j', (url) => {
  expect(() => openBackend(url)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});

test('says what there is', () => {
  expect(() => openBackend('postgres://db')).toThrow(/'postgres:\/\/db'.*'memory:', 'sqlite:runs.db'/);
});
