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
import { type MakeTask, type Notes, Script, taskHere } from './script.ts';
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
export function build(drawing: Drawing, settings: EngineSettings, makeTask = taskHere): Built {
  const trace: Entry[] = [];
  const world = new World(drawing, trace, makeTask);
  const engine = world.engine(settings);
  hear(engine, trace);
  return { engine, trace, answers: world.answers, passed: (ms) => trace.push({ kind: 'passed', ms }) };
}

/** What tasks and retries of a drawing do, and what they note, whichever engine runs them. */
export class World {
  readonly answers: Answers;
  readonly #drawing: Drawing;
  readonly #script: Script;
  readonly #builder: Builder;

  constructor(drawing: Drawing, notes: Notes, makeTask = taskHere) {
    this.#drawing = drawing;
    this.#script = new Script(notes);
    this.answers = new Answers(notes);
    this.#builder = new Builder(this.#script, notes, this.answers, makeTask);
  }

  /** A flow of its own, in an engine of its own. */
  engine(settings: EngineSettings): Engine<AnyUnit> {
    const { root, options } = this.#drawing;
    return createEngine(this.#builder.unit(root), {
      ...settings,
      services: this.#script.services,
      deferReverts: options.deferReverts,
      neverResolve: options.neverResolve,
      keep: options.keep,
      store: Object.fromEntries(options.store.map((symbol) => [symbol, stored(symbol)])),
    } as never) as Engine<AnyUnit>;
  }
}

export function hear(engine: Engine<AnyUnit>, notes: Notes): void {
  engine.on('flow', ({ state }) => notes.push({ kind: 'flow', to: state }));
  engine.on('atom', ({ name, state }) => notes.push({ kind: 'moved', atom: name, to: state as State }));
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
  readonly #notes: Notes;
  readonly #answers: Answers;
  readonly #makeTask: MakeTask;

  constructor(script: Script, notes: Notes, answers: Answers, makeTask: MakeTask) {
    [this.#script, this.#notes, this.#answers, this.#makeTask] = [script, notes, answers, makeTask];
  }

  unit(shape: UnitShape): AnyUnit {
    if (shape.kind === 'task') return this.#task(shape, null);
    const retry = shape.retry === null ? null : retryOf(shape.retry, this.#notes, this.#answers);
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
      this.#notes.push({ kind: 'asked', flow: shape.name, from, to, history: { ...history } });
      return !decider?.noOn.some((at) =>
        source.kind === 'flow' ? at === 0 : isDeepStrictEqual(history[source.name], resultOf(source, at)),
      );
    };
    const options = decider === null ? [] : [{ decider: says, depth: decider.depth }];
    flow.link(units[from] as AnyUnit, units[to] as AnyUnit, ...options);
  }
}
