/**
 * `taskloom show`: how a run stands, and what goes on with it; its atoms as a tree. Values are not shown.
 *
 * --json: one object: what `list` says of the run, and
 *   "factory": null or {"module","export","args"}; "aborted": null or an error; "wayOn": the command that goes on, or null
 *   "states": {state: atoms}; "removed": [names of atoms that the flow has no more]
 *   "tree": [{"depth","kind","name"} for a flow, and for an atom {"depth","kind","name","state","attempt","elapsed","error","items"}],
 *     each before those in it; items: null, or of a map {"states","failures","failed":[{"name","state","attempt","elapsed","error"}]}
 *   "failures": [{"name","of":"execute" or "revert","error":{…}}] with --failures
 */
import type { Failure } from '../failure.ts';
import type { AtomWithoutResult, FlowDetail } from '../persistence/records.ts';
import { errorFrom } from '../revival.ts';
import { failuresOf, openRestOfFlow } from '../storage/details.ts';
import { type CommandOptions, inDatabase, writeJson } from './database-command.ts';
import type { Database } from './database.ts';
import { EXIT } from './exit-codes.ts';
import { flowJson, heldBy, ownerOf, timeOf } from './flow-header.ts';
import { errorToJson } from './json-report.ts';
import { needFlow } from './need-flow.ts';
import { type Branch, readTree, type RunTree } from './run-tree.ts';
import type { Surroundings } from './surroundings.ts';
import type { Terminal } from './terminal.ts';
import { nameList, oneLine } from './text.ts';
import { NO_LIMITS, treeLines, USUAL_LIMITS } from './tree-lines.ts';
import { describeError, titleLine } from './user-error.ts';
import { commandFor, wayOn } from './way-on.ts';

export interface ShowOptions extends CommandOptions {
  /** With the errors of what failed, whole. */
  readonly failures?: boolean;
  /** Nothing is summarised. */
  readonly all?: boolean;
}

/** What an atom threw. */
interface Thrown {
  readonly name: string;
  readonly of: 'execute' | 'revert';
  readonly error: Error;
}

/** Resolves to the exit code. */
export function showCommand(flowId: string, options: ShowOptions, around: Surroundings): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const detail = await needFlow(database, flowId);
    const limits = options.all === true ? NO_LIMITS : USUAL_LIMITS;
    const tree = await readTree(database.backend, detail, limits.failed);
    const thrown = options.failures === true ? tree.failures.flatMap(thrownBy) : null;
    if (options.json === true) {
      writeJson(terminal, toJson(detail, tree, thrown, database));
      return EXIT.done;
    }
    const [root] = tree.branches;
    for (const line of headerLines(detail, database)) terminal.line(line);
    terminal.line('');
    if (root !== undefined) for (const line of treeLines(root, limits, terminal.paint)) terminal.line(line);
    if (tree.removed.length > 0) terminal.line(`no more in the flow: ${nameList(tree.removed)}`);
    if (thrown !== null) showThrown(thrown, terminal);
    return EXIT.done;
  });
}

function headerLines(detail: FlowDetail, database: Database): string[] {
  const { flowId, name, logbook, state, createdAt, updatedAt, factory } = detail;
  const rows: [string, string | null][] = [
    ['flow', oneLine(name)],
    ['state', oneLine(state)],
    ['began', timeOf(createdAt)],
    ['last change', timeOf(updatedAt)],
    ['run by', ownerOf(detail) || 'nobody'],
    ['aborted', abortedOf(detail)],
    ['logbook', oneLine(logbook)],
    ['made by', factory === null ? null : `${oneLine(factory.module)}, export ${oneLine(factory.export)}`],
    [heldBy(detail) === 'runs' ? 'to stop' : 'to go on', wayOf(detail, database)],
  ];
  const shown = rows.filter((row): row is [string, string] => row[1] !== null);
  return [`run ${oneLine(flowId)}`, ...shown.map(([key, value]) => `  ${key.padEnd(12)} ${value}`)];
}

/** What one does with it next; null: nothing. */
function wayOf(detail: FlowDetail, { words }: Database): string | null {
  const { flowId, state, factory } = detail;
  if (heldBy(detail) === 'runs') return commandFor('suspend', flowId, words);
  const way = wayOn(flowId, state, { words, again: null });
  if (way === null || factory !== null) return way;
  return 'run its flow again, in the same database and under the same id: it is kept without its factory';
}

function abortedOf(detail: FlowDetail): string | null {
  const error = abortOf(detail);
  return error === null ? null : titleLine(error);
}

function abortOf(detail: FlowDetail): Error | null {
  try {
    const { aborted } = openRestOfFlow(detail);
    return aborted === null ? null : errorFrom(aborted);
  } catch (unreadable) {
    return unreadable as Error;
  }
}

/** What can't be read is told by why it can't be. */
function thrownBy(detail: AtomWithoutResult): Thrown[] {
  try {
    const { failure, revertFailure } = failuresOf(detail);
    return [...thrown(detail, 'execute', failure), ...thrown(detail, 'revert', revertFailure)];
  } catch (unreadable) {
    return [{ name: detail.name, of: 'execute', error: unreadable as Error }];
  }
}

function thrown({ name }: AtomWithoutResult, of: Thrown['of'], failure: Failure | null): Thrown[] {
  return failure === null ? [] : [{ name, of, error: errorFrom(failure) }];
}

function showThrown(all: readonly Thrown[], terminal: Terminal): void {
  for (const { name, of, error } of all) {
    const [first = '', ...rest] = describeError(error);
    const what = of === 'execute' ? 'failed' : 'could not be reverted';
    terminal.line('');
    terminal.line(`${terminal.paint('red', `'${oneLine(name, 80)}' ${what}:`)} ${first}`);
    for (const line of rest) terminal.line(`  ${line}`);
  }
}

function toJson(
  detail: FlowDetail,
  { branches, removed }: RunTree,
  thrown: readonly Thrown[] | null,
  { words }: Database,
): object {
  const { flowId, state, factory } = detail;
  const aborted = abortOf(detail);
  const isFree = heldBy(detail) !== 'runs' && factory !== null;
  return {
    ...flowJson(detail),
    factory,
    aborted: aborted === null ? null : errorToJson(aborted),
    wayOn: isFree ? wayOn(flowId, state, { words, again: null }) : null,
    states: Object.fromEntries(branches[0]?.states ?? []),
    removed,
    tree: branches.map(branchJson),
    ...(thrown !== null && {
      failures: thrown.map(({ name, of, error }) => ({ name, of, error: errorToJson(error) })),
    }),
  };
}

function branchJson({ depth, kind, name, atom, items }: Branch): object {
  if (atom === null) return { depth, kind, name };
  const { state, attempt, elapsed, error } = atom;
  const itemsJson = items && { ...items, states: Object.fromEntries(items.states) };
  return { depth, kind, name, state, attempt, elapsed, error, items: itemsJson };
}
