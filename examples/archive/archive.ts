/**
 * Makes an archive of a folder: three flows on one executor, since the shape of each depends on what the one before
 * found. A failure, or an abort, leaves no archive behind: the last flow takes back what it wrote.
 *
 *   list ─▶ hash × batches ─▶ (plan) ─▶ the archive flow (flow.ts)
 */
import { type Backend, createEngine, type EngineSettings, run, type TaskExecutor } from 'taskloom';
import { archiveFlow, hashedFrom, hashFlow, packName } from './flow.ts';
import type { Index } from './index-file.ts';
import type { Listing } from './listing.ts';
import { chunksOf, hashBatches, type Plan, planParts } from './plan.ts';
import { list, type Mishap } from './tasks.ts';

type Phase = 'list' | 'hash' | 'pack';

/** What a run says while it goes on. */
export interface Watcher {
  /** A phase begins; `bytes` of files are before it. */
  phase(phase: Phase, bytes: number): void;
  /** More of them are done. */
  done(bytes: number): void;
  /** A task that had written something has taken it back. */
  reverted(task: string): void;
}

export interface Run {
  readonly executor: TaskExecutor;
  readonly signal?: AbortSignal;
  /** Where the flows are kept, each under the name of its phase: then an abort suspends them, and the same call goes on. */
  readonly backend?: Backend;
  readonly watcher?: Watcher;
}

/** What is to be archived, and how it is divided. */
export interface Survey {
  readonly root: string;
  readonly listing: Listing;
  readonly plan: Plan;
  /** ms that each phase took. */
  readonly times: { readonly list: number; readonly hash: number };
}

export interface Archived {
  readonly index: Index;
  /** Bytes of the archive's files. */
  readonly bytes: number;
  /** ms */
  readonly time: number;
}

/** Lists the folder, reads and hashes every file, and plans the parts. Writes nothing. */
export async function survey(root: string, running: Run): Promise<Survey> {
  const { watcher } = running;
  const started = performance.now();
  watcher?.phase('list', 0);
  const { listing } = await run(list, { store: { root }, ...settingsOf(running, 'list') });
  const listed = performance.now();

  const chunks = chunksOf(listing);
  const batches = hashBatches(chunks);
  const weights = new Map(batches.map((batch, at) => [`hash ${at}`, bytesOf(batch)]));
  watcher?.phase('hash', sum(weights.values()));
  const engine = createEngine(hashFlow(batches), { store: { root }, ...settingsOf(running, 'hash') });
  engine.on('atom', ({ name, state }) => {
    if (state === 'SUCCESS') watcher?.done(weights.get(name) ?? 0);
  });
  const hashed = hashedFrom(await runAndClose(engine), batches.length);
  const plan = planParts(listing, chunks, hashed);
  return { root, listing, plan, times: { list: listed - started, hash: performance.now() - listed } };
}

export interface PackOptions extends Run {
  /** The folder to make. Missing or empty. */
  readonly out: string;
  /** Of brotli, 0 to 11. */
  readonly quality: number;
  readonly broken?: Mishap;
}

/** Packs what was surveyed, writes the index and verifies both; or takes back all that it wrote, and rejects. */
export async function packAll(surveyed: Survey, options: PackOptions): Promise<Archived> {
  const { root, listing, plan } = surveyed;
  const { watcher, out, quality, broken } = options;
  const started = performance.now();
  const weights = new Map(plan.parts.map((part) => [packName(part), part.bytes]));
  watcher?.phase('pack', sum(weights.values()));
  const engine = createEngine(archiveFlow(listing, plan, broken), {
    store: { root, out, quality },
    ...settingsOf(options, 'pack'),
  });
  engine.on('atom', ({ name, state }) => {
    const weight = weights.get(name);
    if (weight === undefined) return;
    if (state === 'REVERTED') watcher?.reverted(name);
    if (state === 'SUCCESS') watcher?.done(weight);
  });
  const { index, indexBytes } = await runAndClose(engine);
  const bytes = sum(index.parts.map((part) => part.bytes)) + indexBytes;
  return { index, bytes, time: performance.now() - started };
}

function settingsOf({ executor, signal, backend }: Run, phase: Phase): EngineSettings {
  return {
    executor,
    ...(signal && { signal }),
    ...(backend && { backend, flowId: phase, onAbort: 'suspend' }),
  };
}

/** The executor goes on: it is the caller's. */
async function runAndClose<Results>(engine: {
  run(): Promise<Results>;
  close(): Promise<void>;
}): Promise<Results> {
  try {
    return await engine.run();
  } finally {
    await engine.close();
  }
}

function bytesOf(chunks: readonly { readonly source: { readonly length: number } }[]): number {
  return sum(chunks.map(({ source }) => source.length));
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
