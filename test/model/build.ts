/** A drawing becomes a flow of the library, and an engine that runs it and writes down all that happens. */
import {
  type AnyRetry,
  type AnyUnit,
  createEngine,
  type Engine,
  type EngineSettings,
  graph,
  linear,
  unordered,
  WrappedFailure,
} from 'taskloom';
import { isDeepStrictEqual } from 'node:util';
import { Answers, messageOf, retryOf } from './retries.ts';
import { type MakeTask, Script, taskHere } from './script.ts';
import type { Drawing } from './shapes.ts';
import {
  type End,
  type Entry,
  type FlowShape,
  type LinkShape,
  resultOf,
  type State,
  stored,
  type TaskShape,
  type UnitShape,
  type Values,
} from './words.ts';

type MakeFlow = (name: string, options: object) => AddableFlow;
type AddableFlow = AnyUnit & {
  add(units: readonly AnyUnit[]): unknown;
  link(from: AnyUnit, to: AnyUnit, options?: object): unknown;
  target(unit: AnyUnit): unknown;
};

export interface Built {
  readonly engine: Engine<AnyUnit>;
  /** What happened, in the order in which it did. */
  readonly trace: readonly Entry[];
  readonly answers: Answers;
  /** Writes down that time passes. */
  passed(ms: number): void;
}

/** Throws what the library refuses the drawing with. */
export function build({ root, options }: Drawing, settings: EngineSettings, makeTask = taskHere): Built {
  const script = new Script();
  const { trace, services } = script;
  const answers = new Answers(trace);
  const unit = new Builder(script, answers, makeTask).unit(root);
  const engine = createEngine(unit, {
    ...settings,
    services,
    deferReverts: options.deferReverts,
    neverResolve: options.neverResolve,
    keep: options.keep,
    store: Object.fromEntries(options.store.map((symbol) => [symbol, stored(symbol)])),
  } as never) as Engine<AnyUnit>;
  engine.on('flow', ({ state }) => trace.push({ kind: 'flow', to: state }));
  engine.on('atom', ({ name, state }) => trace.push({ kind: 'moved', atom: name, to: state as State }));
  return { engine, trace, answers, passed: (ms) => trace.push({ kind: 'passed', ms }) };
}

/** Runs the engine to an end, and says how it ended. */
export async function runToEnd({ engine }: Built, drive?: () => Promise<unknown>): Promise<End> {
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
  const { storage, compilation } = engine;
  return {
    flow: storage.flowState,
    states: Object.fromEntries(
      [...compilation.atoms.keys()].map((name) => [name, storage.atomState(name) as State]),
    ),
    thrown: thrown === null ? [] : messagesOf(thrown),
    results: storage.flowState === 'SUCCESS' ? results : null,
  };
}

function messagesOf(thrown: unknown): string[] {
  const errors: readonly unknown[] = thrown instanceof WrappedFailure ? thrown.errors : [thrown];
  return errors.map(messageOf);
}

class Builder {
  readonly #script: Script;
  readonly #answers: Answers;
  readonly #makeTask: MakeTask;

  constructor(script: Script, answers: Answers, makeTask: MakeTask) {
    [this.#script, this.#answers, this.#makeTask] = [script, answers, makeTask];
  }

  unit(shape: UnitShape): AnyUnit {
    if (shape.kind === 'task') return this.#task(shape, null);
    const retry = shape.retry === null ? null : retryOf(shape.retry, this.#script.trace, this.#answers);
    const [only] = shape.units;
    if (shape.isTask && only?.kind === 'task') return this.#task(only, retry);
    const make = { linear, unordered, graph }[shape.pattern] as unknown as MakeFlow;
    const flow = make(shape.name, retry === null ? {} : { retry });
    const units = shape.units.map((each) => this.unit(each));
    flow.add(units);
    for (const link of shape.links) this.#link(flow, shape, units, link);
    if (shape.target !== null) flow.target(units[shape.target] as AnyUnit);
    return flow;
  }

  #task(shape: TaskShape, retry: AnyRetry | null): AnyUnit {
    this.#script.know(shape);
    return this.#makeTask(shape, this.#script, retry);
  }

  #link(flow: AddableFlow, shape: FlowShape, units: readonly AnyUnit[], link: LinkShape): void {
    const { from, to, decider } = link;
    const source = shape.units[from] as UnitShape;
    const says = (history: Values): boolean => {
      this.#script.trace.push({ kind: 'asked', flow: shape.name, from, to, history: { ...history } });
      return !decider?.noOn.some((at) =>
        source.kind === 'flow' ? at === 0 : isDeepStrictEqual(history[source.name], resultOf(source, at)),
      );
    };
    const options = decider === null ? [] : [{ decider: says, depth: decider.depth }];
    flow.link(units[from] as AnyUnit, units[to] as AnyUnit, ...options);
  }
}
