/** `taskloom run`: what is shown, in words and as JSON, and the exit codes of runs that end by themselves. */
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { taskloom } from './taskloom.ts';

const ESCAPE = '\x1b';
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a run that is done', () => {
  test('shows tasks, log lines, a summary and results, and ends in spite of open timers', async () => {
    const { code, out, err } = await taskloom(['run', 'done.mjs', '--store', 'n=4', '--threads', '2']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^ {3}double \| n is 4\n ✓ double +[\d.]+ ms\n\nSUCCESS {2}flow 'doubling': 1 of 1 tasks done\n/,
    );
    expect(out).toMatch(
      / in tasks, speed-up unknown \(under 100 ms of work\) on 2 threads\nresults\n {2}doubled: 8\n$/,
    );
    expect(out).not.toContain(ESCAPE);
  });
  test('in TypeScript, with its tasks in TypeScript', async () => {
    const { code, out } = await taskloom(['run', 'typed.ts', '--store', 'n=2']);
    expect(out).toContain('tripled: 6');
    expect(code).toBe(0);
  });
  test('takes the only flow, a function and a single task', async () => {
    const only = await taskloom(['run', 'one-flow.mjs', '--store', 'n=1', '--executor', 'serial']);
    expect(only.out).toContain('on the main thread');
    const made = await taskloom([
      'run',
      'many.mjs',
      '--export',
      'made',
      '--store',
      'n=1',
      '--executor',
      'serial',
    ]);
    const single = await taskloom([
      'run',
      'tasks.mjs',
      '--export',
      'double',
      '--store',
      'n=1',
      '--executor',
      'serial',
    ]);
    const empty = await taskloom(['run', 'many.mjs', '--export', 'empty']);
    expect([only.code, made.code, single.code, empty.code]).toEqual([0, 0, 0, 0]);
  });
  test('colours when told to, and not when told not to', async () => {
    const args = ['run', 'many.mjs', '--export', 'empty'];
    expect((await taskloom(args, { FORCE_COLOR: '1' })).out).toContain(`${ESCAPE}[32mSUCCESS`);
    expect((await taskloom(args, { NO_COLOR: '1' })).out).not.toContain(ESCAPE);
  });
  test('shows hostile names, logs and results as text', async () => {
    const { code, out } = await taskloom(['run', 'many.mjs', '--export', 'hostile', '--executor', 'serial']);
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(out).toContain('evil \\x1b[2J\\nname\\u202e');
  });
});

describe('the store', () => {
  const shown = async (...args: string[]): Promise<string> => {
    const { out } = await taskloom([
      'run',
      'many.mjs',
      '--export',
      'showing',
      '--executor',
      'serial',
      ...args,
    ]);
    return /shown: (.*)/.exec(out)?.[1] ?? out;
  };
  test('takes JSON as JSON and everything else as a string', async () => {
    expect(await shown('--store', 'value=[1,{"a":null}]')).toBe(`'[1,{"a":null}]'`);
    expect(await shown('--store', 'value=a=b')).toBe(`'"a=b"'`);
    expect(await shown('--store', 'value=')).toBe(`'""'`);
    expect(await shown('--store', 'value=1', '--store', 'value="1"')).toBe(`'"1"'`);
  });
  test('lets --store win over --store-file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'taskloom-')), 'store.json');
    writeFileSync(file, '\ufeff{"value": "file", "__proto__": {"polluted": true}}');
    expect(await shown('--store-file', file)).toBe(`'"file"'`);
    expect(await shown('--store-file', file, '--store', 'value=2')).toBe(`'2'`);
  });
  test('has __proto__ as a symbol like any other', async () => {
    const args = [
      'run',
      'many.mjs',
      '--export',
      'proto',
      '--executor',
      'serial',
      '--store',
      '__proto__={"a":1}',
    ];
    const { code, out } = await taskloom(args);
    expect(out).toContain(`shown: '{"a":1}'`);
    expect(code).toBe(0);
  });
});

describe('a run that fails', () => {
  test('says which task, why, where, and what was reverted', async () => {
    const { code, out, err } = await taskloom(['run', 'many.mjs', '--export', 'failing', '--store', 'n=1']);
    expect(code).toBe(1);
    expect(out).toContain('RangeError: too\\nfar \\x1b[31mred');
    expect(out).toMatch(/↩ double .* reverted\n/);
    expect(out).toContain("REVERTED  flow 'failing': 0 of 2 tasks done, 1 failed, 2 reverted");
    expect(err).toMatch(
      /task 'fail' failed: RangeError: too\n {2}far \\x1b\[31mred\n {6}at .*tasks\.mjs:\d+:\d+/,
    );
    expect(err).toContain('code: E_FAR');
    expect(err).toContain('caused by: Error: below');
    expect(err).toContain('reverted: double, fail');
    expect(err).not.toMatch(/dist\/|node:internal/);
  });
  test('says which task could not be reverted', async () => {
    const args = ['run', 'many.mjs', '--export', 'revertFails', '--store', 'n=1', '--executor', 'serial'];
    const { code, out, err } = await taskloom(args);
    expect(code).toBe(1);
    expect(out).toContain("FAILURE  flow 'revert-fails'");
    expect(err).toContain("task 'stuck' could not be reverted: Error: cannot be undone");
    expect(err).toContain('not reverted: double, stuck');
  });
  test('says when a task on the main thread never settles, or ends the process', async () => {
    const never = await taskloom(['run', 'many.mjs', '--export', 'hanging', '--executor', 'serial']);
    expect(never.code).toBe(1);
    expect(never.err).toContain('a running task (never) waits for something that never happens');
    const quit = await taskloom(['run', 'many.mjs', '--export', 'quitting', '--executor', 'serial']);
    expect(quit.code).toBe(1);
    expect(quit.err).toContain('a running task (quit) called process.exit()');
  });
});

describe('--json', () => {
  test('writes nothing but events, the end last', async () => {
    const args = ['run', 'many.mjs', '--export', 'failing', '--store', 'n=1', '--json'];
    const { code, out, err } = await taskloom(args, { FORCE_COLOR: '1' });
    const events = lines(out);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(new Set(events.map(({ event }) => event))).toEqual(
      new Set(['flow', 'atom', 'progress', 'log', 'end']),
    );
    expect(events.at(-1)).toMatchObject({
      event: 'end',
      state: 'REVERTED',
      exitCode: 1,
      tasks: { total: 2, done: 0, failed: 1, reverted: 2, revertFailed: 0 },
      reverted: ['double', 'fail'],
      error: { name: 'RangeError', code: 'E_FAR', cause: { message: 'below' } },
    });
  });
  test('writes values that JSON has no form for', async () => {
    const { out } = await taskloom([
      'run',
      'many.mjs',
      '--export',
      'oddities',
      '--json',
      '--executor',
      'serial',
    ]);
    expect(lines(out).at(-1)?.['results']).toEqual({
      big: { $type: 'bigint', value: '12' },
      map: { $type: 'Map', entries: [['a', { $type: 'Set', values: [1] }]] },
      bytes: { $type: 'Uint8Array', length: 4096 },
      nothing: { $type: 'number', value: 'NaN' },
      circle: { name: 'circle', self: { $type: 'circular' } },
    });
  });
  test('says that nothing ran', async () => {
    const { code, out } = await taskloom(['run', 'nope.mjs', '--json']);
    expect(code).toBe(2);
    expect(lines(out)).toMatchObject([
      { event: 'end', state: null, exitCode: 2, error: { code: 'FLOW_FILE_INVALID' } },
    ]);
  });
});
