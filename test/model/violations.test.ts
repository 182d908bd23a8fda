/** The model itself is held: of a right history each wrong variant is refused, by the section that it breaks. */
import { describe, expect, it } from 'vitest';
import { Model } from './model.ts';
import { play } from './play.ts';
import type {
  Depth,
  Entry,
  FlowShape,
  FlowState,
  Options,
  Policy,
  State,
  TaskShape,
  UnitShape,
} from './words.ts';

const OPTIONS: Options = { store: [], deferReverts: true, neverResolve: false, keep: 'all' };

const task = (name: string, more: Partial<TaskShape> = {}): TaskShape => ({
  ...{ kind: 'task', name, requires: [], optional: [], inject: [], revertRequires: null },
  ...{ provides: [], form: 'text', lacksLast: false },
  ...{ priority: 0, failsOn: [], revertFailsOn: [], ...more },
});
const flow = (
  pattern: FlowShape['pattern'],
  units: readonly UnitShape[],
  more: Partial<FlowShape> = {},
): FlowShape => ({
  ...{
    kind: 'flow',
    pattern,
    name: 'f',
    retry: null,
    isTask: false,
    units,
    links: [],
    target: null,
    ...more,
  },
});
const retried = (policy: Policy, units: readonly UnitShape[]): FlowShape =>
  flow('linear', units, { name: 'g', retry: { ...retry, policy } });

const retry = { kind: 'retry', name: 'r', requires: [], provides: [], delay: 0 } as const;
const twice: Policy = { kind: 'times', attempts: 2, revertAll: false };

const chain = flow('linear', [
  task('a', { provides: ['x'] }),
  task('b', { provides: ['x'] }),
  task('c', { requires: ['x'] }),
]);
const beside = flow('unordered', [task('a'), task('b', { failsOn: [1] }), task('c')]);
const undone = flow('linear', [task('a', { provides: ['x'] }), task('b', { requires: ['x'], failsOn: [1] })]);
const stuck = flow('linear', [task('a'), task('b', { revertFailsOn: [1] }), task('c', { failsOn: [1] })]);
const again = flow('unordered', [task('z'), retried(twice, [task('a'), task('b', { failsOn: [1] })])]);
const givenUp = retried(twice, [task('a', { failsOn: [1, 2] })]);
const decided = (depth: Depth): FlowShape =>
  flow('graph', [task('a'), task('b'), task('c'), flow('linear', [task('s')], { name: 'g' })], {
    links: [
      { from: 0, to: 1, decider: { depth, noOn: [1] } },
      { from: 1, to: 2, decider: null },
      { from: 2, to: 3, decider: null },
    ],
  });

const targeted = flow('graph', [task('a', { provides: ['x'] }), task('b', { requires: ['x'] }), task('c')], {
  target: 1,
});
const parted = flow('linear', [
  task('a', { provides: ['x'] }),
  task('b', { provides: ['x'], form: 'positions', lacksLast: true }),
  task('c', { requires: ['x'] }),
]);
const undoneOtherwise = flow('linear', [
  task('a', { provides: ['x'] }),
  task('b', { revertRequires: ['x'], failsOn: [1] }),
]);
const own = (isLate: boolean, delay = 0): FlowShape =>
  flow('unordered', [task('b', { failsOn: [1] }), task('c')], {
    name: 'g',
    retry: {
      ...retry,
      delay,
      policy: { kind: 'own', decisions: ['RETRY'], isLate, failsOn: [], revertFailsOn: null },
    },
  });

/** The right history of a flow, as entries that a test then changes. */
const history = (root: UnitShape, options: Partial<Options> = {}): Entry[] => [
  ...play(new Model(root, { ...OPTIONS, ...options })),
];

function observeAll(root: UnitShape, entries: readonly Entry[]): Model {
  const model = new Model(root, OPTIONS);
  for (const entry of entries) model.observe(entry);
  return model;
}

const moved = (atom: string, to: State): Entry => ({ kind: 'moved', atom, to });
const flowTo = (to: FlowState): Entry => ({ kind: 'flow', to });
const at = (entries: readonly Entry[], atom: string, to: State): number =>
  entries.findIndex((entry) => entry.kind === 'moved' && entry.atom === atom && entry.to === to);
const of = (entries: readonly Entry[], atom: string): Entry[] =>
  entries.filter((entry) => 'atom' in entry && entry.atom === atom);
const upTo = (entries: readonly Entry[], atom: string, to: State): Entry[] =>
  entries.slice(0, at(entries, atom, to) + 1);
const without = (entries: readonly Entry[], test: (entry: Entry) => boolean): Entry[] =>
  entries.filter((entry) => !test(entry));
const isRevertOf =
  (name: string) =>
  (entry: Entry): boolean =>
    'atom' in entry &&
    entry.atom === name &&
    (entry.kind === 'moved'
      ? entry.to === 'REVERTING' || entry.to === 'REVERTED'
      : 'action' in entry && entry.action === 'revert');

const isOnFailure = (entry: Entry): boolean => entry.kind === 'consulted' && entry.about === 'onFailure';

/** [what is wrong, the section that says so, the flow, the wrong history] */
const WRONG: readonly (readonly [string, string, UnitShape, () => readonly Entry[]])[] = [
  ['a successor starts first', '2.5', chain, () => [flowTo('RUNNING'), moved('b', 'RUNNING')]],
  ['an atom runs before the flow does', '2.5', chain, () => [moved('a', 'RUNNING')]],
  [
    'an atom executes twice',
    '2.2',
    chain,
    () => [...upTo(history(chain), 'a', 'SUCCESS'), moved('a', 'RUNNING')],
  ],
  [
    'its code is called twice',
    '2.5',
    chain,
    () => {
      const [running, first] = history(chain).filter((entry) => entry.kind !== 'flow');
      return [flowTo('RUNNING'), running as Entry, first as Entry, first as Entry];
    },
  ],
  [
    'it is SUCCESS before its code ended',
    '2.5',
    chain,
    () => without(history(chain), ({ kind }) => kind === 'ended'),
  ],
  [
    'it is SUCCESS though it threw',
    '2.5',
    chain,
    () => history(chain).map((entry) => (entry.kind === 'ended' ? { ...entry, threw: true } : entry)),
  ],
  [
    'a shadowed provider is taken',
    '2.4',
    chain,
    () =>
      history(chain).map((entry) =>
        entry.kind === 'called' && entry.atom === 'c' ? { ...entry, args: { x: 'a#1' } } : entry,
      ),
  ],
  [
    'an argument is left out',
    '2.4',
    chain,
    () =>
      history(chain).map((entry) =>
        entry.kind === 'called' && entry.atom === 'c' ? { ...entry, args: {} } : entry,
      ),
  ],
  [
    'the last atom never runs',
    '2.3',
    chain,
    () => [...without(history(chain), (entry) => 'atom' in entry && entry.atom === 'c')],
  ],
  [
    'the flow ends while something runs',
    '2.3',
    chain,
    () => [flowTo('RUNNING'), moved('a', 'RUNNING'), flowTo('SUCCESS')],
  ],
  [
    'something starts after a failure was looked at',
    '2.5',
    beside,
    () => [...upTo(history(beside), 'b', 'FAILURE'), moved('c', 'RUNNING')],
  ],
  ['a revert is left out', '2.3', undone, () => without(history(undone), isRevertOf('a'))],
  ['the failed task itself is not reverted', '2.8', undone, () => without(history(undone), isRevertOf('b'))],
  [
    'reverts are in the order of executes',
    '2.8',
    undone,
    () => [...upTo(history(undone), 'b', 'FAILURE'), moved('a', 'REVERTING')],
  ],
  [
    'something is reverted without a failure',
    '2.8',
    chain,
    () => [...upTo(history(chain), 'a', 'SUCCESS'), moved('a', 'REVERTING')],
  ],
  [
    'a revert is not told of the failure',
    '2.8',
    undone,
    () =>
      history(undone).map((entry) =>
        entry.kind === 'called' && entry.undo ? { ...entry, undo: { ...entry.undo, failures: [] } } : entry,
      ),
  ],
  [
    'a revert is told a result that it has not',
    '2.8',
    undone,
    () =>
      history(undone).map((entry) =>
        entry.kind === 'called' && entry.undo ? { ...entry, undo: { ...entry.undo, result: 'b#1' } } : entry,
      ),
  ],
  [
    'REVERTED, but its code was not called',
    '2.5',
    undone,
    () => [...upTo(history(undone), 'b', 'REVERTING'), moved('b', 'REVERTED')],
  ],
  ['a failed flow ends SUCCESS', '2.3', undone, () => [...history(undone).slice(0, -1), flowTo('SUCCESS')]],
  [
    'goes on after a failed revert',
    '2.8',
    stuck,
    () => [...upTo(history(stuck), 'b', 'REVERT_FAILURE'), moved('a', 'REVERTING')],
  ],
  [
    'REVERTED after a failed revert',
    '2.3',
    stuck,
    () => [...history(stuck).slice(0, -1), flowTo('REVERTED')],
  ],
  [
    'retries before all is taken back',
    '2.6',
    again,
    () => [...upTo(history(again), 'b', 'FAILURE'), moved('r', 'RETRYING')],
  ],
  [
    'a retry takes back what is not its own',
    '2.8',
    again,
    () => [...upTo(history(again), 'b', 'FAILURE'), moved('z', 'REVERTING')],
  ],
  [
    'what a retry puts back is not announced',
    '2.5',
    again,
    () => without(history(again), (entry) => entry.kind === 'moved' && entry.to === 'PENDING'),
  ],
  ['a retry is not made', '2.3', again, () => [...upTo(history(again), 'a', 'REVERTED'), flowTo('REVERTED')]],
  ['an attempt too many', '2.6', givenUp, () => [...history(givenUp).slice(0, -3), moved('r', 'RETRYING')]],
  [
    'its code runs though a decider says no',
    '2.5',
    decided('ATOM'),
    () => [...upTo(history(decided('ATOM')), 'a', 'SUCCESS'), moved('b', 'RUNNING')],
  ],
  [
    'ignored further than the depth says',
    '2.7',
    decided('ATOM'),
    () => [...upTo(history(decided('ATOM')), 'b', 'IGNORE'), moved('c', 'IGNORE')],
  ],
  [
    'ignored less far than the depth says',
    '2.2',
    decided('ALL'),
    () => [...upTo(history(decided('ALL')), 'b', 'IGNORE'), moved('c', 'RUNNING')],
  ],
  [
    'starts while it is being suspended',
    '2.5',
    chain,
    () => [...upTo(history(chain), 'a', 'SUCCESS'), flowTo('SUSPENDING'), moved('b', 'RUNNING')],
  ],
  [
    'a suspended flow with work left is SUCCESS',
    '2.3',
    chain,
    () => [...upTo(history(chain), 'a', 'SUCCESS'), flowTo('SUSPENDING'), flowTo('SUCCESS')],
  ],
  [
    'what is no target runs',
    '2.9',
    targeted,
    () => [...history(targeted).slice(0, 1), moved('c', 'RUNNING')],
  ],
  [
    'a result without the part hides the one that it shadows',
    '2.4',
    parted,
    () =>
      history(parted).map((entry) =>
        entry.kind === 'called' && entry.atom === 'c' ? { ...entry, args: {} } : entry,
      ),
  ],
  [
    'a revert gets the arguments of execute, and has its own',
    '2.4',
    undoneOtherwise,
    () =>
      history(undoneOtherwise).map((entry) =>
        entry.kind === 'called' && entry.action === 'revert' ? { ...entry, args: {} } : entry,
      ),
  ],
  [
    'a retry is not told what failed',
    '2.6',
    own(false),
    () =>
      history(own(false)).map((entry) =>
        entry.kind === 'consulted' ? { ...entry, told: { attempts: [], failure: null } } : entry,
      ),
  ],
  [
    'a retry is not asked what a failure means',
    '2.6',
    own(false),
    () => without(history(own(false)), isOnFailure),
  ],
  [
    'a retry is asked, and nothing failed',
    '2.6',
    own(false),
    () => [...upTo(history(own(false)), 'r', 'SUCCESS'), ...history(own(false)).filter(isOnFailure)],
  ],
  [
    'something starts while a retry has yet to say what a failure means',
    '2.5',
    own(true),
    () => [...upTo(history(own(false)), 'b', 'FAILURE'), moved('c', 'RUNNING')],
  ],
  ['a retry does not wait for its delay', '2.5', own(false, 1000), () => history(own(false))],
  [
    'a reset leaves something out',
    '2.8',
    chain,
    () => [...history(chain), moved('a', 'PENDING'), flowTo('PENDING')],
  ],
];

describe('the model refuses a history in which', () => {
  it.each(WRONG)('%s (%s)', (_what, section, root, wrong) => {
    expect(() => observeAll(root, wrong())).toThrow(`[${section}]`);
  });
});

describe('the model plays', () => {
  const ignored = (depth: Depth): string[] =>
    history(decided(depth)).flatMap((entry) =>
      entry.kind === 'moved' && entry.to === 'IGNORE' ? [entry.atom] : [],
    );

  it('the table of depths (2.7)', () => {
    const table = { ALL: ['b', 'c', 's'], FLOW: ['b', 'c'], NEIGHBORS: ['b', 'c'], ATOM: ['b'] };
    for (const depth of ['ALL', 'FLOW', 'NEIGHBORS', 'ATOM'] as const)
      expect(ignored(depth)).toEqual(table[depth]);
  });

  it('nested retries: two attempts in each of two make four executions (2.6)', () => {
    const inner = retried(twice, [task('a', { failsOn: [1, 2, 3, 4] })]);
    const outer = flow('linear', [inner], {
      retry: { ...retry, name: 'o', policy: twice },
    });
    const entries = history(outer);
    expect(
      of(entries, 'a').filter((entry) => entry.kind === 'called' && entry.action === 'execute'),
    ).toHaveLength(4);
    expect(observeAll(outer, entries).end()).toMatchObject({ flow: 'REVERTED', thrown: ['a#4 failed'] });
  });

  it('a delay that is over, and not before (2.6)', () => {
    const [root, entries] = [own(false, 1000), history(own(false))];
    const after = at(entries, 'r', 'RETRYING') + 1;
    const waited = (ms: number): readonly Entry[] => entries.toSpliced(after, 0, { kind: 'passed', ms });
    expect(observeAll(root, waited(1000)).end()).toMatchObject({ flow: 'SUCCESS' });
    expect(() => observeAll(root, waited(999))).toThrow('[2.5] r is RUNNING');
  });

  it('an answer that comes late', () => {
    const entries = upTo(history(own(false)), 'b', 'FAILURE');
    const asking = history(own(false)).filter(isOnFailure);
    const model = observeAll(own(true), [...entries, ...asking.map((entry) => ({ ...entry, question: 7 }))]);
    expect([model.waitsFor().answers, model.due()]).toEqual([[7], []]);
    model.observe({ kind: 'answered', question: 7 });
    expect(model.due()).toEqual([{ atom: 'b', action: 'revert', to: 'REVERTING' }]);
  });
});
