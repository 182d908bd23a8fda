/**
 * `taskloom list`: the runs in a database, the newest first, a line each.
 *
 * --json: one line for each run: {"flowId","name","logbook","state","atoms","createdAt","updatedAt","held","owner","asked"}
 *   held: "runs", "gone" (its process died, or did not renew its lease) or "nobody"; owner: null or {"id","host","pid","expiresAt"}
 */
import type { FlowWithoutOutline } from '../persistence/records.ts';
import { type CommandOptions, inDatabase, writeJson } from './database-command.ts';
import { EXIT } from './exit-codes.ts';
import { flowJson, ownerOf, timeOf } from './flow-header.ts';
import type { Surroundings } from './surroundings.ts';
import { oneLine, pad, shorten, width } from './text.ts';

export interface ListOptions extends CommandOptions {
  readonly logbook?: string;
  readonly limit?: number;
}

const USUAL_LIMIT = 50;
const ID_COLUMNS = 60;
const NAME_COLUMNS = 32;
/** More than any column shows. */
const CHARACTERS = 200;
const HEADINGS = ['id', 'flow', 'state', 'atoms', 'began', 'last change', 'run by'];
/** The column of numbers. */
const ATOMS = HEADINGS.indexOf('atoms');

/** Resolves to the exit code. */
export function listCommand(options: ListOptions, around: Surroundings): Promise<number> {
  const { limit = USUAL_LIMIT, logbook } = options;
  return inDatabase(options, around, async ({ backend, name }, terminal) => {
    const found = await backend.flows({ limit: limit + 1, ...(logbook !== undefined && { logbook }) });
    const shown = found.slice(0, limit);
    if (options.json === true) {
      for (const detail of shown) writeJson(terminal, flowJson(detail));
      return EXIT.done;
    }
    if (shown.length === 0) {
      const where = logbook === undefined ? name : `the logbook '${oneLine(logbook, 80)}' of ${name}`;
      terminal.line(`There are no runs in ${where}.`);
      return EXIT.done;
    }
    for (const line of table(shown.map(cellsOf))) terminal.line(line);
    if (found.length > limit) terminal.line(`… and older ones; --limit ${limit * 2} shows more`);
    return EXIT.done;
  });
}

function cellsOf(detail: FlowWithoutOutline): readonly string[] {
  const { flowId, name, state, atoms, createdAt, updatedAt } = detail;
  return [
    shorten(oneLine(flowId, CHARACTERS), ID_COLUMNS),
    shorten(oneLine(name, CHARACTERS), NAME_COLUMNS),
    oneLine(state, NAME_COLUMNS),
    String(atoms),
    timeOf(createdAt),
    timeOf(updatedAt),
    ownerOf(detail),
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const all = [HEADINGS, ...rows];
  const columns = HEADINGS.map((_, at) => Math.max(...all.map((row) => width(row[at] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, at) => (at === ATOMS ? cell.padStart(columns[at] ?? 0) : pad(cell, columns[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
