/** The program that one would write without taskloom: a Piscina as its README shows it, warm and with as many threads. */
import { Piscina } from 'piscina';

const NAIVE = new URL('./far/naive-worker.mjs', import.meta.url).href;

export function naivePiscina(threads: number): Piscina {
  return new Piscina({ filename: NAIVE, minThreads: threads, maxThreads: threads });
}

/** One `run` a task, all at once. */
export async function runNoOps(piscina: Piscina, count: number): Promise<void> {
  const runs: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) runs.push(piscina.run({ n }, { name: 'noOp' }));
  await Promise.all(runs);
}

/** One `run` after the other, each with the result of the one before. */
export async function runChain(piscina: Piscina, length: number): Promise<number> {
  let n = 0;
  for (let link = 0; link < length; link++) n = await piscina.run(n, { name: 'addOne' });
  return n;
}
