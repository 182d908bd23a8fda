/** `taskloom rm` and `taskloom db …`: what is removed, what is not, and what is said of it. */
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { beginRun, newPlace, seed, within } from './kept.ts';

const idsIn = (db: string): Promise<string[]> =>
  within(db, async (backend) => (await backend.flows()).map(({ flowId }) => flowId).sort());

test('rm forgets runs, all or none', async () => {
  const place = newPlace();
  for (const id of ['a', 'b', 'c']) await beginRun(place.db, id);
  await beginRun(place.db, 'owned', {}, 60_000);
  await beginRun(place.db, 'left', {}, 1);
  const owned = await place.command('rm', 'a', 'owned');
  expect(owned.err).toMatch(/The flow 'owned' is run by .* process 4711 on elsewhere .*\[FLOW_OWNED\]\n$/);
  const lost = await place.command('rm', 'a', 'lost', '--json');
  expect(JSON.parse(lost.out)).toMatchObject({ error: { code: 'FLOW_NOT_FOUND' } });
  expect([owned.code, lost.code, await idsIn(place.db)]).toEqual([2, 2, ['a', 'b', 'c', 'left', 'owned']]);
  const { code, out, err } = await place.command('rm', 'a', 'b', 'a');
  expect({ code, out, err }).toEqual({ code: 0, out: 'removed run a\nremoved run b\n', err: '' });
  expect(await place.json('rm', 'c', 'left')).toEqual({ removed: ['c', 'left'] });
  expect(await idsIn(place.db)).toEqual(['owned']);
});

test('prune forgets what ended long enough ago, and nothing else', async () => {
  const place = newPlace();
  await seed(place, 'quick', 'done');
  await seed(place, 'mending', 'failed');
  await beginRun(place.db, 'begun');
  await beginRun(place.db, 'owned', {}, 60_000);
  const { code, out } = await place.command('db', 'prune', '--older-than', '12h');
  expect(out).toMatch(/^removed 0 runs of .*runs\.db that ended before \d{4}-/);
  expect(code).toBe(0);
  expect(await place.json('db', 'prune', '--older-than', '0s')).toEqual({
    ...{ removed: 2, olderThan: expect.any(Number) },
  });
  expect(await idsIn(place.db)).toEqual(['begun', 'owned']);
});

test('vacuum and upgrade say what they did', async () => {
  const place = newPlace();
  const outline = JSON.stringify([[0, 'task', 'x'.repeat(3_000_000)]]);
  await beginRun(place.db, 'large', { outline });
  await within(place.db, (backend) => backend.removeFlow('large'));
  const { code, out } = await place.command('db', 'vacuum');
  expect(out).toMatch(/: [3-9]\.\d MB before, \d+ kB now\n$/);
  expect(code).toBe(0);
  expect(statSync(place.db).size).toBeLessThan(200_000);
  const { before, after } = await place.json('db', 'vacuum');
  expect(before).toBe(after);
  expect(await place.json('db', 'upgrade')).toEqual({ from: 1, to: 1 });
  expect((await place.command('db', 'upgrade')).out).toMatch(/has the newest version already \(1\)\n$/);
});

test('check tells what is broken', async () => {
  const place = newPlace();
  await seed(place, 'quick', 'done');
  const sound = await place.command('db', 'check');
  expect(sound.out).toMatch(/runs\.db is sound\n$/);
  expect(sound.code).toBe(0);
  const damaged = join(place.folder, 'damaged.db');
  cpSync(place.db, damaged);
  const bytes = readFileSync(damaged);
  // The pages behind the schema's.
  bytes.fill(0xaa, 8192, 24_576);
  writeFileSync(damaged, bytes);
  const broken = await place.command('db', 'check', '--db', damaged);
  expect(broken.code).toBe(1);
  const { findings } = await place.json('db', 'check', '--db', damaged);
  expect(findings).not.toEqual([]);
});
