/** How one goes on with a run that is kept: as a command line that can be pasted into a shell. */
import type { FlowState } from '../states.ts';
import { oneLine } from './text.ts';

const PLAIN = process.platform === 'win32' ? /^[\w.:/@%+=,\\-]+$/ : /^[\w.:/@%+=,-]+$/;

/** What a command line needs beside the command and the id. */
export interface Place {
  /** The options that name the database and the root, as they were given. */
  readonly words: readonly string[];
  /** For a run that is kept without its factory: what runs its flow again. */
  readonly again: readonly string[] | null;
}

/** The command that goes on with a run that nobody runs; null: it is done. `isRevert`: it is being taken back. */
export function wayOn(flowId: string, state: FlowState, place: Place, isRevert = false): string | null {
  if (state === 'SUCCESS' || (isRevert && state === 'REVERTED')) return null;
  if (place.again !== null) return commandLine([...place.again, '--id', flowId, ...place.words]);
  const hasFailed = state === 'FAILURE' || state === 'REVERTED';
  const command = hasFailed ? 'retry' : isRevert ? 'revert' : 'resume';
  return commandFor(command, flowId, place.words);
}

/** `taskloom COMMAND ID …` */
export function commandFor(command: string, flowId: string, words: readonly string[]): string {
  // What begins with a dash would be taken for an option.
  const rest = flowId.startsWith('-') ? [...words, '--', flowId] : [flowId, ...words];
  return commandLine([command, ...rest]);
}

/** A command of ours as one line. */
export function commandLine(words: readonly string[]): string {
  return ['taskloom', ...words].map(quoted).join(' ');
}

/** As a shell of POSIX takes it for one word. Safe for a terminal in any case. */
function quoted(word: string): string {
  return PLAIN.test(word) ? word : oneLine(`'${word.replaceAll("'", "'\\''")}'`, 2_000);
}
