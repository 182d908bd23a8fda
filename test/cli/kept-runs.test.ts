/** Runs that survive: `run --db`, `resume`, `retry`, `revert` and `suspend`, over the deaths of processes. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { newPlace, seed, until, within } from './kept.ts';
import { FIXTURES, taskloom } from './taskloom.ts';

const lastLine = (out: string): Record<string, unknown> =>
  JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;

describe('a run with --db', () => {
  test('says its id, is kept, and is not run again when it is done', async () => {
    const place = newPlace();
    const ran = await place.run('quick', 'one');
    expect({ code: ran.code, err: ran.err }).toEqual({ code: 0, err: '' });
    expect(ran.out).toMatch(/^run one in .*runs\.db\n ✓ first/);
    expect(place.told()).toBe('first last');
    const again = await place.command('resume', 'one');
    expect({ code: again.code, err: again.err }).toEqual({ code: 0, err: '' });
    expect(again.out).toContain(': 2 of 2 tasks were done before\n');
    expect(again.out).toMatch(/done before: nothing ran\nresults\n {2}first: 'first'\n {2}last: 'last'\n$/);
    expect((await place.run('quick', 'one')).out).toContain('nothing ran');
    expect((await place.command('retry', 'one')).out).toContain('nothing ran');
    expect(place.told()).toBe('');
  });
  test('has a new id where none is given', async () => {
    const { db, stored } = newPlace();
    const args = ['run', 'kept.mjs', '--export', 'later', '--executor', 'serial', '--db', db, ...stored];
    const { code, out } = await taskloom([...args, '--json']);
    expect(code).toBe(0);
    const { flowId, wayOn } = lastLine(out);
    expect(flowId).toMatch(/^[0-9a-f]{8}-/);
    expect(wayOn).toBe(null);
    expect(JSON.parse(out.slice(0, out.indexOf('\n')))).toEqual({
      ...{ event: 'kept', flowId, db, state: 'PENDING', done: 0 },
    });
    // Its export is a promise of a flow, now as then.
    expect((await taskloom(['resume', String(flowId), '--db', `sqlite:${db}`])).code).toBe(0);
  });
  test('outside of its root says that it can be resumed only by running it again', async () => {
    const place = newPlace();
    const { code, err } = await place.run('mending', 'one', '--root', place.folder);
    expect(code).toBe(1);
    const way = `taskloom run ${FIXTURES}kept.mjs --export mending --id one --db ${place.db}`;
    expect(err).toMatch(/warning: the flow file lies outside of .* \(--root\)/);
    expect(err).toMatch(new RegExp(`to go on: ${way}\n$`));
    const resumed = await place.command('resume', 'one');
    expect(resumed.err).toMatch(/kept without its factory.* taskloom run FLOW .*\[FACTORY_INVALID\]\n$/);
    expect(resumed.code).toBe(2);
    place.mend();
    expect((await taskloom([...way.split(' ').slice(1), '--executor', 'serial'])).code).toBe(0);
    expect(place.told()).toBe('first broken -broken -first first broken last');
  });
  test('refuses the id of a run of another flow', async () => {
    const place = newPlace();
    await seed(place, 'quick', 'one');
    const { code, err } = await place.run('greeting', 'one', '--store', 'name=you');
    expect(err).toMatch(
      /The id 'one' in .* is that of a run of the flow 'quick', not of 'greeting'.*\[USAGE\]/,
    );
    expect(code).toBe(2);
  });
});

// Windows has no signals that one process could send to another and be heard.
describe.skipIf(process.platform === 'win32')('a run that is stopped', () => {
  test('by Ctrl-C is suspended, and goes on without what is done', async () => {
    const place = newPlace();
    const run = place.begin('steps', 'one');
    await run.shows('at the gate');
    run.child.kill('SIGINT');
    await run.shows('then the run is suspended: it can go on later. Ctrl-C again ends at once.');
    place.open();
    const { code, out, err } = await run.ended;
    expect(out).toContain("SUSPENDED  flow 'steps': 2 of 3 tasks done");
    expect(err).toMatch(/\ninterrupted \(SIGINT\)\.\nto go on: taskloom resume one --db \S*runs\.db\n$/);
    expect(code).toBe(130);
    expect(place.told()).toBe('first gate');
    const way = /to go on: taskloom (.*)\n$/.exec(err)?.[1]?.split(' ') ?? [];
    const resumed = await taskloom([...way, '--threads', '1', '--json']);
    expect(resumed).toMatchObject({ code: 0, err: '' });
    expect(lastLine(resumed.out)).toMatchObject({
      ...{ event: 'end', state: 'SUCCESS', exitCode: 0, flowId: 'one', wayOn: null },
      tasks: { total: 3, done: 3, failed: 0 },
      results: { first: 'first', gate: 'gate', last: 'last' },
    });
    expect(place.told()).toBe('last');
  });
  test('at once goes on with what it was at', async () => {
    const place = newPlace();
    const run = place.begin('steps', 'one', '--json');
    await run.shows('at the gate');
    run.child.kill('SIGINT');
    await run.shows('interrupted (SIGINT)');
    run.child.kill('SIGINT');
    const { code, out } = await run.ended;
    const wayOn = `taskloom resume one --db ${place.db}`;
    expect(lastLine(out)).toMatchObject({ event: 'end', exitCode: 130, stopped: 'SIGINT', wayOn });
    expect(code).toBe(130);
    place.open();
    expect((await place.command('resume', 'one', '--executor', 'serial')).code).toBe(0);
    expect(place.told()).toBe('first gate gate last');
  });
  test('by the death of its process goes on with what it was at', async () => {
    const place = newPlace();
    const run = place.begin('steps', 'one');
    await run.shows('at the gate');
    run.child.kill('SIGKILL');
    await run.ended;
    const suspended = await place.command('suspend', 'one');
    expect(suspended.code).toBe(0);
    expect(suspended.out).toContain('RUNNING  run one: nobody runs it\nto go on: taskloom resume one ');
    place.open();
    const { code, out } = await place.command('resume', 'one', '--executor', 'serial');
    expect(out).toContain(': 1 of 3 tasks were done before\n');
    expect(code).toBe(0);
    expect(place.told()).toBe('first gate gate last');
  });
  test('by another process, which waits for it, and is nobody else’s meanwhile', async () => {
    const place = newPlace();
    const run = place.begin('steps', 'one');
    await run.shows('at the gate');
    for (const command of ['resume', 'revert']) {
      const { code, out, err } = await place.command(command, 'one');
      expect(out).toBe('');
      expect(err).toMatch(
        /^error: The flow 'one' is run by engine .* taskloom suspend asks .*\[FLOW_OWNED\]\n$/,
      );
      expect(code).toBe(2);
    }
    const impatient = await place.json('suspend', 'one', '--wait', '0');
    expect(impatient).toMatchObject({ flowId: 'one', asked: true, held: 'runs' });
    // Else the gate could open, and the flow be done, before the process has heard of it.
    await until(() => within(place.db, async (backend) => (await backend.flow('one'))?.asked === null));
    place.open();
    const { code, out } = await place.command('suspend', 'one');
    expect(out).toMatch(
      /^(asked process \d+ .*\n)?SUSPENDED {2}run one.*\nto go on: taskloom resume one --db/,
    );
    expect(code).toBe(0);
    const ended = await run.ended;
    expect(ended.err).toMatch(/suspended: somebody asked for it\.\nto go on: taskloom resume one --db/);
    expect(ended.code).toBe(3);
    expect((await place.command('resume', 'one', '--executor', 'serial')).code).toBe(0);
    expect(place.told()).toBe('first gate last');
  }, 30_000);
  test('goes on although its dead owner was asked to suspend it', async () => {
    const place = newPlace();
    const run = place.begin('steps', 'one');
    await run.shows('at the gate');
    run.child.kill('SIGSTOP');
    expect(await within(place.db, (backend) => backend.askToSuspend('one'))).toBe(true);
    run.child.kill('SIGKILL');
    await run.ended;
    place.open();
    expect((await place.command('resume', 'one', '--executor', 'serial')).code).toBe(0);
  });
  test('by the death of its process is taken back, what it was at included', async () => {
    const place = newPlace();
    const run = place.begin('steps', 'two');
    await run.shows('at the gate');
    run.child.kill('SIGKILL');
    await run.ended;
    place.told();
    const { code, out } = await place.command('revert', 'two', '--executor', 'serial');
    expect(out).toMatch(/REVERTED {2}flow 'steps': 0 of 3 tasks done, 2 reverted/);
    expect(code).toBe(0);
    expect(place.told()).toBe('-gate -first');
  });
});

describe('a run that failed', () => {
  test('is tried again once it is mended', async () => {
    const place = newPlace();
    const failed = await place.run('mending', 'one');
    expect(failed.err).toMatch(/RangeError: not mended yet[\s\S]*\nto go on: taskloom retry one --db \S+\n$/);
    expect(failed.code).toBe(1);
    expect(place.told()).toBe('first broken -broken -first');
    place.mend();
    const { code, out } = await place.command('retry', 'one', '--executor', 'serial');
    expect(out).toContain("SUCCESS  flow 'mending': 3 of 3 tasks done");
    expect(code).toBe(0);
    expect(place.told()).toBe('first broken last');
  });
  test('and could not be reverted goes on from where it stands', async () => {
    const place = newPlace();
    await seed(place, 'sticking', 'one');
    expect(place.told()).toBe('sticky first broken -broken -first');
    place.mend();
    const { code, out } = await place.command('retry', 'one', '--executor', 'serial', '--json');
    expect(lastLine(out)).toMatchObject({ state: 'SUCCESS', results: { broken: 'broken' }, wayOn: null });
    expect(code).toBe(0);
    expect(place.told()).toBe('sticky first broken');
  });
});

describe('a run that is done', () => {
  test('runs again from an atom, and is taken back', async () => {
    const place = newPlace();
    await seed(place, 'quick', 'one');
    place.told();
    const from = await place.command('retry', 'one', '--from', 'last', '--executor', 'serial');
    expect(from.out).toContain(': 1 of 2 tasks were done before');
    expect(from.code).toBe(0);
    expect(place.told()).toBe('last');
    const wrong = await place.command('retry', 'one', '--from', 'lost', '--executor', 'serial');
    expect(wrong.err).toMatch(/has no atom 'lost'\. Did you mean 'last'\? \[ATOM_NOT_FOUND\]/);
    expect(wrong.code).toBe(2);
    const reverted = await place.command('revert', 'one', '--executor', 'serial', '--json');
    expect(lastLine(reverted.out)).toMatchObject({
      ...{ state: 'REVERTED', exitCode: 0, results: null, error: null, wayOn: null },
    });
    expect(place.told()).toBe('-last -first');
  });
  test('runs again with other values of the store', async () => {
    const place = newPlace();
    await seed(place, 'greeting', 'one', { store: { name: 'you' } });
    const args = ['retry', 'one', '--from', 'greet', '--store', 'name=all', '--executor', 'serial'];
    expect((await place.command(...args)).out).toContain("greeting: 'hello all'");
  });
});

test('a run that is killed right at the start is kept with its factory', async () => {
  const place = newPlace();
  const run = place.begin('steps', 'one');
  const begun = (): Promise<boolean> =>
    within(place.db, async (backend) => (await backend.flow('one'))?.factory?.module === 'kept.mjs');
  await until(async () => existsSync(place.db) && (await begun()));
  run.child.kill('SIGKILL');
  await run.ended;
  place.open();
  expect((await place.command('resume', 'one', '--executor', 'serial')).code).toBe(0);
});
