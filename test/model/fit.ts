/** Makes drawings fit to be built: all have names, links lead somewhere, and what would be refused is left out. */
import type { Drawing } from './shapes.ts';
import { Refusal, Tree, validate } from './tree.ts';
import type { FlowShape, Options, Policy, RetryShape, TaskShape, UnitShape } from './words.ts';

interface Count {
  atoms: number;
  flows: number;
  /** Tasks whose revert has arguments of its own. */
  undone: number;
}

/** What some flow around is or has. */
interface Around {
  readonly graph: boolean;
  readonly retry: boolean;
  /** A retry whose answers come late, and whether a task under it may fail. */
  readonly late: { mayFail: boolean } | null;
}

/** Gives names in the order of the tree, and leaves out links that lead nowhere. */
export function named(
  unit: UnitShape,
  count: Count = { atoms: 0, flows: 0, undone: 0 },
  around: Around = { graph: false, retry: false, late: null },
): UnitShape {
  if (unit.kind === 'task') return namedTask(unit, count, around);
  const name = unit.isTask ? `t${count.atoms}` : `f${count.flows++}`;
  const isGraph = unit.pattern === 'graph';
  const retry = namedRetry(unit, `${name}_retry`, around);
  const isLate = retry?.policy.kind === 'own' && retry.policy.isLate;
  const inside = {
    graph: around.graph || isGraph,
    retry: around.retry || retry !== null,
    late: isLate ? { mayFail: false } : around.late,
  };
  const units = unit.units.map((each) => named(each, count, inside));
  const within = unit.links.filter(({ to }) => isGraph && to < units.length);
  const links = inside.late === null ? within : within.map((link) => ({ ...link, decider: null }));
  const hasTarget = isGraph && !around.graph && unit.target !== null && unit.target < units.length;
  const target = hasTarget ? unit.target : null;
  return { ...unit, name, retry, isTask: unit.isTask && retry !== null, units, links, target };
}

function namedTask(drawn: TaskShape, count: Count, { late }: Around): TaskShape {
  const task = late?.mayFail ? { ...drawn, requires: [], failsOn: [] } : drawn;
  const { requires, revertRequires, failsOn } = task;
  if (late !== null) late.mayFail ||= failsOn.length + requires.length > 0;
  const isFree = revertRequires === null || revertRequires.length === 0 || count.undone++ === 0;
  const given = isFree ? revertRequires : revertRequires.filter((symbol) => requires.includes(symbol));
  return { ...task, name: `t${count.atoms++}`, revertRequires: given };
}

function namedRetry({ retry, isTask }: FlowShape, name: string, around: Around): RetryShape | null {
  if (retry === null || around.late !== null) return null;
  const { policy } = retry;
  const isLate = policy.kind === 'own' && policy.isLate && !around.retry;
  const given = { ...retry, name, policy: policy.kind === 'own' ? { ...policy, isLate } : policy };
  return isTask && around.graph ? { ...requiring(given, []), provides: [] } : given;
}

/** Why the model would refuse it; null when it would not. */
export function refusal({ root, options }: Drawing): Refusal | null {
  try {
    validate(new Tree(root), options);
    return null;
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
}

export function fitted(drawn: UnitShape, options: Options): UnitShape {
  let root = drawn;
  for (let refused = refusal({ root, options }); refused !== null; refused = refusal({ root, options })) {
    root = withoutRequirement(root, refused);
  }
  return root;
}

function withoutRequirement(unit: UnitShape, refused: Refusal): UnitShape {
  const { wants } = refused;
  if (unit.kind === 'flow') {
    const units = unit.units.map((each) => withoutRequirement(each, refused));
    const retry = unit.retry === null ? null : retryWithout(unit.retry, refused);
    return { ...unit, retry, units, links: wants === null ? [] : unit.links };
  }
  if (wants === null || unit.name !== wants.atom) return unit;
  const left = (list: readonly string[]): string[] => list.filter((symbol) => symbol !== wants.symbol);
  const revertRequires = unit.revertRequires === null ? null : left(unit.revertRequires);
  return { ...unit, requires: left(unit.requires), revertRequires };
}

function retryWithout(retry: RetryShape, { wants }: Refusal): RetryShape {
  if (retry.name !== wants?.atom) return retry;
  return requiring(
    retry,
    retry.requires.filter((symbol) => symbol !== wants.symbol),
  );
}

function requiring(retry: RetryShape, requires: readonly string[]): RetryShape {
  const { policy } = retry;
  const isEach = policy.kind === 'parameterizedForEach' && requires.length === 0;
  const other: Policy = isEach ? { ...policy, kind: 'forEach', values: ['u', 'v'] } : policy;
  return { ...retry, requires, policy: other };
}
