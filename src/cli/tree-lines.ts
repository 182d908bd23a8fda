/**
 * The tree of a run as lines for people: of many siblings the first ones and those that failed, the others as counts; never more
 * lines than one reads.
 */
import type { AtomState } from '../states.ts';
import { add, type Branch, type Counts, type ShownAtom } from './run-tree.ts';
import type { Paint } from './terminal.ts';
import { duration, oneLine, pad, shorten, width } from './text.ts';

export interface TreeLimits {
  /** Siblings that are shown in their order. */
  readonly siblings: number;
  /** Beyond them, those that failed; and failed items of a map. */
  readonly failed: number;
  readonly lines: number;
}

export const USUAL_LIMITS: TreeLimits = { siblings: 20, failed: 20, lines: 500 };
export const NO_LIMITS: TreeLimits = {
  siblings: Number.POSITIVE_INFINITY,
  failed: Number.POSITIVE_INFINITY,
  lines: Number.POSITIVE_INFINITY,
};

/** Levels that are indented; deeper ones stand below each other. */
const DEEPEST = 30;
const NAME_COLUMNS = 32;
const ERROR_LIMIT = 200;
/** States come from the file, too. */
const STATE_LIMIT = 40;
/** The longest of the states. */
const STATE_COLUMNS = 'REVERT_FAILURE'.length;
const MARKS: Readonly<Record<AtomState, readonly [string, Parameters<Paint>[0] | null]>> = {
  PENDING: ['·', 'dim'],
  RUNNING: ['▸', null],
  SUCCESS: ['✓', 'green'],
  FAILURE: ['✗', 'red'],
  REVERTING: ['◂', 'yellow'],
  REVERTED: ['↩', 'yellow'],
  REVERT_FAILURE: ['✗', 'red'],
  RETRYING: ['↻', 'yellow'],
  PARTIAL: ['◐', 'yellow'],
  IGNORE: ['-', 'dim'],
};

type Entry = Branch | { readonly line: string; readonly depth: number };

export function* treeLines(root: Branch, limits: TreeLimits, paint: Paint): Generator<string> {
  const waiting: Entry[] = [root];
  for (let count = 0; ; count++) {
    const next = waiting.pop();
    if (next === undefined) return;
    if (count >= limits.lines) {
      yield `… there is more: --all shows all of it`;
      return;
    }
    const indent = '  '.repeat(Math.min(next.depth, DEEPEST));
    if ('line' in next) {
      yield `${indent}${next.line}`;
      continue;
    }
    yield `${indent}${next.atom === null ? flowLine(next) : atomLine(next.atom, columnsAt(next.depth), paint)}`;
    const below = [...itemLines(next, limits, paint), ...childrenOf(next, limits, paint)];
    for (const each of below.reverse()) waiting.push(each);
  }
}

/** `3 SUCCESS, 1 FAILURE` */
function countWords(counts: Counts): string {
  const known = Object.keys(MARKS);
  const sorted = [...counts].sort(([a], [b]) => known.indexOf(a) - known.indexOf(b));
  return sorted.map(([state, count]) => `${count} ${oneLine(state, STATE_LIMIT)}`).join(', ');
}

/** The first ones, those that failed, and what the others come to. */
function childrenOf({ children, depth }: Branch, { siblings, failed }: TreeLimits, paint: Paint): Entry[] {
  // A summary of one is no shorter than it.
  if (children.length <= siblings + 1) return [...children];
  const shown: Entry[] = children.slice(0, siblings);
  const rest: Counts = new Map();
  let [bad, left] = [0, 0];
  for (const child of children.slice(siblings)) {
    if (child.isBad && bad++ < failed) {
      shown.push(child);
      continue;
    }
    left++;
    for (const [state, count] of child.states) add(rest, state, count);
  }
  if (left > 0)
    shown.push({ depth: depth + 1, line: paint('dim', `… and ${left} more: ${countWords(rest)}`) });
  return shown;
}

function itemLines({ items, depth }: Branch, { failed }: TreeLimits, paint: Paint): Entry[] {
  if (items === null) return [];
  const shown = items.failed.slice(0, failed);
  const left = items.failures - shown.length;
  const lines = [
    paint('dim', `items: ${countWords(items.states)}`),
    ...shown.map((item) => atomLine(item, columnsAt(depth + 1), paint)),
    ...(left > 0 ? [paint('dim', `… and ${left} more that failed`)] : []),
  ];
  return lines.map((line) => ({ line, depth: depth + 1 }));
}

function flowLine({ kind, name, states }: Branch): string {
  const counts = states.size === 0 ? 'nothing in it' : countWords(states);
  return `${oneLine(kind, NAME_COLUMNS)} '${oneLine(name, 80)}': ${counts}`;
}

/** So that siblings stand below each other, whatever their marks. */
function columnsAt(depth: number): number {
  return Math.max(NAME_COLUMNS - 2 * Math.min(depth, DEEPEST), 12);
}

function atomLine(atom: ShownAtom, columns: number, paint: Paint): string {
  const { name, state, attempt, elapsed, error } = atom;
  const [mark, style] = MARKS[state] ?? ['?', null];
  const painted = (text: string): string => (style === null ? text : paint(style, text));
  const shown = shorten(oneLine(name, 80), 80);
  const words = [`${painted(mark)} ${pad(shown, Math.max(columns, width(shown)))}`];
  words.push(painted(pad(oneLine(state, STATE_LIMIT), STATE_COLUMNS)));
  words.push((elapsed === null ? '' : duration(elapsed)).padStart(9));
  if (attempt > 1) words.push(`attempt ${attempt}`);
  if (error !== null) words.push(oneLine(error, ERROR_LIMIT));
  return words.join('  ').trimEnd();
}
