/**
 * What the processes of one flow wrote down, line by line, held against what must hold (DESIGN, invariants 1 to 4):
 *
 * 1. What is recorded SUCCESS is not executed again, what is recorded REVERTED not reverted again, unless the other came between.
 * 2. What was announced is recorded.
 * 3. Nothing begins before all that comes before it is recorded; nothing is undone before all that came behind it is.
 * 4. Within one process nothing is done twice.
 * 5. A retry goes on counting its attempts, and does not begin anew.
 * 6. What a rewind puts back is begun anew, all of it or nothing; all else stays as it was recorded.
 * 7. At the end nothing is left half done, and the end is that of an unbroken run.
 */
import { type Drawing, isSideBySide, orderOf, retriesAround } from './drawings.ts';
import { putBackFrom } from './crash-rewind.ts';

export interface End {
  readonly state: string;
  readonly results: unknown;
  readonly error: string | null;
  readonly atoms: Readonly<Record<string, string>>;
}

export type Recorded = {
  readonly state: string;
  readonly atoms: Readonly<Record<string, readonly [string, string]>>;
};

/** What is known of one task. */
interface Known {
  /** The last that it said of itself: `+`, `.`, `-` or `~`. */
  said: string;
  /** How it is recorded for certain: by what was announced, or found by a new process. */
  recorded: 'SUCCESS' | 'REVERTED' | null;
  /** Of which process it is that. */
  process: number;
  /** The attempt, of the retry around it. */
  turn: number;
}

/** The lines of each flow, by its id. */
export function linesByFlow(log: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of log.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const id = line.slice(0, space);
    const lines = found.get(id) ?? [];
    if (lines.length === 0) found.set(id, lines);
    lines.push(line.slice(space + 1));
  }
  return found;
}

export function endIn(lines: readonly string[]): End | null {
  const line = lines.find((each) => each.startsWith('end '));
  return line === undefined ? null : (JSON.parse(line.slice('end '.length)) as End);
}

export function isOver(lines: readonly string[]): boolean {
  return lines.at(-1)?.startsWith('end ') === true;
}

/**
 * What was wrong, in words; nothing when all is well.
 *
 * @param expected - How the flow ends when nothing breaks it; null: it was not run to its end
 */
export function violations(
  drawing: Drawing,
  lines: readonly string[],
  expected: End | null,
): readonly string[] {
  const before = orderOf(drawing);
  const found: string[] = [];
  const known = new Map<string, Known>();
  const at = (name: string): Known => {
    let one = known.get(name);
    if (one === undefined) {
      one = { said: '', recorded: null, process: 0, turn: 0 };
      known.set(name, one);
    }
    return one;
  };
  const around = retriesAround(drawing);
  let process = 1;
  let takenBack: string | null = null;
  let last: Recorded | null = null;
  /** What a rewind is about to put back. */
  let leaving: ReadonlySet<string> | null = null;
  for (const line of lines) {
    if (line.startsWith('end ')) break;
    const sign = line[0] as string;
    if (sign === '<') {
      leaving = last === null ? null : putBackFrom(last, line.slice(1), before);
      continue;
    }
    if (sign === '?' || sign === '>') {
      if (sign === '?') process++;
      const recorded = recordedIn(line);
      if (recorded !== null && leaving !== null) {
        const standing = [...leaving].filter((name) => stateIn(recorded, name) !== 'PENDING');
        if (standing.length === 0) {
          for (const name of leaving) known.delete(name);
          // Their retries may begin anew.
          for (const one of known.values()) one.turn = 0;
        } else if (sign === '>') found.push(`${standing.join(' and ')} should have been put back`);
        leaving = null;
      }
      last = recorded;
      if (recorded !== null) meetRecord(recorded, before, at, found);
      // It begins anew.
      if (recorded?.state === 'REVERTED') for (const one of known.values()) one.turn = 0;
      continue;
    }
    if (line === 'aborted' || line === 'reverted') takenBack = line;
    const [name = '', turn = '1'] = line.slice(1).split(' ');
    // Maps and retries are announced too, and do nothing themselves.
    if (!before.has(name)) continue;
    const one = at(name);
    if (sign === '=' || sign === '!') {
      // A worker that gives a revert back says SUCCESS anew, and this may be heard when the revert is on again, or done.
      const isGivenBack = sign === '=' && (one.said === '-' || one.said === '~');
      one.recorded = isGivenBack ? null : sign === '=' ? 'SUCCESS' : 'REVERTED';
      continue;
    }
    if (sign === '+') {
      if (one.recorded === 'SUCCESS') found.push(`${name} was recorded SUCCESS and is executed again`);
      if ((one.said === '+' || one.said === '.') && one.process === process)
        found.push(`${name} is executed twice by one process`);
      for (const earlier of before.get(name) ?? [])
        if (at(earlier).recorded !== 'SUCCESS') found.push(`${name} began before ${earlier} was recorded`);
      if (around.get(name) === 1 && Number(turn) < one.turn)
        found.push(`${name} is in attempt ${turn} after attempt ${one.turn}`);
      one.turn = Number(turn);
      one.recorded = null;
    } else if (sign === '-') {
      if (one.recorded === 'REVERTED') found.push(`${name} was recorded REVERTED and is reverted again`);
      if (one.said === '~' && one.process === process) found.push(`${name} is reverted twice by one process`);
      for (const [later, itsBefore] of before)
        if (itsBefore.has(name) && ['+', '.', '-'].includes(at(later).said))
          found.push(`${name} is reverted before ${later}, which came behind it`);
      one.recorded = null;
    }
    one.said = sign;
    one.process = process;
  }
  if (expected === null) return found;
  const end = endIn(lines);
  if (end === null) return [...found, 'it never ended'];
  const left = end.state === 'SUCCESS' ? '.' : '~';
  for (const [name, { said }] of known)
    if (said !== '' && said !== left && end.state !== 'FAILURE') found.push(`${name} is left at ${said}`);
  if (takenBack !== null) return [...found, ...takenBackFlaws(drawing, end, takenBack === 'aborted')];
  return [...found, ...differences(drawing, end, expected)];
}

function takenBackFlaws(drawing: Drawing, { state, error }: End, isError: boolean): string[] {
  if (state === 'FAILURE' && JSON.stringify(drawing).includes('"revertFails":true')) return [];
  // One that had not begun, or had been taken back before, is left so.
  const isBack = state === 'REVERTED' || state === 'PENDING';
  return isBack && (error !== null) === isError ? [] : [`it was taken back and ended ${state} with ${error}`];
}

/** What has no record has not begun. */
function stateIn({ atoms }: Recorded, name: string): string {
  return atoms[name]?.[0] ?? 'PENDING';
}

function recordedIn(line: string): Recorded | null {
  try {
    return JSON.parse(line.slice(1)) as Recorded;
  } catch {
    return null; // It was killed while it wrote.
  }
}

function meetRecord(
  { atoms }: Recorded,
  before: ReadonlyMap<string, unknown>,
  at: (name: string) => Known,
  found: string[],
): void {
  for (const name of before.keys()) {
    const one = at(name);
    const state = atoms[name]?.[0] ?? 'none';
    if (one.recorded === 'SUCCESS' && state !== 'SUCCESS' && state !== 'REVERTING')
      found.push(`${name} was announced SUCCESS and is recorded ${state}`);
    if (one.recorded === 'REVERTED' && ['SUCCESS', 'REVERTING', 'FAILURE', 'REVERT_FAILURE'].includes(state))
      found.push(`${name} was announced REVERTED and is recorded ${state}`);
    if ((one.said === '+' || one.said === '.') && (state === 'none' || state === 'REVERTED'))
      found.push(`${name} was executed and is recorded ${state}`);
    one.recorded = state === 'SUCCESS' || state === 'REVERTED' ? state : null;
  }
}

function differences(drawing: Drawing, end: End, expected: End): string[] {
  const isTimely = isSideBySide(drawing);
  // Which of those that ran side by side with what failed ran, and which of several failures was first, is a matter of time.
  const comparable = ({ atoms, error, ...others }: End): object => ({
    ...others,
    error: isTimely ? error !== null : error,
    atoms: isTimely && others.state !== 'SUCCESS' ? null : atoms,
  });
  const [is, was] = [comparable(end), comparable(expected)].map((each) => JSON.stringify(sorted(each)));
  return is === was ? [] : [`it ended as ${is}, and unbroken as ${was}`];
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
