#!/usr/bin/env node
/** The program `taskloom`: reads the command line, runs the command, and ends the process with its exit code. */
import { CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { Guard } from './guard.ts';
import { newProgram } from './program.ts';
import type { Surroundings } from './surroundings.ts';
import { Terminal } from './terminal.ts';
import { describeError } from './user-error.ts';

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
  const program = newProgram(around, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  return code;
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

void main();
