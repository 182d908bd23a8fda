/** `taskloom list` and `taskloom show`: runs that are done, failed, suspended, running and left, for people and for programs. */
import { beforeAll, describe, expect, test } from 'vitest';
import { beginRun, newPlace, SOMEBODY, seed, within } from './kept.ts';
import { taskloom } from './taskloom.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be shown
const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;
const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('of runs of every kind', () => {
  const place = newPlace();
  beforeAll(async () => {
    await seed(place, 'quick', 'done', { logbook: 'nightly' });
    await seed(place, 'mending', 'failed');
    await seed(place, 'sticking', 'stuck');
    await beginRun(place.db, 'running', {}, 60_000);
    await beginRun(place.db, 'left', {}, 1);
  });

  test('the list has a line for each, the newest first', async () => {
    const { code, out, err } = await taskloom(['list'], { TASKLOOM_DB: place.db });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [heading = '', ...lines] = out.trimEnd().split('\n');
    expect(heading).toMatch(/^id +flow +state +atoms +began +last change +run by$/);
    for (const [at, line] of [
      ['left +quick +PENDING +2', String.raw` {2}elsewhere/4711 \(expired\)`],
      ['running +quick +PENDING +2', ' {2}elsewhere/4711'],
      ['stuck +sticking +FAILURE +3', ''],
      ['failed +mending +REVERTED +3', ''],
      ['done +quick +SUCCESS +2', ''],
    ].entries())
      expect(lines[at]).toMatch(new RegExp(`^${line[0]} {2}${TIME} {2}${TIME}${line[1]}$`));
    expect(lines).toHaveLength(5);
  });
  test('the list is cut to a logbook and to a limit', async () => {
    const nightly = await place.command('list', '--logbook', 'nightly', '--json');
    expect(linesOf(nightly.out)).toEqual([
      {
        ...{ flowId: 'done', name: 'quick', logbook: 'nightly', state: 'SUCCESS', atoms: 2 },
        ...{ createdAt: expect.any(Number), updatedAt: expect.any(Number) },
        ...{ held: 'nobody', owner: null, asked: null },
      },
    ]);
    const two = await place.command('list', '--limit', '2');
    expect(two.out).toMatch(/\nleft [^\n]*\nrunning [^\n]*\n… and older ones; --limit 4 shows more\n$/);
    const none = await place.command('list', '--logbook', 'lost');
    expect(none).toMatchObject({ code: 0, err: '' });
    expect(none.out).toMatch(/^There are no runs in the logbook 'lost' of /);
  });
  test('what failed is shown with its errors', async () => {
    const { code, out, err } = await place.command('show', 'stuck', '--failures');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      new RegExp(
        `^run stuck\n {2}flow +sticking\n {2}state +FAILURE\n {2}began +${TIME}\n {2}last change +${TIME}\n {2}run by +nobody\n`,
      ),
    );
    expect(out).toMatch(
      /\n {2}made by +kept\.mjs, export sticking\n {2}to go on +taskloom retry stuck --db /,
    );
    expect(out).toMatch(/\nlinear 'sticking': 2 REVERTED, 1 REVERT_FAILURE\n {2}✗ sticky +REVERT_FAILURE /);
    expect(out).toMatch(
      /\n {2}↩ first +REVERTED +[\d.]+ ms\n {2}↩ broken +REVERTED .* RangeError: not mended yet\n/,
    );
    expect(out).toMatch(/\n'broken' failed: RangeError: not mended yet\n +at .*kept-tasks\.mjs:\d+/);
    expect(out).toMatch(/\n'sticky' could not be reverted: Error: it sticks\n/);
  });
  test('programs are told the same', async () => {
    const shown = await place.json('show', 'failed', '--failures');
    expect(shown).toMatchObject({
      ...{ flowId: 'failed', name: 'mending', state: 'REVERTED', held: 'nobody', owner: null, aborted: null },
      factory: { module: 'kept.mjs', export: 'mending', args: '[]' },
      wayOn: `taskloom retry failed --db ${place.db}`,
      ...{ states: { REVERTED: 2, PENDING: 1 }, removed: [] },
    });
    const [root, ...tree] = shown['tree'] as Record<string, unknown>[];
    expect(root).toEqual({ depth: 0, kind: 'linear', name: 'mending' });
    expect(tree).toEqual([
      {
        ...{ depth: 1, kind: 'task', name: 'first', state: 'REVERTED', attempt: 1 },
        ...{ elapsed: expect.any(Number), error: null, items: null },
      },
      {
        ...{ depth: 1, kind: 'task', name: 'broken', state: 'REVERTED', attempt: 1 },
        ...{ elapsed: expect.any(Number), error: 'RangeError: not mended yet', items: null },
      },
      {
        ...{ depth: 1, kind: 'task', name: 'last', state: 'PENDING', attempt: 0 },
        ...{ elapsed: null, error: null, items: null },
      },
    ]);
    expect(shown['failures']).toMatchObject([
      { name: 'broken', of: 'execute', error: { name: 'RangeError', message: 'not mended yet' } },
    ]);
    const { id, host, pid } = SOMEBODY;
    expect(await place.json('show', 'running')).toMatchObject({
      ...{ held: 'runs', owner: { id, host, pid, expiresAt: expect.any(Number) }, wayOn: null },
    });
  });
  test('who runs it, or did, is told, and what to do then', async () => {
    const running = await place.command('show', 'running');
    expect(running.out).toMatch(
      /\n {2}run by +elsewhere\/4711\n[\s\S]*\n {2}to stop +taskloom suspend running /,
    );
    const left = await place.command('show', 'left');
    expect(left.out).toMatch(
      /\n {2}run by +elsewhere\/4711 \(expired\)\n[\s\S]* in the same database and under the same id: it is kept without its factory\n/,
    );
  });
});

describe('of large runs', () => {
  test('items of maps and siblings are counted, and those that failed are shown', async () => {
    const place = newPlace();
    await seed(place, 'halves', 'map', { store: { bad: 7 }, neverResolve: true });
    const map = await place.command('show', 'map');
    expect(map.out).toMatch(
      /\n {2}✗ halves {26}FAILURE .*\n {4}items: .*1 FAILURE.*\n {4}✗ halves\[7\] {21}FAILURE /,
    );
    await seed(place, 'wide', 'wide', { store: { log: `${place.folder}/log`, name: 'you' } });
    const wide = await place.command('show', 'wide');
    expect(wide.out).toMatch(/\n {2}unordered 'many': 60 SUCCESS\n {4}✓ greet 0 /);
    expect(wide.out).toMatch(/\n {4}✓ greet 19 .*\n {4}… and 40 more: 40 SUCCESS\n$/);
    expect((await place.command('show', 'wide', '--all')).out).toMatch(/ ✓ greet 58 .*\n.* ✓ greet 59 .*\n$/);
  });
  test('a hundred thousand atoms, and flows ten thousand deep, are a few lines', async () => {
    const place = newPlace();
    const many = Array.from({ length: 100_000 }, (_, at) => [1, 'task', `task ${at}`]);
    const outline = JSON.stringify([[0, 'graph', 'many'], ...many]);
    await beginRun(place.db, 'many', { name: 'many', atoms: many.length, outline });
    const shown = await place.command('show', 'many');
    expect(shown.out).toMatch(/\ngraph 'many': 100000 PENDING\n/);
    expect(shown.out).toMatch(/\n {2}… and 99980 more: 99980 PENDING\n$/);
    const deep = Array.from({ length: 10_000 }, (_, at) => [at, 'linear', `flow ${at}`]);
    await beginRun(place.db, 'deep', { atoms: 0, outline: JSON.stringify(deep) });
    const { out } = await place.command('show', 'deep');
    expect(out.split('\n').length).toBeLessThan(520);
    expect(out).toMatch(/… there is more: --all shows all of it\n$/);
  });
});

test('hostile ids and names are text, on one line each', async () => {
  const place = newPlace();
  const evil = `it's "evil"\n\x1b[2J\u202e\0; drop table flow`;
  await beginRun(place.db, evil, {
    ...{ name: `flow\n${evil}`, logbook: evil, factory: { module: evil, export: evil, args: '[]' } },
    outline: JSON.stringify([
      [0, 'lin\near', evil],
      [1, 'task', `task ${evil}`],
    ]),
  });
  await beginRun(place.db, '-x', {});
  await beginRun(place.db, 'x'.repeat(1_000_000), {});
  const list = await place.command('list');
  expect(list.out.trimEnd().split('\n')).toHaveLength(4);
  // NUL can't be on a command line.
  const known = evil.replace('\0', '');
  await beginRun(place.db, known, { name: evil, outline: JSON.stringify([[0, 'task', evil]]) });
  const shown = await place.command('show', known);
  const removed = await place.command('rm', known);
  const lost = await place.command('show', known);
  expect([shown.code, removed.code, lost.code]).toEqual([0, 0, 2]);
  expect(lost.err).toMatch(
    /^error: There is no run with the id 'it's "evil"\\n\\x1b\[2J.*\[FLOW_NOT_FOUND\]\n$/,
  );
  expect(removed.out).toMatch(/^removed run it's "evil"\\n\\x1b\[2J\\u202e; drop table flow\n$/);
  for (const { out, err } of [list, shown, removed, lost]) expect(out + err).not.toMatch(UNSAFE);
  const dashed = await taskloom(['show', '--db', place.db, '--', '-x']);
  expect(dashed.code).toBe(0);
  expect(await within(place.db, (backend) => backend.flows())).toHaveLength(3);
});
