/** Worker threads with nothing of ours, and what they take: the measure of what the machine itself can do. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Dag } from './random-dag.ts';

const BARE = new URL('./far/bare-worker.mjs', import.meta.url);
const NOTHING = new Float64Array(0);

/** For each thread, the turns of its tasks. */
export type Shares = readonly Float64Array[];

/** Shares tasks out among threads, the longest first, each to the one that has least: nearly as even as can be. */
export function shareOut(turns: readonly number[], threads: number): Shares {
  const shares = Array.from({ length: threads }, () => ({ sum: 0, turns: [] as number[] }));
  for (const each of [...turns].sort((a, b) => b - a)) {
    const least = shares.reduce((some, other) => (other.sum < some.sum ? other : some));
    least.sum += each;
    least.turns.push(each);
  }
  return shares.map((share) => Float64Array.from(share.turns));
}

export class BareThreads implements AsyncDisposable {
  readonly #workers: readonly Worker[];

  constructor(count: number) {
    this.#workers = Array.from({ length: count }, () => new Worker(BARE, { execArgv: [] }));
  }

  /** Lets each thread do its share, told in one message; resolves when the last one is done. */
  async spin(shares: Shares): Promise<void> {
    await Promise.all(this.#workers.map((worker, at) => ask(worker, shares[at] ?? NOTHING)));
  }

  /** Round trips of a small message to the first thread, one after the other, with not even a promise between. */
  async roundTrips(count: number): Promise<void> {
    const [worker] = this.#workers;
    if (worker === undefined) throw new Error('There is no thread to ask.');
    await new Promise<void>((resolve) => {
      let left = count;
      const onMessage = (): void => {
        if (--left > 0) {
          worker.postMessage([]);
          return;
        }
        worker.off('message', onMessage);
        resolve();
      };
      worker.on('message', onMessage);
      worker.postMessage([]);
    });
  }

  /**
   * Deals tasks out in their order, `size` to a message and two messages in hand for each thread; resolves with the last answer.
   * What no way to ship tasks can do without: nothing is known or kept of any of them.
   */
  async ship(turns: readonly number[], size: number): Promise<void> {
    let next = 0;
    const batch = (): readonly number[] => {
      const from = next;
      next += size;
      return turns.slice(from, next);
    };
    await Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<void>((resolve) => {
            let inHand = 0;
            const fill = (): void => {
              for (; inHand < 2 && next < turns.length; inHand++) worker.postMessage(batch());
              if (inHand > 0) return;
              worker.off('message', onMessage);
              resolve();
            };
            const onMessage = (): void => {
              inHand--;
              fill();
            };
            worker.on('message', onMessage);
            fill();
          }),
      ),
    );
  }

  /**
   * Performs a DAG by a list schedule that knows everything beforehand: each thread that is done gets the ready task with the
   * longest path, in a message of its own.
   */
  async perform({ before }: Dag, turns: readonly number[], paths: readonly number[]): Promise<void> {
    const left = before.map((each) => each.length);
    const after = before.map((): number[] => []);
    for (const [task, each] of before.entries()) for (const earlier of each) after[earlier]?.push(task);
    const ready = [...left.keys()].filter((task) => left[task] === 0);
    const free = [...this.#workers];
    await new Promise<void>((resolve) => {
      let undone = before.length;
      const feed = (): void => {
        ready.sort((a, b) => (paths[a] ?? 0) - (paths[b] ?? 0));
        while (free.length > 0 && ready.length > 0) {
          const worker = free.pop();
          const task = ready.pop() ?? 0;
          worker?.once('message', () => {
            free.push(worker);
            for (const each of after[task] ?? []) {
              left[each] = (left[each] ?? 0) - 1;
              if (left[each] === 0) ready.push(each);
            }
            if (--undone === 0) resolve();
            else feed();
          });
          worker?.postMessage(Float64Array.of(turns[task] ?? 0));
        }
      };
      feed();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function ask(worker: Worker, turns: Float64Array): Promise<void> {
  worker.postMessage(turns);
  await once(worker, 'message');
}
