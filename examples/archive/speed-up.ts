/**
 * How much faster N threads are than one, measured and not reckoned: the same archive flow over the same sample, by one
 * thread and by N in turns, on threads that are warm. The medians are compared, so that a single disturbance does not
 * count.
 */
import { rm } from 'node:fs/promises';
import { type TaskExecutor, ThreadPoolTaskExecutor } from 'taskloom';
import { packAll, type Survey } from './archive.ts';
import { type PartPlan, partName } from './plan.ts';

const ROUNDS = 3;
/** ms that one thread should take for the sample: long against what starting and ending a flow takes. */
const ONE_THREAD_TIME = 2500;
/** Parts per thread at least: with a few, one thread would idle while another ends its last. */
const PARTS_PER_THREAD = 12;

export interface SpeedUp {
  readonly threads: number;
  readonly rounds: number;
  readonly parts: number;
  /** Before compression. */
  readonly bytes: number;
  /** ms, medians. */
  readonly one: number;
  readonly many: number;
  readonly ratio: number;
}

export interface Measuring {
  readonly executor: TaskExecutor;
  readonly threads: number;
  readonly quality: number;
  /** ms that packing all took with `threads`, by which the sample is chosen. */
  readonly time: number;
  /** A folder to write to; what is written is removed again. */
  readonly scratch: string;
  readonly signal?: AbortSignal;
  onRound(round: number, rounds: number): void;
}

export async function measureSpeedUp(surveyed: Survey, measuring: Measuring): Promise<SpeedUp> {
  const { executor, threads, time } = measuring;
  const share = ONE_THREAD_TIME / Math.max(1, time * threads);
  const parts = sampleOf(surveyed.plan.parts, share, PARTS_PER_THREAD * threads);
  const sample = withParts(surveyed, parts);
  const alone = new ThreadPoolTaskExecutor({ threads: 1 });
  const times = { one: [] as number[], many: [] as number[] };
  try {
    await timed(withParts(surveyed, parts.slice(0, 2)), alone, measuring);
    for (let round = 0; round < ROUNDS; round += 1) {
      measuring.onRound(round + 1, ROUNDS);
      // Whoever goes second finds warmer caches: they take turns at it.
      const order = round % 2 === 0 ? (['one', 'many'] as const) : (['many', 'one'] as const);
      for (const who of order) {
        times[who].push(await timed(sample, who === 'one' ? alone : executor, measuring));
      }
    }
  } finally {
    await alone.stop();
  }
  const [one, many] = [median(times.one), median(times.many)];
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { threads, rounds: ROUNDS, parts: parts.length, bytes, one, many, ratio: one / many };
}

/** Parts from all over the folder, at even distances. */
function sampleOf(parts: readonly PartPlan[], share: number, least: number): PartPlan[] {
  const count = Math.min(parts.length, Math.max(least, Math.round(parts.length * share)));
  return Array.from({ length: count }, (_, at) => parts[Math.floor((at * parts.length) / count)]).filter(
    (part) => part !== undefined,
  );
}

/** An archive of these parts alone, numbered anew, in which no file is listed. */
function withParts(surveyed: Survey, parts: readonly PartPlan[]): Survey {
  const numbered = parts.map((part, at) => ({ ...part, name: partName(at) }));
  return {
    ...surveyed,
    listing: { entries: [], notes: [] },
    plan: { ...surveyed.plan, parts: numbered, files: new Map(), notes: [] },
  };
}

/** ms that the flow takes; removing what it wrote is not counted. */
async function timed(sample: Survey, executor: TaskExecutor, measuring: Measuring): Promise<number> {
  const { scratch, quality, signal } = measuring;
  try {
    const { time } = await packAll(sample, { executor, quality, out: scratch, ...(signal && { signal }) });
    return time;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
