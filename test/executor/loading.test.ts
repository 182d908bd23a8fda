/** How task modules load in worker threads, and how they fail to. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Coming, ThreadPoolTaskExecutor } from 'taskloom';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { argsOf, callOf, failureOf, fixture, resultOf, taskIn, verdict } from './calls.ts';
import { pool } from './pools.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskloom-'));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (executor: ThreadPoolTaskExecutor, file: string, name = 'any'): Coming =>
  executor.execute(taskIn(fixture(file), name), [], callOf());

describe('a module that cannot be loaded', () => {
  test.each([
    ['there-is-none.mjs', /there-is-none\.mjs could not be imported: there is no such file\./],
    [
      'load-missing-import.mjs',
      /load-missing-import\.mjs could not be imported: .*there-is-no-such-file\.mjs/,
    ],
    ['load-throws.mjs', /load-throws\.mjs could not be imported: RangeError: thrown on import/],
    ['load-throws-null.mjs', /load-throws-null\.mjs could not be imported: it threw null\./],
  ])('refuses its tasks: %s', async (file, message) => {
    const executor = pool();
    const outcome = await run(executor, file);
    expect(verdict(outcome)).toBe('refused MODULE_LOAD_FAILED');
    expect(failureOf(outcome).message).toMatch(message);
    expect(verdict(await run(executor, file))).toBe('refused MODULE_LOAD_FAILED');
    expect(resultOf(await run(executor, 'load-cycle-a.mjs', 'cyclic'))).toBe('b and a');
  });

  test('keeps its own error, with its stack', async () => {
    const { cause } = failureOf(await run(pool(), 'load-throws.mjs'));
    expect(cause).toMatchObject({ name: 'RangeError', code: 'E_IMPORT' });
    expect((cause as Error).stack).toContain('load-throws.mjs:1');
  });

  test('names the line of a syntax error', async () => {
    const file = join(folder, 'broken.mjs');
    await writeFile(file, 'export const fine = 1;\nexport const broken = ;\n');
    const outcome = await pool().execute(taskIn(pathToFileURL(file).href, 'any'), [], callOf());
    expect(verdict(outcome)).toBe('refused MODULE_LOAD_FAILED');
    expect(failureOf(outcome).message).toMatch(/broken\.mjs:2\)$/);
  });

  test('by exiting costs a thread or two, not one for each of its tasks', async () => {
    let started = 0;
    const count = (): number => started++;
    process.on('worker', count);
    const executor = pool();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => run(executor, 'load-exits.mjs')));
    process.off('worker', count);
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['refused WORKER_EXITED']));
    expect(failureOf(outcomes[0]!).message).toMatch(/exited with code 9 while it imported .*load-exits\.mjs/);
    // The second is started for the rest of the queue, which it need not even be given.
    expect(started).toBeLessThanOrEqual(2);
    expect(resultOf(await run(executor, 'load-cycle-a.mjs', 'cyclic'))).toBe('b and a');
  });

  test('because its top-level await never ends is given up', async () => {
    const executor = pool({ loadTimeout: 1000 });
    const outcomes = await Promise.all([run(executor, 'load-never.mjs'), run(executor, 'load-never.mjs')]);
    expect(outcomes.map(verdict)).toEqual(Array(2).fill('refused MODULE_LOAD_FAILED'));
    expect(failureOf(outcomes[0]!).message).toContain('was not imported within 1000 ms');
    expect(resultOf(await run(executor, 'load-cycle-a.mjs', 'cyclic'))).toBe('b and a');
  });

  test('is not tried again for each of its tasks', async () => {
    const file = join(folder, 'slow-to-fail.mjs');
    await writeFile(file, 'await new Promise((r) => setTimeout(r, 300)); throw new Error("no");');
    const executor = pool();
    const task = taskIn(pathToFileURL(file).href, 'any');
    const start = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, () => executor.execute(task, [], callOf())),
    );
    expect(new Set(outcomes.map(verdict))).toEqual(new Set(['refused MODULE_LOAD_FAILED']));
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('a task that its module does not have', () => {
  test('is refused, and those that it has are named', async () => {
    const outcome = await run(pool(), 'contract-tasks.mjs', 'ad');
    expect(verdict(outcome)).toBe('refused TASK_NOT_FOUND');
    expect(failureOf(outcome).message).toMatch(
      /defines no task 'ad' .*Did you mean 'add'\? It defines: add, describe/,
    );
  });
  test('is refused where there are none at all', async () => {
    const outcome = await run(pool(), 'load-no-tasks.mjs');
    expect(verdict(outcome)).toBe('refused TASK_NOT_FOUND');
    expect(failureOf(outcome).message).toContain('two copies of taskloom');
  });
  test('is refused when two have one name', async () => {
    expect(verdict(await run(pool(), 'load-twice.mjs', 'same'))).toBe('refused TASK_DUPLICATE');
  });
  test('is refused when the module runs a flow on import', async () => {
    const outcome = await run(pool(), 'load-runs.mjs', 'fine');
    expect(verdict(outcome)).toBe('refused MODULE_RUNS_FLOW');
  });
  test('is found through a link', async () => {
    const link = join(folder, 'linked');
    await symlink(fileURLToPath(new URL('.', fixture('x'))), link, 'junction');
    const module = pathToFileURL(join(link, 'contract-tasks.mjs')).href;
    const outcome = await pool().execute(taskIn(module, 'add'), argsOf({ a: 1, b: 2 }), callOf());
    expect(resultOf(outcome)).toBe(3);
  });
});

describe('TypeScript', () => {
  test('task modules run, with .js names for .ts files', async () => {
    const size = argsOf({ size: { width: 21 } });
    const outcome = await pool().execute(taskIn(fixture('typed-tasks.ts'), 'typed'), size, callOf());
    expect(resultOf(outcome)).toBe(42);
  });
  test('stacks show the lines of the source', async () => {
    const outcome = await run(pool(), 'typed-tasks.ts', 'typedThrows');
    expect(verdict(outcome)).toBe('failed Error');
    expect(failureOf(outcome).stack).toMatch(/typed-tasks\.ts:17:/);
  });
  test('works in a package that is no ES module', async () => {
    const own = join(folder, 'commonjs');
    await mkdir(own);
    await writeFile(join(own, 'package.json'), '{}');
    await cp(fileURLToPath(fixture('typed-tasks.ts')), join(own, 'typed-tasks.ts'));
    await cp(fileURLToPath(fixture('typed-helper.ts')), join(own, 'typed-helper.ts'));
    await mkdir(join(own, 'node_modules'));
    await symlink(
      fileURLToPath(new URL('../../', import.meta.url)),
      join(own, 'node_modules', 'taskloom'),
      'junction',
    );
    const module = pathToFileURL(join(own, 'typed-tasks.ts')).href;
    const outcome = await pool().execute(taskIn(module, 'typed'), argsOf({ size: { width: 2 } }), callOf());
    expect(resultOf(outcome)).toBe(4);
  });
  test.runIf(!('typescript' in process.features))('without tsx says what to install', async () => {
    const own = join(folder, 'without-tsx');
    const root = new URL('../../', import.meta.url);
    await cp(fileURLToPath(new URL('dist', root)), join(own, 'dist'), { recursive: true });
    await cp(fileURLToPath(new URL('package.json', root)), join(own, 'package.json'));
    await mkdir(join(own, 'node_modules'));
    for (const name of ['piscina', 'comlink', 'tinyqueue', 'uuid', '@napi-rs'])
      await symlink(
        fileURLToPath(new URL(`node_modules/${name}`, root)),
        join(own, 'node_modules', name),
        'junction',
      );
    await writeFile(join(own, 'tasks.ts'), 'export const typed: number = 1;');
    await writeFile(
      join(own, 'main.mjs'),
      `import { ThreadPoolTaskExecutor } from 'taskloom';
       const executor = new ThreadPoolTaskExecutor({ threads: 1 });
       const url = new URL('tasks.ts', import.meta.url).href;
       const task = { work: { name: 'typed', module: url, validators: null }, provides: [], priority: 0, timeout: null };
       const call = { identity: { atom: 'typed' }, rank: 0, source: {}, services: {}, signal: null, begin: () => true };
       const { kind, failure } = await executor.execute(task, [], call);
       console.log(kind, failure.code, failure.message);`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(own, 'main.mjs')]);
    expect(stdout).toMatch(
      /refused TYPESCRIPT_UNAVAILABLE .*tasks\.ts is TypeScript, which Node \S+ does not run by itself: install tsx \(npm i -D tsx\), or use Node 22\.18 or later\.$/m,
    );
  });
});

describe('a pool that cannot start', () => {
  test('refuses its tasks with a clear code, and does not hang', async () => {
    const executor = pool({ loadTimeout: 1 });
    expect(verdict(await run(executor, 'contract-tasks.mjs', 'add'))).toBe('refused WORKER_START_FAILED');
  });
  test('because a bundler left its worker behind says so', async () => {
    const own = join(folder, 'bundle');
    const root = new URL('../../', import.meta.url);
    await cp(fileURLToPath(new URL('dist/src', root)), join(own, 'src'), { recursive: true });
    await symlink(fileURLToPath(new URL('node_modules', root)), join(own, 'node_modules'), 'junction');
    await writeFile(join(own, 'package.json'), '{ "type": "module" }');
    await writeFile(
      join(own, 'main.mjs'),
      `import { ThreadPoolTaskExecutor } from './src/executor/threads.js';
       const executor = new ThreadPoolTaskExecutor({ threads: 1 });
       const task = { work: { name: 'a', module: 'file:///a.mjs', validators: null }, provides: [], priority: 0, timeout: null };
       const call = { identity: { atom: 'a' }, rank: 0, source: {}, services: {}, signal: null, begin: () => true };
       const { kind, failure } = await executor.execute(task, [], call);
       console.log(kind, failure.code, failure.message);`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(own, 'main.mjs')]);
    expect(stdout).toMatch(/refused WORKER_START_FAILED .*mark it as external/);
  });
});
