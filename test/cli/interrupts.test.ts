/** Stopping a run from outside: signals once and twice, a reader that leaves, an error out of the blue. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES, MAIN, plainEnv, start } from './taskloom.ts';

/** A file that doesn't exist yet. */
const newFile = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'taskloom-')), 'file');

// Windows has no signals that one process could send to another and be heard.
describe.skipIf(process.platform === 'win32')('signals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s lets running tasks finish and reverts what ran', async (signal, code) => {
    const go = await newFile();
    const run = start(['run', 'many.mjs', '--export', 'waiting', '--store', `go=${go}`, '--threads', '1']);
    await run.shows('waiting\n');
    run.child.kill(signal);
    await run.shows(`interrupted (${signal}): waiting for the running tasks`);
    writeFileSync(go, '');
    const ended = await run.ended;
    expect(ended.out).toMatch(/✓ wait .*\n ↩ wait .*reverted/);
    expect(ended.out).not.toContain('after');
    expect(ended.err).toContain('reverted: wait');
    expect(existsSync(`${go}.undone`)).toBe(true);
    expect(ended.code).toBe(code);
  });

  test('a second one ends at once', async () => {
    const run = start(['run', 'many.mjs', '--export', 'spinning', '--threads', '1']);
    await run.shows('spinning\n');
    run.child.kill('SIGINT');
    await run.shows('Ctrl-C again ends at once');
    run.child.kill('SIGINT');
    const { code, err } = await run.ended;
    expect(err).toContain('a second SIGINT ended the run at once. Not reverted: endless.');
    expect(code).toBe(130);
  });

  test('with --json the end is still the last line', async () => {
    const run = start(['run', 'many.mjs', '--export', 'spinning', '--json']);
    await run.shows('"message":"spinning"');
    run.child.kill('SIGINT');
    await run.shows('interrupted (SIGINT)');
    run.child.kill('SIGINT');
    const { code, out } = await run.ended;
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      event: 'end',
      state: 'RUNNING',
      exitCode: 130,
      stopped: 'SIGINT',
    });
    expect(code).toBe(130);
  });

  test('an error outside of every task stops the run', async () => {
    const go = await newFile();
    const run = start(['run', 'throws-in-run.mjs', '--store', `go=${go}`]);
    await run.shows('waiting\n');
    run.child.kill('SIGUSR2');
    await run.shows('struck\n');
    writeFileSync(go, '');
    const { code, err } = await run.ended;
    expect(err).toMatch(/caused by: Error: out of the blue\n +at .*throws-in-run\.mjs:7/);
    expect(existsSync(`${go}.undone`)).toBe(true);
    expect(code).toBe(1);
  });
});

test('a reader that leaves stops the run quietly, and what ran is reverted', async () => {
  const mark = await newFile();
  const args = [MAIN, 'run', 'many.mjs', '--export', 'talking', '--store', `mark=${mark}`];
  const child = spawn(process.execPath, args, { cwd: FIXTURES, env: plainEnv() });
  let err = '';
  child.stderr.on('data', (text) => (err += text));
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, err }).toEqual({ code: 141, err: '' });
  expect(existsSync(mark)).toBe(true);
});

const SCRIPT =
  process.platform === 'linux' && spawnSync('script', ['--version']).stdout?.includes('util-linux');

describe.skipIf(!SCRIPT)('in a terminal', () => {
  const inTerminal = (command: string, env: Record<string, string> = {}): string =>
    spawnSync('script', ['-qec', `stty columns 100; ${command}`, '/dev/null'], {
      cwd: FIXTURES,
      env: plainEnv({ TERM: 'xterm', ...env }),
      encoding: 'utf8',
      input: '',
    }).stdout;
  const command = `'${process.execPath}' '${MAIN}' run done.mjs --store n=1`;

  test('there are colours and a status line, which is gone at the end', () => {
    const out = inTerminal(command);
    expect(out).toContain('\x1b[32m✓\x1b[0m double');
    expect(out).toContain('0/1 done');
    expect(out.slice(out.lastIndexOf('/1 done'))).toContain('\r\x1b[2K');
  });
  test('NO_COLOR takes the colours only', () => {
    const out = inTerminal(command, { NO_COLOR: '1' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out).not.toMatch(/\x1b\[\d+m/);
    expect(out).toContain('0/1 done');
  });
});
