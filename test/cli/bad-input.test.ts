/** What commands on kept runs are given wrongly: one clear error with a code, exit code 2, and nothing is changed in the file. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { beforeAll, describe, expect, test } from 'vitest';
import { beginRun, newPlace, seed, within } from './kept.ts';
import { type Ended, taskloom } from './taskloom.ts';

/** One line, or the user's own lines below it. */
function expectRefused({ code, out, err }: Ended, sentence: RegExp): void {
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/dist[\\/]|node:internal|bug of taskloom/);
  expect(err.split('\n').filter((line) => /^\S/.test(line))).toHaveLength(1);
  expect({ code, out }).toEqual({ code: 2, out: '' });
}

describe('a database that is none', () => {
  const { folder } = newPlace();
  const path = (name: string): string => join(folder, name);
  beforeAll(() => {
    writeFileSync(path('text.db'), 'some text that is longer than the header of a database '.repeat(10));
    writeFileSync(path('empty.db'), '');
    mkdirSync(path('folder.db'));
    const other = new DatabaseSync(path('other.db'));
    other.exec('create table mine (a); insert into mine values (1)');
    other.close();
    const newer = new DatabaseSync(path('newer.db'));
    newer.exec('create table flow (a); pragma application_id = 0x746c6f6d; pragma user_version = 99');
    newer.close();
  });

  const WRONG: readonly (readonly [command: string, db: string, sentence: RegExp])[] = [
    ['list', 'text.db', /no database of SQLite, and no database of taskloom.*\[STORAGE_FOREIGN\]\n$/],
    ['show one', 'other.db', /is a database of another program.*\[STORAGE_FOREIGN\]\n$/],
    ['run kept.mjs --export quick --store log=x', 'other.db', /\[STORAGE_FOREIGN\]\n$/],
    ['resume one', 'newer.db', /written by a newer taskloom: it has version 99.*\[STORAGE_VERSION\]\n$/],
    ['list', 'empty.db', /empty\.db' is empty, and no database of taskloom\. \[STORAGE_FOREIGN\]\n$/],
    ['rm one', 'lost.db', /^error: There is no database '.*lost\.db'\. \[STORAGE_UNAVAILABLE\]\n$/],
    ['list', 'text.db/x.db', /cannot be made: its folder is a file\. \[STORAGE_UNAVAILABLE\]\n$/],
    ['db vacuum', 'folder.db', /folder\.db cannot be opened: it is a folder\. \[STORAGE_UNAVAILABLE\]\n$/],
    [
      'run kept.mjs --export quick --store log=x',
      'no/where.db',
      /its folder does not exist.*UNAVAILABLE\]\n$/,
    ],
  ];
  test.each(WRONG)('%s --db %s', async (command, db, sentence) => {
    const before = readable(path(db));
    expectRefused(await taskloom([...command.split(' '), '--db', path(db)]), sentence);
    expect(readable(path(db))).toEqual(before);
  });

  const SAID: readonly (readonly [args: string, sentence: RegExp])[] = [
    ['list', /Name it with --db FILE or in TASKLOOM_DB; there is no taskloom\.db in .*\[USAGE\]\n$/],
    ['list --db postgres://x/y', /There is no backend 'postgres:\/\/x\/y'\..*\[OPTION_INVALID\]\n$/],
    ['list --db sqlite:', /There is no backend 'sqlite:'\..*\[OPTION_INVALID\]\n$/],
    ['run done.mjs --store n=1 --db memory:', /'memory:' ends with this process.*\[USAGE\]\n$/],
    ['run done.mjs --store n=1 --id one', /--id says how a run is kept: it needs --db FILE\. \[USAGE\]\n$/],
  ];
  test.each(SAID)('taskloom %s', async (args, sentence) => {
    expectRefused(await taskloom(args.split(' ')), sentence);
  });

  test.each([
    ['db prune --older-than 3', /'3' is invalid\. It is a number and s, m, h, d or w: 90m, 12h, 30d\./],
    ['db chekc', /unknown command 'chekc'\n\(Did you mean check\?\)/],
    ['resume', /missing required argument 'id'\ntaskloom resume --help shows/],
  ])('taskloom %s', async (args, sentence) => {
    const { code, err } = await taskloom(args.split(' '));
    expect(err).toMatch(sentence);
    expect(code).toBe(2);
  });
});

describe('a run that is refused makes no database', () => {
  const WRONG: readonly (readonly [args: string, code: string])[] = [
    ['kept.mjs --export quick', 'MISSING_DEPENDENCIES'],
    ['kept.mjs --export quick --id one', 'MISSING_DEPENDENCIES'],
    ['kept.mjs --export nothing', 'FLOW_FILE_INVALID'],
    ['kept.mjs --export throwing', 'FLOW_FILE_INVALID'],
    ['throws.mjs', 'FLOW_FILE_INVALID'],
    ['contains-itself.mjs', 'FLOW_CONTAINS_ITSELF'],
    ['done.mjs --store n=1 --threads 2 --executor serial', 'USAGE'],
    [`done.mjs --store n=1 --id ${'x'.repeat(1_001)}`, 'OPTION_INVALID'],
  ];
  test.each(WRONG)('run %s', async (args, code) => {
    const { folder, db } = newPlace();
    const ended = await taskloom(['run', ...args.split(' '), '--db', db]);
    expectRefused(ended, new RegExp(`\\[${code}\\]`));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a run that cannot go on', () => {
  const place = newPlace();
  const flows: Readonly<Record<string, readonly [module: string, exported: string]>> = {
    throwing: ['kept.mjs', 'throwing'],
    number: ['kept.mjs', 'number'],
    lost: ['lost.mjs', 'default'],
    gone: ['kept.mjs', 'no\nthing'],
    outside: ['../model/tasks.mjs', 'default'],
    changed: ['kept.mjs', 'changed'],
    exits: ['exits.mjs', 'default'],
    broken: ['throws.mjs', 'default'],
    runs: ['runs.mjs', 'default'],
    missing: ['kept.mjs', 'quick'],
  };
  beforeAll(async () => {
    for (const [id, [module, exported]] of Object.entries(flows))
      await beginRun(place.db, id, { factory: { module, export: exported, args: '[]' } });
  });

  const WRONG: readonly (readonly [id: string, sentence: RegExp])[] = [
    ['throwing', /'throwing' of 'kept\.mjs' could not make the flow: no flow today \[FACTORY_INVALID\]\n/],
    ['number', /'number' of 'kept\.mjs' makes no flow: .*\[FACTORY_INVALID\]\n/],
    [
      'lost',
      /The flow file does not exist: '.*lost\.mjs'\. --root DIR names the folder .*\[FACTORY_INVALID\]\n/,
    ],
    ['gone', /'kept\.mjs' has no export 'no\\nthing'\. \[FACTORY_INVALID\]\n/],
    ['outside', /not in a folder from which .* --root DIR, and --allow DIR .*\[MODULE_NOT_ALLOWED\]\n/],
    ['changed', /it has 'more' now.* On the command line: --adopt-changes \[FLOW_CHANGED\]\n/],
    ['exits', /'exits\.mjs' called process\.exit\(\) when it is imported.*\[FLOW_FILE_INVALID\]\n/],
    ['broken', /Error: config is missing .*\[MODULE_LOAD_FAILED\]\n/],
    ['runs', /calls run\(\) when it is imported.*\[MODULE_RUNS_FLOW\]\n/],
    ['missing', /requires 'log'.* On the command line: --store log=VALUE \[MISSING_DEPENDENCIES\]\n/],
    ['mising', /There is no run with the id 'mising' in .*Did you mean 'missing'\? \[FLOW_NOT_FOUND\]\n/],
    [`it's "a"\nb`, /no run with the id 'it's "a"\\nb' in .* See: taskloom list .*\[FLOW_NOT_FOUND\]\n/],
    ['x'.repeat(100_000), /with the id 'x{80}… \(100000 characters\)' in .*\[FLOW_NOT_FOUND\]\n/],
  ];
  test.each(WRONG)('resume of the run %#', async (id, sentence) => {
    const before = readFileSync(place.db);
    expectRefused(await place.command('resume', id, '--executor', 'serial'), sentence);
    expect(readFileSync(place.db).equals(before)).toBe(true);
  });

  test('is looked for in words that a shell takes', async () => {
    const spaced = newPlace();
    const db = `${spaced.folder}/it's mine.db`;
    await beginRun(db, 'one');
    const { err } = await taskloom(['show', 'another', '--db', db]);
    expect(err).toContain(` See: taskloom list --db '${spaced.folder}/it'\\''s mine.db' [`);
  });
  test('goes on when the changes are adopted, and when its folder is allowed', async () => {
    const other = newPlace();
    await seed(other, 'quick', 'one');
    const factory = { module: 'cli/kept.mjs', export: 'changed', args: '[]' };
    await within(other.db, (backend) => backend.saveFactory('one', factory));
    const root = ['--root', '..', '--executor', 'serial'];
    const refused = await other.command('resume', 'one', '--adopt-changes', '--root', '../..');
    expect(refused.err).toMatch(/\[FACTORY_INVALID\]\n$/);
    const { code, out } = await other.command('resume', 'one', '--adopt-changes', '--allow', '.', ...root);
    expect(out).toContain("greeting: 'hello you'");
    expect(code).toBe(0);
    expect(other.told()).toBe('first last');
  });
});

test('an id is at most 1,000 characters', async () => {
  const place = newPlace();
  const { code, err } = await place.run('quick', 'x'.repeat(1_001));
  expect(err).toMatch(/'flowId' .* a string of 1 to 1000 characters\. .* it is --id\. \[OPTION_INVALID\]\n$/);
  expect(code).toBe(2);
  const longest = await place.run('quick', `it's\n"${'x'.repeat(994)}`);
  expect(longest.out).toMatch(/^run it's\\n"xxx/);
  expect(longest.code).toBe(0);
});

function readable(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return String(error);
  }
}
