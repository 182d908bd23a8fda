#!/usr/bin/env node
/** The program `taskloom`: reads the command line, runs the command, and ends the process with its exit code. */
import { createRequire } from 'node:module';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { hint } from '../hint.ts';
import { EXIT } from './exit-codes.ts';
import { Guard } from './guard.ts';
import type { RunOptions, Surroundings } from './run.ts';
import { Terminal } from './terminal.ts';
import { oneLine } from './text.ts';
import { describeError } from './user-error.ts';

const EXECUTORS: readonly string[] = ['threads', 'serial'];

const RUN_HELP = `
The flow file exports a flow, or a function that returns one: by default, under the name
of --export, or as its only flow. TypeScript needs Node 22.18 or the package tsx.

Examples:
  taskloom run flow.ts
  taskloom run flow.ts --store folder=src --store level=9 --threads 4
  taskloom run flows.js --export nightly --store-file values.json
  taskloom run flow.ts --json | tail -n 1

--store takes JSON where the value is JSON (3, true, [1,2], {"a":1}, "3"), else a string.
--json writes one event a line; the last is {"event":"end", ...} with state and results.

Exit codes:
  0    done
  1    a task failed: what ran was reverted, as the report says
  2    wrong use: nothing ran
  130  interrupted: Ctrl-C lets running tasks finish and reverts what ran, a second one
       ends at once (likewise 143 for SIGTERM, 129 for SIGHUP)
  141  nobody reads the output any more: stopped as by Ctrl-C`;

async function main(): Promise<void> {
  const terminal = new Terminal(process.stdout, process.stderr, process.env);
  const around: Surroundings = { terminal, guard: new Guard(), onUnread: watchStreams() };
  const code = await runProgram(around).catch((error: unknown) => unexpected(error, terminal));
  await terminal.end();
  // Timers and sockets that the flow file left open must not keep the process.
  process.exit(code);
}

async function runProgram(around: Surroundings): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command('taskloom')
    .description('Runs flows of CPU-heavy tasks in parallel on worker threads.')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('taskloom --help shows how it is used.')
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}${wayOut(text)}\n`) })
    .addHelpText(
      'after',
      '\nExample:\n  taskloom run flow.ts --store folder=src\n\ntaskloom run --help has more.',
    )
    .exitOverride();
  program
    .command('run')
    .description('run the flow that a file exports')
    .argument('<flow>', 'a .ts, .mts, .js or .mjs file')
    .option('--store <key=value>', 'give the flow a value; may be repeated', collect)
    .option('--store-file <file>', 'give the flow the values of a JSON object; --store wins over it')
    .option('--threads <n>', 'worker threads (default: as many as the machine can use)', parseThreads)
    .option('--executor <kind>', 'threads, or serial for the main thread (default: threads)', parseExecutor)
    .option('--export <name>', 'the export that is the flow (default: the default export)')
    .option('--json', 'write events as JSON lines')
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('taskloom run --help shows how it is used.')
    .addHelpText('after', RUN_HELP)
    .action(async (file: string, options: RunOptions) => {
      // Imported here, so that --help and --version don't load the engine.
      const { runCommand } = await import('./run.ts');
      code = await runCommand(file, options, around);
    });
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  return code;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function parseThreads(text: string): number {
  const threads = Number(text);
  if (/^\d+$/.test(text) && threads >= 1 && Number.isSafeInteger(threads)) return threads;
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
}

function parseExecutor(text: string): string {
  if (EXECUTORS.includes(text)) return text;
  throw new InvalidArgumentError(`It is 'threads' or 'serial'.${hint(text, EXECUTORS)}`);
}

/** What commander's sentence leaves open. */
function wayOut(text: string): string {
  const file = /unknown command '([^']+\.[cm]?[jt]s)'/.exec(text)?.[1];
  if (file !== undefined) return `\nTo run it: taskloom run ${oneLine(file)}`;
  return text.includes('too many arguments')
    ? '\nRepeat --store for each value: --store a=1 --store b=2'
    : '';
}

/** Listens to the errors of the streams, which would end the process with a stack; hands out who hears of stdout's. */
function watchStreams(): Surroundings['onUnread'] {
  let unread = false;
  const listeners: (() => void)[] = [];
  process.stderr.on('error', () => {});
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE' && !unread) process.stderr.write(`error: stdout cannot be written: ${message}\n`);
    unread = true;
    for (const listener of listeners.splice(0)) listener();
  });
  return (listener) => {
    if (unread) listener();
    else listeners.push(listener);
  };
}

/** A mistake of ours: the one case in which a stack of ours helps, if it is sent to us. */
function unexpected(error: unknown, terminal: Terminal): number {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const lines = [...describeError(error), ...stack.split('\n').slice(1)];
  terminal.complain(`error: this is a bug of taskloom, please report it: ${lines.join('\n')}`);
  return EXIT.failed;
}

function version(): string {
  const { version } = createRequire(import.meta.url)('taskloom/package.json') as { version: string };
  return version;
}

void main();
