/** Worker threads with nothing of ours, and what they take: the measure of what the machine itself can do. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const BARE = new URL('./far/bare-worker.mjs', import.meta.url);

export class BareThreads implements AsyncDisposable {
  readonly #workers: readonly Worker[];

  constructor(count: number) {
    this.#workers = Array.from({ length: count }, () => new Worker(BARE));
  }

  /** Spins `times` times for `turns` turns, shared out evenly beforehand; resolves when the last thread is done. */
  async spin(times: number, turns: number): Promise<void> {
    const each = Math.floor(times / this.#workers.length);
    const more = times % this.#workers.length;
    await Promise.all(
      this.#workers.map((worker, at) => ask(worker, { times: each + (at < more ? 1 : 0), turns })),
    );
  }

  /** Round trips of a small message to the first thread, one after the other. */
  async roundTrips(count: number): Promise<void> {
    const [worker] = this.#workers;
    if (worker === undefined) throw new Error('There is no thread to ask.');
    for (let done = 0; done < count; done++) await ask(worker, { times: 0, turns: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function ask(worker: Worker, message: { times: number; turns: number }): Promise<void> {
  worker.postMessage(message);
  await once(worker, 'message');
}
