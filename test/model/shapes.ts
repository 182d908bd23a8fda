/** Random flows for the model: drawn without names, then made fit to run, so that most of them do. */
import fc from 'fast-check';
import { Refusal, Tree, validate } from './tree.ts';
import type { Decider, FlowShape, Options, Policy, RetryShape, TaskShape, UnitShape } from './words.ts';

/** What a drawing may have in it: what the library has by now. */
export interface Features {
  readonly retries: boolean;
  readonly deciders: boolean;
  readonly deferReverts: boolean;
  readonly neverResolve: boolean;
}

export interface Drawing {
  readonly root: UnitShape;
  readonly options: Options;
}

/** A few, so that they shadow each other. */
const SYMBOLS = ['a', 'b', 'c', 'd'];
const MOST_UNITS = 4;
const DEEPEST = 4;

const rarely = (one: number): fc.Arbitrary<boolean> => fc.nat(one - 1).map((n) => n === 0);

const symbols = fc.oneof<fc.WeightedArbitrary<readonly string[]>[]>(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...SYMBOLS), { maxLength: 2 }) },
);
const provided = fc.option(fc.constantFrom(...SYMBOLS));

/** Fails never, at first, or always as far as anybody looks. */
const failing = (oneIn: number): fc.Arbitrary<readonly number[]> =>
  fc.oneof(
    { weight: oneIn, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        [1],
        [1, 2],
        [2],
        Array.from({ length: 1000 }, (_, at) => at + 1),
      ),
    },
  );

const tasks: fc.Arbitrary<TaskShape> = fc
  .record({
    takes: symbols,
    optional: symbols,
    isInjected: rarely(8),
    provides: provided,
    priority: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
    ),
    failsOn: failing(6),
    reverts: rarely(4).map((no) => !no),
    revertFailsOn: failing(30),
  })
  .map(({ takes, optional, isInjected, reverts, revertFailsOn, ...rest }) => ({
    ...rest,
    kind: 'task',
    name: '',
    requires: takes,
    optional: optional.filter((symbol) => !takes.includes(symbol)),
    inject: isInjected ? takes.slice(0, 1) : [],
    revertFailsOn: reverts ? revertFailsOn : null,
  }));

const policies: fc.Arbitrary<Policy> = fc.oneof(
  fc.record({
    kind: fc.constant('times' as const),
    attempts: fc.integer({ min: 1, max: 3 }),
    revertAll: rarely(4),
  }),
  fc.record({
    kind: fc.constant('forEach' as const),
    values: fc.array(fc.constantFrom('u', 'v', 'w'), { maxLength: 3 }),
    revertAll: rarely(4),
  }),
  fc.constantFrom({ kind: 'alwaysRevert' as const }, { kind: 'alwaysRevertAll' as const }),
);

const retries: fc.Arbitrary<RetryShape> = fc
  .record({ symbol: provided, policy: policies })
  .map(({ symbol, policy }) => ({
    kind: 'retry',
    name: '',
    // Those that never try again have nothing to give.
    provides: policy.kind === 'times' || policy.kind === 'forEach' ? symbol : null,
    policy,
  }));

const deciders: fc.Arbitrary<Decider> = fc.record({
  depth: fc.constantFrom('ALL', 'FLOW', 'NEIGHBORS', 'ATOM'),
  noOn: fc.uniqueArray(fc.nat(3), { maxLength: 3 }),
});

function flows(features: Features): fc.Arbitrary<FlowShape> {
  const retry = features.retries ? fc.option(retries, { freq: 2 }) : fc.constant(null);
  const decider = features.deciders ? fc.option(deciders, { freq: 2 }) : fc.constant(null);
  const link = fc.record({ from: fc.nat(MOST_UNITS - 1), to: fc.nat(MOST_UNITS - 1), decider });
  const { flow } = fc.letrec<{ unit: UnitShape; flow: FlowShape }>((tie) => ({
    unit: fc.oneof(
      { maxDepth: DEEPEST - 1, withCrossShrink: true },
      { weight: 3, arbitrary: tasks },
      { weight: 2, arbitrary: tie('flow') },
    ),
    flow: fc.record({
      kind: fc.constant('flow'),
      pattern: fc.constantFrom('linear', 'unordered', 'graph'),
      name: fc.constant(''),
      retry,
      units: fc.array(tie('unit'), { maxLength: MOST_UNITS }),
      links: fc.array(link, { maxLength: 5 }),
    }),
  }));
  return flow;
}

/** Flows as they were drawn, many of which are refused. */
export function drawings(features: Features): fc.Arbitrary<Drawing> {
  return fc.record({
    root: flows(features).map((flow) => named(flow, { atoms: 0, flows: 0 })),
    options: fc.record({
      store: fc.subarray(SYMBOLS, { maxLength: 2 }),
      deferReverts: features.deferReverts ? rarely(3).map((no) => !no) : fc.constant(true),
      neverResolve: features.neverResolve ? rarely(10) : fc.constant(false),
    }),
  });
}

/** Flows that run: of those that would be refused, what is refused is left out. */
export function runnable(features: Features): fc.Arbitrary<Drawing> {
  return drawings(features).map(({ root, options }) => ({ root: fitted(root, options), options }));
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

function fitted(drawn: UnitShape, options: Options): UnitShape {
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
    return { ...unit, units, links: wants === null ? [] : unit.links };
  }
  if (wants === null || unit.name !== wants.atom) return unit;
  return { ...unit, requires: unit.requires.filter((symbol) => symbol !== wants.symbol) };
}

/** Gives names in the order of the tree, and leaves out links that lead nowhere. */
function named(unit: UnitShape, count: { atoms: number; flows: number }): UnitShape {
  if (unit.kind === 'task') return { ...unit, name: `t${count.atoms++}` };
  const name = `f${count.flows++}`;
  const retry = unit.retry === null ? null : { ...unit.retry, name: `${name}_retry` };
  const units = unit.units.map((each) => named(each, count));
  const isGraph = unit.pattern === 'graph';
  const links = unit.links.filter(({ from, to }) => isGraph && from < to && to < units.length);
  return { ...unit, name, retry, units, links };
}
