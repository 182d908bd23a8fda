/**
 * taskloom's main job on real input: a compressed, deduplicated, verified archive of a folder. `--help` says how.
 *
 *   list ─▶ hash ┬ 0 ┬ ─▶ make folders ─▶ ┬ pack 0 ─▶ verify 0 ┬ ─▶ assemble index ─▶ write index ─▶ verify index
 *                ├ 1 ┤                    ├ pack 1 ─▶ verify 1 ┤
 *                └ … ┘                    └ …                  ┘
 *
 * If anything fails, or at Ctrl-C, the tasks that ran are reverted and nothing of the archive is left.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlite, ThreadPoolTaskExecutor } from 'taskloom';
import { packAll, type Survey, survey, type Watcher } from './archive.ts';
import { type ArchiveCommand, HELP, type RestoreCommand, readCommand, UsageError } from './command-line.ts';
import { shown } from './file-name.ts';
import { Progress } from './progress.ts';
import { reportLines, seconds } from './report.ts';
import { restore } from './restore.ts';
import { measureSpeedUp, type SpeedUp } from './speed-up.ts';

const EXIT = { done: 0, failed: 1, usage: 2, SIGINT: 130, SIGTERM: 143 } as const;
/** MB of heap per thread when a task is to run out of it. */
const SMALL_HEAP = 96;
const REMOVE = { recursive: true, force: true } as const;
const TITLES = { list: 'Listing', hash: 'Hashing', pack: 'Packing' } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const interrupted = stopAtSignals(stop);
  const progress = new Progress(process.stdout);
  try {
    const command = readCommand(args);
    if (command.kind === 'help') console.log(HELP);
    else if (command.kind === 'restore') await restoreArchive(command, stop.signal);
    else await makeArchive(command, progress, stop.signal);
    return EXIT.done;
  } catch (error) {
    progress.clear();
    const { signal } = interrupted;
    if (signal !== null && args.includes('--db'))
      console.error('The same command goes on where this one stopped.');
    if (error instanceof UsageError)
      console.error(`${error.message}\nnpm run demo -- --help shows how it is used.`);
    else if (signal === null) console.error(messageOf(error));
    if (signal !== null) return EXIT[signal];
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function makeArchive(command: ArchiveCommand, progress: Progress, signal: AbortSignal): Promise<void> {
  const { folder, threads, broken } = command;
  const [load = 0] = loadavg();
  const scratch = await mkdtemp(join(tmpdir(), 'taskloom-archive-'));
  const out = command.out ?? join(scratch, 'archive');
  const executor = new ThreadPoolTaskExecutor({
    threads,
    ...(broken === 'memory' && { resourceLimits: { maxOldGenerationSizeMb: SMALL_HEAP } }),
  });
  const watcher = watch(progress);
  const backend = command.db === null ? null : sqlite(command.db);
  try {
    console.log(
      `Archiving ${shown(folder)} to ${shown(out)} with ${threads} thread${threads === 1 ? '' : 's'}`,
    );
    const running = { executor, signal, watcher, ...(backend !== null && { backend }) };
    const surveyed = await survey(folder, running);
    const quality = command.quality ?? qualityFor(surveyed);
    const options = { ...running, out, quality, ...(broken !== null && { broken }) };
    const archived = await packAll(surveyed, options).catch((error: unknown) => {
      progress.clear();
      if (backend === null) console.error(takenBack(watcher.reverts, out));
      throw error;
    });
    let speedUp: SpeedUp | null = null;
    if (command.measure && threads > 1 && surveyed.plan.parts.length > 0) {
      const onRound = (round: number, rounds: number): void =>
        progress.start(`Measuring the speed-up over one thread, round ${round} of ${rounds}`, 0);
      const { time } = archived;
      const measuring = {
        executor,
        threads,
        quality,
        time,
        scratch: join(scratch, 'speed-up'),
        signal,
        onRound,
      };
      speedUp = await measureSpeedUp(surveyed, measuring);
    }
    progress.clear();
    const gone = command.out === null && !command.keep;
    const place = gone ? `${out}, removed now (--keep keeps it, --out DIR puts it elsewhere)` : out;
    const report = {
      folder: shown(folder),
      survey: surveyed,
      archived,
      threads,
      quality,
      speedUp,
      place,
      load,
    };
    for (const line of reportLines(report)) console.log(line);
    if (command.keep && command.out === null) return void (await rm(join(scratch, 'speed-up'), REMOVE));
    await rm(scratch, REMOVE);
  } catch (error) {
    await rm(scratch, REMOVE);
    throw error;
  } finally {
    await executor.stop();
    await backend?.close();
  }
}

async function restoreArchive({ archive, to, threads }: RestoreCommand, signal: AbortSignal): Promise<void> {
  const executor = new ThreadPoolTaskExecutor({ threads });
  const started = performance.now();
  try {
    const { entries } = await restore({ from: archive, to, executor, signal });
    const time = seconds(performance.now() - started);
    console.log(`Restored ${entries.length} files, folders and links to ${shown(to)} in ${time}`);
  } finally {
    await executor.stop();
  }
}

/** Better compression where there is time for it: about 30 s of one core's work, or a larger folder at its fastest. */
function qualityFor({ plan }: Survey): number {
  const bytes = plan.parts.reduce((sum, part) => sum + part.bytes, 0);
  if (bytes < 500e6) return 6;
  return bytes < 2e9 ? 5 : 4;
}

function watch(progress: Progress): Watcher & { readonly reverts: string[] } {
  const reverts: string[] = [];
  return {
    reverts,
    phase: (phase, bytes) => progress.start(TITLES[phase], bytes),
    done: (bytes) => progress.add(bytes),
    reverted: (task) => void reverts.push(task),
  };
}

/** What is left after a failure, looked up and not assumed. */
function takenBack(reverts: readonly string[], out: string): string {
  const left = existsSync(out) ? readdirSync(out).length : null;
  const parts = `${reverts.length} part${reverts.length === 1 ? ' was' : 's were'} taken back`;
  if (left === null) return `${parts}, and the folder ${shown(out)} is gone.`;
  return `${parts}; the folder ${shown(out)} ${left === 0 ? 'is empty' : `still has ${left} entries`}.`;
}

function messageOf(error: unknown): string {
  const { name, message, code } = error as Error & { readonly code?: string };
  return `The archive failed: ${message} (${code ?? name})`;
}

/** The first signal takes everything back, a second one ends at once. */
function stopAtSignals(stop: AbortController): { readonly signal: 'SIGINT' | 'SIGTERM' | null } {
  const state: { signal: 'SIGINT' | 'SIGTERM' | null } = { signal: null };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (state.signal !== null) process.exit(EXIT[signal]);
      state.signal = signal;
      const what = process.argv.includes('--db')
        ? 'what runs now is finished'
        : 'what is not finished is taken back';
      console.error(`\nInterrupted: ${what}. Once more ends at once.`);
      stop.abort(new Error(signal));
    });
  }
  return state;
}
