/** Random flows for the model: drawn without names, then made fit to run, so that most of them do. */
import fc from 'fast-check';
import { fitted, named } from './fit.ts';
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
    root: flows(features).map((flow) => named(flow)),
    options: fc.record({
      store: fc.subarray(SYMBOLS, { maxLength: 2 }),
      deferReverts: rarely(3).map((no) => !no),
      neverResolve: rarely(10),
      keep: fc.constantFrom('all', 'provided', 'none'),
    }),
  });
}

/** Flows that run: of those that would be refused, what is refused is left out. */
export function runnable(features: Features): fc.Arbitrary<Drawing> {
  return drawings(features).map(({ root, options }) => ({ root: fitted(root, options), options }));
}
