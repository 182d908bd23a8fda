/** Prints one line per state change. Without values, so that nothing secret is printed. */
import { A_FUNCTION, checkOptions } from '../options.ts';
import { atomLine, flowLine, type Heard } from './event-lines.ts';
import { type Stop, stopOf } from './stop.ts';

export interface PrintEventsOptions {
  /** Takes each line, without its end. Default: writes it to stdout. */
  readonly write?: ((line: string) => unknown) | undefined;
}

/**
 * Prints `task 'a' PENDING → RUNNING` and the like for each state that the flow and its atoms enter, and for failures
 * what was thrown.
 *
 * @returns what stops it
 * @throws TaskloomError OPTION_INVALID
 */
export function printEvents(engine: Heard, options: PrintEventsOptions = {}): Stop {
  checkOptions(options, { write: A_FUNCTION }, 'printEvents()');
  const { write = toStdout } = options;
  // What `write` answers is handed back, so that its rejection is reported like a throw.
  return stopOf(
    engine.on('flow', (event) => write(flowLine(event))),
    engine.on('atom', (event) => write(atomLine(event))),
  );
}

function toStdout(line: string): void {
  process.stdout.write(`${line}\n`);
}
