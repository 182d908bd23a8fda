/**
 * Random flows for property tests, and what must come before what in them, read from the flow's definition alone: the
 * oracle knows nothing of compile/ and engine/.
 */
import fc from 'fast-check';
import { type AnyUnit, graph, linear, task, unordered } from 'taskloom';

/** A flow as a drawing: leaves are tasks. */
export type Shape =
  | {
      readonly kind: 'task';
      readonly fails: boolean;
      readonly revertFails: boolean;
      readonly reverts: boolean;
    }
  | { readonly kind: 'linear' | 'unordered'; readonly units: readonly Shape[] }
  | {
      readonly kind: 'graph';
      readonly units: readonly Shape[];
      readonly links: readonly (readonly [number, number])[];
    };

export interface Settings {
  readonly failing: boolean;
  readonly revertFailing: boolean;
}

export function shapes({ failing, revertFailing }: Settings): fc.Arbitrary<Shape> {
  const leaf = fc.record({
    kind: fc.constant('task' as const),
    fails: failing ? fc.nat(7).map((n) => n === 0) : fc.constant(false),
    revertFails: revertFailing ? fc.nat(5).map((n) => n === 0) : fc.constant(false),
    reverts: fc.nat(3).map((n) => n > 0),
  });
  const { flow } = fc.letrec<{ unit: Shape; flow: Shape }>((tie) => {
    const units = fc.array(tie('unit'), { maxLength: 5 });
    return {
      unit: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('flow')),
      flow: fc.oneof(
        fc.record({ kind: fc.constantFrom('linear' as const, 'unordered' as const), units }),
        fc.record({
          kind: fc.constant('graph' as const),
          units,
          links: fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 6 }),
        }),
      ),
    };
  });
  return flow;
}

/** What happened, in order: `+a` execute of a began, `a` it ended, `-a` its revert began, `~a` the revert ended. */
export type Story = string[];

export interface Built {
  readonly unit: AnyUnit;
  /** For each atom, all that must be done before it. */
  readonly before: ReadonlyMap<string, ReadonlySet<string>>;
  readonly leaves: ReadonlyMap<string, Extract<Shape, { kind: 'task' }>>;
}

export function build(shape: Shape, story: Story): Built {
  const before = new Map<string, ReadonlySet<string>>();
  const leaves = new Map<string, Extract<Shape, { kind: 'task' }>>();
  let flows = 0;

  /** Makes the unit; `earlier` is everything that must be done before it. Returns the atoms inside. */
  const make = (part: Shape, earlier: ReadonlySet<string>): { unit: AnyUnit; atoms: ReadonlySet<string> } => {
    if (part.kind === 'task') {
      const name = `t${leaves.size}`;
      leaves.set(name, part);
      before.set(name, earlier);
      return { unit: storyTask(name, part, story), atoms: new Set([name]) };
    }
    const name = `f${flows++}`;
    const atoms = new Set<string>();
    const add = (from: { atoms: ReadonlySet<string> }): void => {
      for (const atom of from.atoms) atoms.add(atom);
    };
    if (part.kind === 'graph') {
      // Only links that go forward, so that none closes a circle.
      const links = part.links.filter(([from, to]) => from < to && to < part.units.length);
      const made: { unit: AnyUnit; atoms: ReadonlySet<string>; reach: ReadonlySet<string> }[] = [];
      for (const [at, unit] of part.units.entries()) {
        const reach = new Set(earlier);
        for (const [from, to] of links) {
          if (to !== at) continue;
          for (const atom of [...made[from]!.atoms, ...made[from]!.reach]) reach.add(atom);
        }
        const one = make(unit, reach);
        made.push({ ...one, reach });
        add(one);
      }
      const flow = graph(name).add(made.map(({ unit }) => unit));
      for (const [from, to] of links) flow.link(made[from]!.unit, made[to]!.unit);
      return { unit: flow, atoms };
    }
    const flow = part.kind === 'linear' ? linear(name) : unordered(name);
    const units: AnyUnit[] = [];
    for (const unit of part.units) {
      const one = make(unit, part.kind === 'linear' ? new Set([...earlier, ...atoms]) : earlier);
      units.push(one.unit);
      add(one);
    }
    return { unit: flow.add(units), atoms };
  };

  return { unit: make(shape, new Set()).unit, before, leaves };
}

function storyTask(
  name: string,
  { fails, revertFails, reverts }: Extract<Shape, { kind: 'task' }>,
  story: Story,
): AnyUnit {
  const execute = async (): Promise<string> => {
    story.push(`+${name}`);
    await null;
    story.push(name);
    if (fails) throw new Error(`${name} failed`);
    return `${name} done`;
  };
  if (!reverts) return task(name, { execute });
  return task(name, {
    execute,
    async revert() {
      story.push(`-${name}`);
      await null;
      story.push(`~${name}`);
      if (revertFails) throw new Error(`revert of ${name} failed`);
    },
  });
}
