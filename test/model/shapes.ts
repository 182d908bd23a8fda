/** Random flows for the model: drawn without names, then made fit to run, so that most of them do. */
import fc from 'fast-check';
import { Refusal, Tree, validate } from './tree.ts';
import {
  type Decider,
  type FlowShape,
  LISTED,
  type Options,
  type OwnPolicy,
  type Policy,
  type RetryShape,
  type TaskShape,
  type UnitShape,
} from './words.ts';

/** What a drawing may have in it: what its executor can be told to do. */
export interface Features {
  /** Answers of retries that come when told. */
  readonly late: boolean;
  /** Delays of retries, by a clock that moves when told. */
  readonly delays: boolean;
}

export interface Drawing {
  readonly root: UnitShape;
  readonly options: Options;
}

/** A few, so that they shadow each other. */
const SYMBOLS = ['a', 'b', 'c', 'd'];
export const PAUSE = 1000;
const MOST_UNITS = 5;
const DEEPEST = 4;

const rarely = (one: number): fc.Arbitrary<boolean> => fc.nat(one - 1).map((n) => n === 0);

const symbols = fc.oneof<fc.WeightedArbitrary<readonly string[]>[]>(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...SYMBOLS), { maxLength: 2 }) },
);
const provided = fc.oneof<fc.WeightedArbitrary<Pick<TaskShape, 'form' | 'provides' | 'lacksLast'>>[]>(
  {
    weight: 4,
    arbitrary: fc.record({
      form: fc.constant('text' as const),
      provides: fc.shuffledSubarray(SYMBOLS, { maxLength: 1 }),
      lacksLast: fc.constant(false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      form: fc.constantFrom('positions' as const, 'keys' as const),
      provides: fc.shuffledSubarray(SYMBOLS, { minLength: 1, maxLength: 2 }),
      lacksLast: rarely(4),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ form: 'list', provides: [LISTED], lacksLast: false }),
  },
);

/** Fails never, at first, or nearly always. */
const failing = (oneIn: number): fc.Arbitrary<readonly number[]> =>
  fc.oneof(
    { weight: oneIn, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        [1],
        [1, 2],
        [2],
        Array.from({ length: 30 }, (_, at) => at + 1),
      ),
    },
  );

const tasks: fc.Arbitrary<TaskShape> = fc
  .record({
    takes: symbols,
    optional: symbols,
    isInjected: rarely(8),
    revertRequires: fc.option(symbols, { freq: 4 }),
    result: provided,
    priority: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
    ),
    failsOn: failing(5),
    reverts: rarely(4).map((no) => !no),
    revertFailsOn: failing(30),
  })
  .map(({ takes, optional, isInjected, reverts, revertFailsOn, revertRequires, result, ...rest }) => ({
    ...rest,
    ...result,
    kind: 'task',
    name: '',
    requires: takes,
    optional: optional.filter((symbol) => !takes.includes(symbol)),
    inject: isInjected ? takes.slice(0, 1) : [],
    revertRequires: reverts ? revertRequires : null,
    revertFailsOn: reverts ? revertFailsOn : null,
  }));

const ownPolicies = (late: boolean): fc.Arbitrary<OwnPolicy> =>
  fc.record({
    kind: fc.constant('own' as const),
    decisions: fc.array(fc.constantFrom('RETRY', 'RETRY', 'RETRY', 'REVERT', 'REVERT_ALL', 'THROW'), {
      maxLength: 3,
    }),
    isLate: late ? rarely(4).map((no) => !no) : fc.constant(false),
    failsOn: failing(8),
    revertFailsOn: fc.option(failing(10)),
  });

const policies = ({ late }: Features): fc.Arbitrary<Policy> =>
  fc.oneof(
    fc.record({
      kind: fc.constant('times' as const),
      attempts: fc.integer({ min: 1, max: 3 }),
      revertAll: rarely(4),
    }),
    ownPolicies(late),
    fc.record({
      kind: fc.constant('forEach' as const),
      values: fc.array(fc.constantFrom('u', 'v', 'w'), { maxLength: 3 }),
      revertAll: rarely(4),
    }),
    fc.record({ kind: fc.constant('parameterizedForEach' as const), revertAll: rarely(4) }),
    fc.constantFrom({ kind: 'alwaysRevert' as const }, { kind: 'alwaysRevertAll' as const }),
    ownPolicies(late),
  );

const retries = (features: Features): fc.Arbitrary<RetryShape> =>
  fc
    .record({
      symbol: fc.shuffledSubarray(SYMBOLS, { maxLength: 1 }),
      takes: symbols,
      policy: policies(features),
      delay: features.delays ? fc.constantFrom(0, PAUSE) : fc.constant(0),
    })
    .map(({ symbol, takes, policy, delay }) => ({
      kind: 'retry',
      name: '',
      requires: policy.kind === 'own' ? takes : policy.kind === 'parameterizedForEach' ? [LISTED] : [],
      // Those that never try again have nothing to give.
      provides: policy.kind === 'alwaysRevert' || policy.kind === 'alwaysRevertAll' ? [] : symbol,
      policy,
      delay: policy.kind === 'alwaysRevert' || policy.kind === 'alwaysRevertAll' ? 0 : delay,
    }));

/** A task with a retry of its own. */
const retriedTasks = (features: Features): fc.Arbitrary<FlowShape> =>
  fc.tuple(tasks, retries(features)).map(([task, retry]) => ({
    kind: 'flow',
    pattern: 'linear',
    name: '',
    retry,
    isTask: true,
    units: [task],
    links: [],
    target: null,
  }));

const deciders: fc.Arbitrary<Decider> = fc.record({
  depth: fc.constantFrom('ALL', 'FLOW', 'NEIGHBORS', 'ATOM'),
  noOn: fc.subarray([0, 1, 2, 3]),
});

function flows(features: Features): fc.Arbitrary<FlowShape> {
  const decider = fc.option(deciders, { freq: 2 });
  const ends = fc.uniqueArray(fc.nat(MOST_UNITS - 1), { minLength: 2, maxLength: 2 });
  const link = fc.tuple(ends, decider).map(([[a = 0, b = 0], deciding]) => ({
    from: Math.min(a, b),
    to: Math.max(a, b),
    decider: deciding,
  }));
  const { flow } = fc.letrec<{ unit: UnitShape; flow: FlowShape }>((tie) => ({
    unit: fc.oneof(
      { maxDepth: DEEPEST - 1, depthSize: 'large', withCrossShrink: true },
      { weight: 8, arbitrary: tasks },
      { weight: 1, arbitrary: retriedTasks(features) },
      { weight: 6, arbitrary: tie('flow') },
    ),
    flow: fc.record({
      kind: fc.constant('flow'),
      pattern: fc.constantFrom('linear', 'unordered', 'graph'),
      name: fc.constant(''),
      retry: fc.option(retries(features), { freq: 3 }),
      isTask: fc.constant(false),
      units: fc.array(tie('unit'), { maxLength: MOST_UNITS }),
      links: fc.array(link, { maxLength: 5 }),
      target: fc.option(fc.nat(MOST_UNITS - 1), { freq: 3 }),
    }),
  }));
  return flow;
}

/** Flows as they were drawn, many of which are refused. */
export function drawings(features: Features): fc.Arbitrary<Drawing> {
  return fc.record({
    root: flows(features).map((flow) =>
      named(flow, { atoms: 0, flows: 0, undone: 0 }, { graph: false, retry: false }),
    ),
    options: fc.record({
      store: fc.subarray(SYMBOLS, { maxLength: 2 }),
      deferReverts: rarely(3).map((no) => !no),
      neverResolve: rarely(10),
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

/** Gives names in the order of the tree, and leaves out links that lead nowhere. */
function named(unit: UnitShape, count: Count, around: Around): UnitShape {
  if (unit.kind === 'task') {
    const given = unit.revertRequires;
    const isFree = given === null || given.length === 0 || count.undone++ === 0;
    const revertRequires = isFree ? given : given.filter((symbol) => unit.requires.includes(symbol));
    return { ...unit, name: `t${count.atoms++}`, revertRequires };
  }
  const name = unit.isTask ? `t${count.atoms}` : `f${count.flows++}`;
  const isGraph = unit.pattern === 'graph';
  const inside = { graph: around.graph || isGraph, retry: around.retry || unit.retry !== null };
  const units = unit.units.map((each) => named(each, count, inside));
  const links = unit.links.filter(({ to }) => isGraph && to < units.length);
  const hasTarget = isGraph && !around.graph && unit.target !== null && unit.target < units.length;
  const target = hasTarget ? unit.target : null;
  return { ...unit, name, retry: namedRetry(unit, `${name}_retry`, around), units, links, target };
}

function namedRetry(
  { retry, isTask, pattern, units }: FlowShape,
  name: string,
  around: Around,
): RetryShape | null {
  if (retry === null) return null;
  const { policy } = retry;
  const inside = units.flatMap(tasksIn);
  const isSequence = pattern === 'linear' && inside.length === units.length;
  const isAlone = !around.retry && !units.some(hasRetry);
  const mayBeLate = isAlone && (isSequence || inside.filter(mayFail).length <= 1);
  const isLate = policy.kind === 'own' && policy.isLate && mayBeLate;
  const given = { ...retry, name, policy: policy.kind === 'own' ? { ...policy, isLate } : policy };
  return isTask && around.graph ? { ...requiring(given, []), provides: [] } : given;
}

const mayFail = ({ failsOn, requires }: TaskShape): boolean => failsOn.length + requires.length > 0;

const hasRetry = (unit: UnitShape): boolean =>
  unit.kind === 'flow' && (unit.retry !== null || unit.units.some(hasRetry));

const tasksIn = (unit: UnitShape): readonly TaskShape[] =>
  unit.kind === 'task' ? [unit] : unit.units.flatMap(tasksIn);

interface Count {
  atoms: number;
  flows: number;
  /** Tasks whose revert has arguments of its own. */
  undone: number;
}

/** Whether some flow around is one, or has one. */
interface Around {
  readonly graph: boolean;
  readonly retry: boolean;
}
