/** A shape becomes a flow of the library, whose tasks do as the shape says, write down what they see, and compute nothing. */
import * as taskloom from 'taskloom';
import {
  type AnyUnit,
  createEngine,
  type Engine,
  type EngineSettings,
  graph,
  linear,
  TaskloomError,
  task,
  unordered,
  WrappedFailure,
} from 'taskloom';
import type { Drawing, Features } from './shapes.ts';
import {
  type End,
  type Entry,
  executed,
  type FlowShape,
  failureOf,
  injected,
  type LinkShape,
  REFUSED,
  type RetryShape,
  revertFailureOf,
  type State,
  stored,
  type TaskShape,
  type UnitShape,
  type Values,
} from './words.ts';

/** What the library has by now, asked of it itself. */
export const FEATURES: Features = {
  retries: 'times' in taskloom,
  deciders: hasDeciders(),
  deferReverts: hasOption('deferReverts'),
  neverResolve: hasOption('neverResolve'),
};

/** The parts of the library that may not be there yet. */
interface Makers {
  times(attempts: number, options: object): object;
  forEach(values: readonly string[], options: object): object;
  alwaysRevert(options: object): object;
  alwaysRevertAll(options: object): object;
}
type MakeFlow = (name: string, options: object) => AddableFlow;
type AddableFlow = AnyUnit & {
  add(units: readonly AnyUnit[]): unknown;
  link?(from: AnyUnit, to: AnyUnit, options?: object): unknown;
};

/** What happened, in the order in which it did. */
type Trace = Entry[];

export interface Built {
  readonly engine: Engine<AnyUnit>;
  readonly trace: Trace;
  readonly atoms: readonly string[];
}

/** An engine for the drawing, that writes down all that happens. Throws what the library refuses it with. */
export function build({ root, options }: Drawing, settings: EngineSettings): Built {
  const trace: Trace = [];
  const atoms: string[] = [];
  const unit = unitOf(root, trace, atoms);
  const engine = createEngine(unit, {
    ...settings,
    ...(FEATURES.deferReverts ? { deferReverts: options.deferReverts } : {}),
    ...(FEATURES.neverResolve ? { neverResolve: options.neverResolve } : {}),
    store: Object.fromEntries(options.store.map((symbol) => [symbol, stored(symbol)])),
  } as never) as Engine<AnyUnit>;
  engine.on('flow', ({ state }) => trace.push({ kind: 'flow', to: state }));
  engine.on('atom', ({ name, state }) => trace.push({ kind: 'moved', atom: name, to: state as State }));
  return { engine, trace, atoms };
}

/** Runs the engine to an end, and says how it ended. */
export async function runToEnd({ engine, atoms }: Built, drive?: () => Promise<unknown>): Promise<End> {
  let [thrown, results]: [unknown, Values | null] = [null, null];
  const run = engine.run().then(
    (value) => {
      results = { ...(value as Values) };
    },
    (error: unknown) => {
      thrown = error;
    },
  );
  await Promise.all([run, drive?.()]);
  const { storage } = engine;
  return {
    flow: storage.flowState,
    states: Object.fromEntries(atoms.map((name) => [name, storage.atomState(name) as State])),
    thrown: thrown === null ? [] : messagesOf(thrown),
    results: storage.flowState === 'SUCCESS' ? results : null,
  };
}

function messagesOf(thrown: unknown): string[] {
  const errors: readonly unknown[] = thrown instanceof WrappedFailure ? thrown.errors : [thrown];
  return errors.map((error) => {
    if (error instanceof TaskloomError) return REFUSED;
    return error instanceof Error ? error.message : String(error);
  });
}

function unitOf(shape: UnitShape, trace: Trace, atoms: string[]): AnyUnit {
  if (shape.kind === 'task') {
    atoms.push(shape.name);
    return taskOf(shape, trace);
  }
  if (shape.retry !== null) atoms.push(shape.retry.name);
  const make = { linear, unordered, graph }[shape.pattern] as unknown as MakeFlow;
  const flow = make(shape.name, shape.retry === null ? {} : { retry: retryOf(shape.retry) });
  const units = shape.units.map((each) => unitOf(each, trace, atoms));
  flow.add(units);
  for (const link of shape.links) linkUnits(flow, shape, units, link, trace);
  return flow;
}

function linkUnits(
  flow: AddableFlow,
  shape: FlowShape,
  units: readonly AnyUnit[],
  link: LinkShape,
  trace: Trace,
): void {
  const { from, to, decider } = link;
  const source = shape.units[from] as UnitShape;
  const says = (history: Values | ReadonlyMap<string, unknown>): boolean => {
    const values = history instanceof Map ? Object.fromEntries(history) : { ...history };
    trace.push({ kind: 'asked', flow: shape.name, from, to, history: values });
    const isFlow = source.kind === 'flow';
    return !decider?.noOn.some((at) =>
      isFlow ? at === 0 : values[source.name] === executed(source.name, at),
    );
  };
  const options = decider === null ? [] : [{ decider: says, depth: decider.depth }];
  flow.link?.(units[from] as AnyUnit, units[to] as AnyUnit, ...options);
}

function retryOf({ name, provides, policy }: RetryShape): object {
  const { times, forEach, alwaysRevert, alwaysRevertAll } = taskloom as unknown as Makers;
  const options = provides === null ? { name } : { name, provides };
  switch (policy.kind) {
    case 'times':
      return times(policy.attempts, { ...options, revertAll: policy.revertAll });
    case 'forEach':
      return forEach(policy.values, { ...options, revertAll: policy.revertAll });
    case 'alwaysRevert':
      return alwaysRevert({ name });
    case 'alwaysRevertAll':
      return alwaysRevertAll({ name });
  }
}

/** Its executions are counted here, so that what the shape says of the second one holds whatever put it back. */
function taskOf(shape: TaskShape, trace: Trace): AnyUnit {
  const { name, requires, optional, inject, provides, priority, failsOn, revertFailsOn } = shape;
  let execution = 0;
  const definition = {
    requires,
    optional,
    priority,
    inject: Object.fromEntries(inject.map((symbol) => [symbol, injected(name, symbol)])),
    ...(provides === null ? {} : { provides }),
    execute: (args: object) => {
      const at = ++execution;
      trace.push({ kind: 'called', atom: name, action: 'execute', args: { ...args }, undo: null });
      return ending(
        trace,
        name,
        'execute',
        failsOn.includes(at) ? failureOf(name, at) : null,
        executed(name, at),
      );
    },
  };
  if (revertFailsOn === null) return task(name, definition as never) as AnyUnit;
  const revert = (args: object, _context: unknown, undo: taskloom.Undo): Promise<string> => {
    const { result, failure, failures } = undo;
    const told = { result, failure: failure?.message ?? null, failures: [...failures.keys()] };
    trace.push({ kind: 'called', atom: name, action: 'revert', args: { ...args }, undo: told });
    const message = revertFailsOn.includes(execution) ? revertFailureOf(name, execution) : null;
    return ending(trace, name, 'revert', message, executed(name, execution));
  };
  return task(name, { ...definition, revert } as never) as AnyUnit;
}

/** Ends a little later, so that what could run beside it does. */
async function ending(
  trace: Trace,
  atom: string,
  action: 'execute' | 'revert',
  message: string | null,
  value: string,
): Promise<string> {
  await null;
  trace.push({ kind: 'ended', atom, action, threw: message !== null, value: message ?? value });
  if (message !== null) throw new Error(message);
  return value;
}

function hasOption(name: string): boolean {
  try {
    createEngine(linear('asked'), { [name]: false } as never);
    return true;
  } catch {
    return false;
  }
}

/** A depth without a decider is refused (2.9), where there are such things. */
function hasDeciders(): boolean {
  const [from, to] = [task('from', { execute: () => 0 }), task('to', { execute: () => 0 })];
  try {
    (graph('asked').add(from, to) as AddableFlow).link?.(from, to, { depth: 'ALL' });
    return false;
  } catch {
    return true;
  }
}
