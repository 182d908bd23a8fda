/** The one history of an executor that does one thing at a time, made by asking the model what is due. */
import { isDeepStrictEqual } from 'node:util';
import type { Due, Model } from './model.ts';
import {
  type AtomShape,
  type Entry,
  executed,
  failureOf,
  revertFailureOf,
  type State,
  type TaskShape,
} from './words.ts';

/**
 * 2.5 with part 3: whatever needs no code of a task happens at once, in the order of the tree; of the rest by priority,
 * then the longest way, then who was ready first, then the order of the tree. Each outcome is looked at at once.
 *
 * @param early - True for an executor that chooses its next task when one ends, before what that makes ready is known
 */
export function play(model: Model, { early }: { readonly early: boolean }): readonly Entry[] {
  const seen: Entry[] = [];
  const executions = new Map<string, number>();
  const see = (entry: Entry): void => {
    model.observe(entry);
    seen.push(entry);
  };
  see({ kind: 'flow', to: 'RUNNING' });
  let line: readonly Due[] = [];
  let chosen: Due | null = null;
  for (let due = model.due(); due.length > 0; due = model.due()) {
    line = inLine(line, due);
    if (early) chosen ??= first(model, line);
    const next: Due = due.find(({ action }) => action === 'settle') ?? chosen ?? (first(model, line) as Due);
    const shape = model.tree.atoms.find(({ name }) => name === next.atom) as AtomShape;
    for (const make of steps(model, next, shape, executions)) see(make());
    line = stillIn(line, model.due());
    chosen = early
      ? first(model, chosen === next ? line : stillIn(chosen === null ? [] : [chosen], model.due()))
      : null;
  }
  see({ kind: 'flow', to: model.ending() });
  return seen;
}

/** Those that waited stay in front; who became ready comes behind. */
function inLine(line: readonly Due[], due: readonly Due[]): readonly Due[] {
  return [...stillIn(line, due), ...due.filter((each) => stillIn([each], line).length === 0)];
}

function stillIn(line: readonly Due[], due: readonly Due[]): readonly Due[] {
  return line.filter((each) => due.some((one) => isDeepStrictEqual(each, one)));
}

/** Who is first of those that have code to call. */
function first({ tree }: Model, line: readonly Due[]): Due | null {
  const key = ({ atom }: Due): readonly [number, number] => {
    const shape = tree.atoms.find(({ name }) => name === atom) as TaskShape;
    return [shape.priority, tree.rank(shape)];
  };
  const before = ([p, r]: readonly [number, number], [q, s]: readonly [number, number]): number =>
    q - p || s - r;
  const waiting = line.filter(({ action }) => action !== 'settle');
  return waiting.toSorted((a, b) => before(key(a), key(b)))[0] ?? null;
}

/** What follows, each made when those before it were seen. */
function steps(
  model: Model,
  { atom, action, to }: Due,
  shape: AtomShape,
  executions: Map<string, number>,
): (() => Entry)[] {
  const moved = (next: State) => (): Entry => ({ kind: 'moved', atom, to: next });
  if (to !== 'RUNNING' && to !== 'REVERTING') return [moved(to)];
  const [good, bad] =
    to === 'RUNNING' ? (['SUCCESS', 'FAILURE'] as const) : (['REVERTED', 'REVERT_FAILURE'] as const);
  if (action === 'settle' || shape.kind === 'retry') {
    const fails = to === 'RUNNING' && (shape.kind === 'task' || model.attempt(shape) === undefined);
    return [moved(to), moved(fails ? bad : good)];
  }
  const execution = (executions.get(atom) ?? 0) + (action === 'execute' ? 1 : 0);
  executions.set(atom, execution);
  const threw = (action === 'execute' ? shape.failsOn : (shape.revertFailsOn ?? [])).includes(execution);
  const outcome = threw ? (action === 'execute' ? failureOf : revertFailureOf) : executed;
  const args = model.argumentsOf(shape);
  return [
    moved(to),
    () => ({ kind: 'called', atom, action, args, undo: action === 'execute' ? null : model.undo(shape) }),
    () => ({ kind: 'ended', atom, action, threw, value: outcome(atom, execution) }),
    moved(threw ? bad : good),
  ];
}
