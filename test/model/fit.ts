/** Makes drawings fit to be built: all have names, links lead somewhere, and what would be refused is left out. */
import type { Drawing } from './shapes.ts';
import { Refusal, Tree, validate } from './tree.ts';
import type { Options, Policy, RetryShape, UnitShape } from './words.ts';

interface Count {
  atoms: number;
  flows: number;
}

/** Gives names in the order of the tree, and leaves out links that lead nowhere. */
export function named(unit: UnitShape, count: Count = { atoms: 0, flows: 0 }): UnitShape {
  if (unit.kind === 'task') return { ...unit, name: `t${count.atoms++}` };
  const name = unit.isTask ? `t${count.atoms}` : `f${count.flows++}`;
  const isGraph = unit.pattern === 'graph';
  const retry = unit.retry === null ? null : { ...unit.retry, name: `${name}_retry` };
  const units = unit.units.map((each) => named(each, count));
  const links = unit.links.filter(({ to }) => isGraph && to < units.length);
  const hasTarget = isGraph && unit.target !== null && unit.target < units.length;
  return { ...unit, name, retry, units, links, target: hasTarget ? unit.target : null };
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
