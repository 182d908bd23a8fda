/** The tasks of a shape: they do as it says, write down what they see, and compute nothing; here, or in a worker thread. */
import { type AnyRetry, type AnyTask, task, type Undo } from 'taskloom';
import {
  type Action,
  type Entry,
  failureOf,
  injected,
  keyOf,
  executed,
  resultOf,
  revertFailureOf,
  type TaskShape,
  type Undo as Told,
  type Values,
} from './words.ts';

/** What a task ends with; its value is what it returns, or the message of what it throws. */
interface Does {
  readonly threw: boolean;
  readonly value: unknown;
}

/** Where what happened is written down, in the order in which it did. */
export interface Notes {
  push(entry: Entry): unknown;
}

/** Says what each task does, and notes that it did. */
export class Script {
  readonly #notes: Notes;
  readonly #shapes = new Map<string, TaskShape>();
  /** Counted over the life of the engine, so that what a shape says of the second one holds whatever put it back. */
  readonly #executions = new Map<string, number>();

  /** What tasks in a worker thread call. */
  readonly services = {
    called: (atom: string, action: Action, args: Values, undo: Told | null): Does =>
      this.called(atom, action, args, undo),
    ended: (atom: string, action: Action, does: Does): void => this.ended(atom, action, does),
  };

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  know(shape: TaskShape): void {
    this.#shapes.set(shape.name, shape);
  }

  called(atom: string, action: Action, args: Values, undo: Told | null): Does {
    const shape = this.#shapes.get(atom) as TaskShape;
    const symbols = argumentsOf(shape);
    const bySymbol = Object.entries(args).map(([name, value]) => [symbols.get(name), value] as const);
    this.#notes.push({ kind: 'called', atom, action, args: Object.fromEntries(bySymbol), undo });
    const execution = (this.#executions.get(atom) ?? 0) + (action === 'execute' ? 1 : 0);
    this.#executions.set(atom, execution);
    if (action === 'execute') {
      const threw = shape.failsOn.includes(execution);
      return { threw, value: threw ? failureOf(atom, execution) : resultOf(shape, execution) };
    }
    const threw = shape.revertFailsOn?.includes(execution) ?? false;
    return { threw, value: (threw ? revertFailureOf : executed)(atom, execution) };
  }

  ended(atom: string, action: Action, { threw, value }: Does): void {
    this.#notes.push({ kind: 'ended', atom, action, threw, value });
  }
}

/** Makes a task of a shape. */
export type MakeTask = (shape: TaskShape, script: Script, retry: AnyRetry | null) => AnyTask;

export const taskHere: MakeTask = (shape, script, retry) => {
  const { name, requires, optional, revertRequires, revertFailsOn } = shape;
  const act = async (action: Action, args: object, undo: Told | null): Promise<unknown> => {
    const does = script.called(name, action, { ...args }, undo);
    await null; // So that what could run beside it does.
    script.ended(name, action, does);
    if (does.threw) throw new Error(String(does.value));
    return does.value;
  };
  const revert = (args: object, _context: unknown, { result, failure, failures }: Undo): Promise<unknown> =>
    act('revert', args, { result, failure: failure?.message ?? null, failures: [...failures.keys()] });
  const definition = {
    requires: named('r', requires),
    optional: named('o', optional),
    ...(revertRequires === null ? {} : { revertRequires: named('v', revertRequires) }),
    ...variable(shape, retry),
    execute: (args: object) => act('execute', args, null),
    ...(revertFailsOn === null ? {} : { revert }),
  };
  return task(name, definition as never) as AnyTask;
};

/** Tasks of a task module by their form, to be used again under other names. */
type Forms = Readonly<Record<string, AnyTask & { as(name: string, options: object): AnyTask }>>;
const forms = (await import(new URL('../fixtures/model/tasks.mjs', import.meta.url).href)) as {
  readonly tasks: Forms;
};

export const taskFar: MakeTask = (shape, _script, retry) => {
  const { name, requires, optional, revertRequires, revertFailsOn, form, provides } = shape;
  const undo = revertFailsOn === null ? 'no' : (revertRequires?.length ?? 'same');
  const whole = provides.length === 0 ? 'none' : 'whole';
  const parts = form === 'positions' ? `positions${provides.length}` : form === 'keys' ? 'keys' : whole;
  const found = forms.tasks[`${requires.length} ${optional.length} ${undo} ${parts}`];
  if (found === undefined) throw new Error(`the fixture has no task for ${JSON.stringify(shape)}`);
  return found.as(name, variable(shape, retry));
};

/** What may differ from use to use. */
function variable(shape: TaskShape, retry: AnyRetry | null): object {
  const { name, inject, form, provides, priority } = shape;
  const symbols = [...argumentsOf(shape)];
  const given = symbols.filter(([, symbol]) => inject.includes(symbol));
  const [whole] = provides;
  const byKey = Object.fromEntries(provides.map((symbol) => [symbol, keyOf(symbol)]));
  const parts = form === 'positions' ? provides : form === 'keys' ? byKey : whole;
  return {
    rebind: Object.fromEntries(symbols),
    inject: Object.fromEntries(given.map(([argument, symbol]) => [argument, injected(name, symbol)])),
    ...(parts === undefined ? {} : { provides: parts }),
    priority,
    ...(retry === null ? {} : { retry }),
  };
}

/** Arguments have names of their own, so that one definition serves many shapes. */
function argumentsOf({ requires, optional, revertRequires }: TaskShape): ReadonlyMap<string, string> {
  const pairs = (letter: string, symbols: readonly string[]): [string, string][] =>
    named(letter, symbols).map((name, at) => [name, symbols[at] as string]);
  return new Map([...pairs('r', requires), ...pairs('o', optional), ...pairs('v', revertRequires ?? [])]);
}

function named(letter: string, symbols: readonly string[]): string[] {
  return symbols.map((_, at) => `${letter}${at}`);
}
