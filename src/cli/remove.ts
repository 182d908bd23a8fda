/**
 * `taskloom rm`: forgets runs and all that is kept of them. All or none: one that is unknown, or runs, keeps the others as well.
 *
 * --json: {"removed":[ids]}
 */
import { refuseHeld } from '../persistence/ownership.ts';
import { type CommandOptions, inDatabase, writeJson } from './database-command.ts';
import { EXIT } from './exit-codes.ts';
import { needFlow } from './need-flow.ts';
import type { Surroundings } from './surroundings.ts';
import { oneLine } from './text.ts';

/** Resolves to the exit code. */
export function removeCommand(
  flowIds: readonly string[],
  options: CommandOptions,
  around: Surroundings,
): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const ids = [...new Set(flowIds)];
    for (const id of ids) refuseHeld(await needFlow(database, id), null, Date.now());
    const removed: string[] = [];
    for (const id of ids) if (await database.backend.removeFlow(id)) removed.push(id);
    if (options.json === true) writeJson(terminal, { removed });
    else for (const id of removed) terminal.line(`removed run ${oneLine(id)}`);
    return EXIT.done;
  });
}
