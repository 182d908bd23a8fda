/**
 * Random flows for durable runs, as drawings: plain data, so that a child process can be given them. What such a flow comes to
 * depends on the drawing only. And what must come before what in them, read from the drawing alone.
 */
import fc from 'fast-check';

/** What one task does; see test/fixtures/durability/drawn-tasks.mjs. */
interface Plan {
  readonly ms: number;
  /** Characters of the result beside its name. */
  readonly size: number;
  /** It fails in attempts up to this one of the retry around it; 0: never. */
  readonly failsUpTo: number;
  /** Only this item of the map does. */
  readonly failingItem?: number;
  readonly revertFails: boolean;
}

interface DrawnTask {
  readonly kind: 'task';
  readonly name: string;
  readonly plan: Plan;
  /** The task whose result it takes. */
  readonly takes: string | null;
}

interface DrawnMap {
  readonly kind: 'map';
  readonly name: string;
  readonly plan: Plan;
  readonly items: number;
  /** Of each item. */
  readonly attempts: number | null;
  readonly folds: boolean;
  readonly concurrency: number | null;
}

interface DrawnFlow {
  readonly kind: 'linear' | 'unordered';
  readonly name: string;
  readonly retry: {
    readonly kind: 'times' | 'forEach';
    readonly attempts: number;
    readonly delay: number;
  } | null;
  readonly units: readonly Drawing[];
}

export type Drawing = DrawnTask | DrawnMap | DrawnFlow;

/** A task fails once in so many, so that most flows come far. */
const FAILS_IN = 9;
const oneIn = (times: number): fc.Arbitrary<boolean> => fc.nat(times - 1).map((n) => n === 0);

const plans: fc.Arbitrary<Plan> = fc
  .record({
    ms: fc.constantFrom(0, 0, 0, 1, 2),
    size: fc.constantFrom(0, 0, 0, 0, 500, 20_000),
    fails: oneIn(FAILS_IN),
    failsUpTo: fc.constantFrom(1, 1, 2, 9),
    revertFails: oneIn(4),
  })
  .map(({ fails, failsUpTo, ...plan }) => ({ ...plan, failsUpTo: fails ? failsUpTo : 0 }));

const name = fc.constant('');
const { flow } = fc.letrec<{ unit: Drawing; flow: DrawnFlow }>((tie) => ({
  unit: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('task' as const), name, plan: plans, takes: name }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('map' as const),
        name,
        plan: fc
          .record({ plan: plans, failingItem: fc.nat(5) })
          .map(({ plan, failingItem }) => ({ ...plan, failingItem, revertFails: false })),
        items: fc.nat(6),
        attempts: fc.option(fc.integer({ min: 1, max: 3 })),
        folds: fc.boolean(),
        concurrency: fc.option(fc.integer({ min: 1, max: 3 })),
      }),
    },
    { weight: 3, arbitrary: tie('flow') },
  ),
  flow: fc.record({
    kind: fc.constantFrom('linear' as const, 'linear' as const, 'unordered' as const),
    name,
    retry: fc.option(
      fc.record({
        kind: fc.constantFrom('times' as const, 'forEach' as const),
        attempts: fc.integer({ min: 1, max: 3 }),
        delay: fc.constantFrom(0, 0, 3),
      }),
      { freq: 2 },
    ),
    units: fc.array(tie('unit'), { minLength: 1, maxLength: 5 }),
  }),
}));

/** Names are given here, and reverts fail only where nothing runs side by side: else what comes of it would be a matter of time. */
export const drawings: fc.Arbitrary<Drawing> = flow.map((drawn) => {
  let atoms = 0;
  let flows = 0;
  const isPlain = !isSideBySide(drawn);
  const named = (part: Drawing, before: Drawing | null): Drawing => {
    if (part.kind === 'map') return { ...part, name: `m${atoms++}` };
    if (part.kind === 'task') {
      const plan = { ...part.plan, revertFails: part.plan.revertFails && isPlain };
      return { ...part, name: `t${atoms++}`, plan, takes: before?.kind === 'task' ? before.name : null };
    }
    const own = `f${flows++}`;
    const units: Drawing[] = [];
    for (const each of part.units)
      units.push(named(each, part.kind === 'linear' ? (units.at(-1) ?? null) : null));
    return { ...part, name: own, units };
  };
  return named(drawn, null);
});

/** True when tasks of it may run at the same time, so that which of them ran before a failure is a matter of time. */
export function isSideBySide(drawing: Drawing): boolean {
  if (drawing.kind === 'task') return false;
  if (drawing.kind === 'map') return drawing.items > 1;
  return drawing.kind === 'unordered' || drawing.units.some(isSideBySide);
}

/** For each task, and each item of a map, all that must be done before it. */
export function orderOf(drawing: Drawing): ReadonlyMap<string, ReadonlySet<string>> {
  const before = new Map<string, ReadonlySet<string>>();
  const go = (part: Drawing, earlier: ReadonlySet<string>): readonly string[] => {
    if (part.kind === 'task' || part.kind === 'map') {
      const names =
        part.kind === 'task'
          ? [part.name]
          : Array.from({ length: part.items }, (_, at) => `${part.name}[${at}]`);
      for (const each of names) before.set(each, earlier);
      return names;
    }
    const inside: string[] = [];
    for (const each of part.units) {
      const done = part.kind === 'linear' ? new Set([...earlier, ...inside]) : earlier;
      inside.push(...go(each, done));
    }
    return inside;
  };
  go(drawing, new Set());
  return before;
}

/** For each task how many retries are around it. Not for items of maps. */
export function retriesAround(drawing: Drawing): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const go = (part: Drawing, around: number): void => {
    if (part.kind === 'task') found.set(part.name, around);
    else if (part.kind !== 'map')
      for (const each of part.units) go(each, around + (part.retry === null ? 0 : 1));
  };
  go(drawing, 0);
  return found;
}
