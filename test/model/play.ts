/** The one history of an executor that does one thing at a time, made by asking the model what is due. */
import { isDeepStrictEqual } from 'node:util';
import { type Due, Model } from './model.ts';
import type { Drawing } from './shapes.ts';
import {
  type AtomShape,
  type End,
  type Entry,
  executed,
  failureOf,
  resultOf,
  revertFailureOf,
  type State,
  type TaskShape,
} from './words.ts';

/**
 * 2.5 with part 3: whatever needs no code of a task happens at once, in the order of the tree; of the rest by priority,
 * then the longest way, then who was ready first, then the order of the tree. Each outcome is looked at at once.
 */
export function play(model: Model): readonly Entry[] {
  const seen: Entry[] = [];
  const executions = new Map<string, number>();
  const see = (entry: Entry): void => {
    for (let next: Entry | null = entry; next !== null; next = model.consulting()) {
      model.observe(next);
      seen.push(next);
    }
  };
  see({ kind: 'flow', to: 'RUNNING' });
  let line: readonly Due[] = [];
  for (let due = model.due(); due.length > 0; due = model.due()) {
    line = inLine(line, due);
    const next: Due = due.find(({ action }) => action === 'settle') ?? (first(model, line) as Due);
    const shape = model.tree.atoms.find(({ name }) => name === next.atom) as AtomShape;
    for (const make of steps(model, next, shape, executions)) see(make());
    line = stillIn(line, model.due());
  }
  see({ kind: 'flow', to: model.ending() });
  return seen;
}

/**
 * What is the same on every executor (DESIGN 5.7); null where who ends first decides.
 *
 * 1. Where only one thing can be on at a time, all is the same.
 * 2. Where a revert may fail, it depends on who had begun by then.
 * 3. What a retry takes back beside others that are on may or may not have begun, and counts anew when it did. So all
 *    that lies after the retry must be a sequence.
 * 4. What a decider ignored is put back by a retry that comes later, and not by one that came before.
 * 5. Else all that can be reached ends SUCCESS, in the same states and with the same results. Or something fails that no
 *    retry tries again: in every order it is reached or something else was, and the flow ends the same; what had begun
 *    by then differs.
 */
export function determinedBy({ root, options }: Drawing): Partial<End> | null {
  const model = new Model(root, options);
  const { tree } = model;
  const played = play(model);
  const end = model.end();
  if (tree.isSequence()) return end; // 1
  if (tree.atoms.some(mayFailToRevert)) return null; // 2
  const has = (state: State): readonly string[] =>
    played.flatMap((entry) => (entry.kind === 'moved' && entry.to === state ? [entry.atom] : []));
  const retried = tree.atoms.filter(({ name }) => has('RETRYING').includes(name));
  if (!retried.every((retry) => tree.isSequence([retry, ...tree.after(retry)]))) return null; // 3
  if (retried.length > 0 && has('IGNORE').length > 0) return null; // 4
  return end.flow === 'SUCCESS' ? end : { flow: end.flow }; // 5
}

/** By itself, or because an argument of its own is not there. */
function mayFailToRevert(atom: AtomShape): boolean {
  if (atom.kind === 'retry')
    return atom.policy.kind === 'own' && (atom.policy.revertFailsOn ?? []).length > 0;
  return (atom.revertFailsOn ?? []).length > 0 || (atom.revertRequires ?? []).length > 0;
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
  const about = to === 'RUNNING' ? 'execute' : 'revert';
  if (action === 'settle' || shape.kind === 'retry') {
    const { threw } = model.outcome(atom, about);
    return [moved(to), moved(threw ? bad : good)];
  }
  const execution = (executions.get(atom) ?? 0) + (action === 'execute' ? 1 : 0);
  executions.set(atom, execution);
  const threw = (action === 'execute' ? shape.failsOn : (shape.revertFailsOn ?? [])).includes(execution);
  const failure = (action === 'execute' ? failureOf : revertFailureOf)(atom, execution);
  const value = action === 'execute' ? resultOf(shape, execution) : executed(atom, execution);
  const args = model.symbols.argumentsOf(shape, action);
  return [
    moved(to),
    () => ({ kind: 'called', atom, action, args, undo: action === 'execute' ? null : model.undo(shape) }),
    () => ({ kind: 'ended', atom, action, threw, value: threw ? failure : value }),
    moved(threw ? bad : good),
  ];
}
