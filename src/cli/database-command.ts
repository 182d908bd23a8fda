/**
 * What the commands share that look into a database or change it, and run nothing: open, act, close, and tell what is refused.
 *
 * With --json, stdout has one object, or one a line, and nothing else; of a command that is refused {"error":{…}}, as errors are
 * in the report of a run (see json-report.ts).
 */
import { TaskloomError } from '../errors.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { EXIT } from './exit-codes.ts';
import { errorToJson } from './json-report.ts';
import { forCommandLine } from './option-hints.ts';
import type { Surroundings } from './surroundings.ts';
import type { Terminal } from './terminal.ts';
import { TextReport } from './text-report.ts';
import { titleLine } from './user-error.ts';

export interface CommandOptions extends DatabaseOptions {
  readonly json?: boolean;
}

/** Resolves to the exit code: that of `action`, or, when it was refused and nothing was done, that of wrong use. */
export async function inDatabase(
  options: CommandOptions,
  { terminal, guard, onUnread }: Surroundings,
  action: (database: Database, terminal: Terminal) => Promise<number>,
): Promise<number> {
  onUnread(() => guard.exit(EXIT.unread));
  const report = new TextReport(terminal);
  let database: Database | null = null;
  try {
    database = openDatabase(options, false);
    return await action(database, terminal);
  } catch (error) {
    if (!(error instanceof TaskloomError)) throw error;
    const told = forCommandLine(error);
    report.refused(told);
    if (options.json === true) writeJson(terminal, { error: errorToJson(told) });
    return EXIT.usage;
  } finally {
    await database?.backend.close().catch((error: unknown) => report.warn(titleLine(error)));
  }
}

export function writeJson(terminal: Terminal, value: object): void {
  terminal.line(JSON.stringify(value));
}
