/** The programs that one would write without taskloom: each pool as its README shows it, warm and with as many threads. */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { FixedThreadPool } from 'poolifier';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';

const NAIVE = new URL('./far/naive-worker.mjs', import.meta.url).href;
const WORKERPOOL = fileURLToPath(new URL('./far/workerpool-worker.mjs', import.meta.url));
const POOLIFIER = fileURLToPath(new URL('./far/poolifier-worker.mjs', import.meta.url));

/** Without the TypeScript loader of this process, which none of their threads needs. */
const execArgv: string[] = [];

/** A pool that runs no-ops, one call a task. Both return what can be awaited, of each pool's own kind. */
export interface NaivePool {
  readonly noOp: (n: number) => unknown;
  readonly end: () => unknown;
}

export function naivePiscina(threads: number): Piscina {
  return new Piscina({ filename: NAIVE, minThreads: threads, maxThreads: threads, execArgv });
}

export function piscinaOfNoOps(threads: number): NaivePool {
  const pool = naivePiscina(threads);
  return { noOp: (n) => pool.run({ n }, { name: 'noOp' }), end: () => pool.destroy() };
}

export function tinypoolOfNoOps(threads: number): NaivePool {
  const pool = new Tinypool({ filename: NAIVE, minThreads: threads, maxThreads: threads, execArgv });
  return { noOp: (n) => pool.run({ n }, { name: 'noOp' }), end: () => pool.destroy() };
}

export function workerpoolOfNoOps(threads: number): NaivePool {
  const pool = workerpool.pool(WORKERPOOL, {
    workerType: 'thread',
    minWorkers: threads,
    maxWorkers: threads,
    workerThreadOpts: { execArgv },
  });
  return { noOp: (n) => pool.exec('noOp', [{ n }]), end: () => pool.terminate() };
}

export function poolifierOfNoOps(threads: number): NaivePool {
  const pool = new FixedThreadPool<{ n: number }, void>(threads, POOLIFIER, { workerOptions: { execArgv } });
  return { noOp: (n) => pool.execute({ n }, 'noOp'), end: () => pool.destroy() };
}

/** One call a task, all at once. */
export async function runNoOps(pool: NaivePool, count: number): Promise<void> {
  const runs: unknown[] = [];
  for (let n = 0; n < count; n++) runs.push(pool.noOp(n));
  await Promise.all(runs);
}

/** One `run` of Piscina after the other, each with the result of the one before. */
export async function runChain(piscina: Piscina, length: number): Promise<number> {
  let n = 0;
  for (let link = 0; link < length; link++) n = await piscina.run(n, { name: 'addOne' });
  return n;
}
