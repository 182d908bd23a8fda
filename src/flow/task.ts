/**
 * Tasks: a definition under a name. `taskModule(url)` makes those that ship to worker threads, which import the module
 * and find the task by its name; `task` makes those that stay on the main thread.
 */
import type {
  Agrees,
  DefinedTask,
  Definition,
  Listed,
  Provides,
  Schemas,
  SpecOf,
  Taken,
} from './definition.ts';
import { type Hooks, withHooks } from './hooks.ts';
import { checkModuleUrl } from './module-url.ts';
import { checkName } from './names.ts';
import { type Readable, readAgain, readDefinition } from './read-definition.ts';
import { readValidators } from './read-validators.ts';
import { markAsUnit } from './recognise.ts';
import { register } from './registry.ts';
import type { Nothing, Typed } from './symbols.ts';
import type { AnyTask, Validators, Work } from './unit.ts';

/** A task by the symbols that it needs and gives. */
export interface Task<Needs = unknown, Gives = unknown> extends AnyTask, Typed<Needs, Gives> {}

/**
 * Makes a task.
 *
 * @param name - Names the task in its module and, unless `.as` says otherwise, in its flow
 * @throws TaskloomError NAME_INVALID, OPTION_INVALID, DEFINITION_INVALID; TASK_DUPLICATE in a task module
 */
export type DefineTask = <
  const R extends readonly string[] = [],
  const O extends readonly string[] = [],
  V extends Schemas = Nothing,
  Args = Listed<R, O, V>,
  Result = unknown,
  const P extends Provides | undefined = undefined,
  const B extends { readonly [argument: string]: string } = Nothing,
  I extends Partial<Taken<Args, V>> = Nothing,
  const RR extends readonly string[] | undefined = undefined,
  RevertArgs = RR extends readonly string[] ? Listed<RR, [], V> : Args,
  const BR extends { readonly [argument: string]: string } | undefined = undefined,
>(
  name: string,
  definition: Definition<R, O, Args, Result, P, B, I, RR, RevertArgs, BR, V> &
    Agrees<R, O, Args, Result, P, B, I, RR, RevertArgs, V>,
) => DefinedTask<SpecOf<R, O, Args, Result, P, B, I, RR, RevertArgs, BR, V>>;

/** Makes a task that runs on the main thread. See `DefineTask`. */
export const task: DefineTask = defineIn(null);

/**
 * Returns what makes the tasks of a task module. Its tasks must be defined at the top level of the module, so that a
 * worker that imports it finds them. Calling it twice for one module is the same as calling it once.
 *
 * @param url - `import.meta.url` of the module
 * @throws TaskloomError MODULE_URL_INVALID
 */
export function taskModule(url: string): DefineTask {
  return defineIn(checkModuleUrl(url));
}

function defineIn(module: string | null): DefineTask {
  const define = (name: unknown, definition: Definitions): TaskUnit => {
    const known = checkName(name, 'The name of a task');
    const read = readDefinition(definition as never, `task '${known}'`);
    const work = workOf(
      known,
      module,
      definition,
      readValidators(definition.validate, read, `task '${known}'`),
    );
    if (module !== null) register(module, work);
    return new TaskUnit(known, work, read);
  };
  return define as unknown as DefineTask;
}

type Definitions = Pick<Work, 'execute'> &
  Hooks & { readonly revert?: NonNullable<Work['revert']>; readonly validate?: unknown };

/** The functions keep the definition as their `this`, as methods of an object are expected to. */
function workOf(
  name: string,
  module: string | null,
  definition: Definitions,
  validators: Validators | null,
): Work {
  const { preExecute, postExecute, preRevert, postRevert } = definition;
  const revert = definition.revert?.bind(definition);
  return Object.freeze({
    name,
    module,
    execute: withHooks(
      definition.execute.bind(definition),
      preExecute?.bind(definition),
      postExecute?.bind(definition),
    ),
    revert:
      revert === undefined
        ? null
        : withHooks(revert, preRevert?.bind(definition), postRevert?.bind(definition)),
    validators,
  });
}

class TaskUnit implements AnyTask {
  readonly kind = 'task';
  readonly name: string;
  readonly work: Work;
  readonly args: AnyTask['args'];
  readonly revertArgs: AnyTask['revertArgs'];
  readonly inject: AnyTask['inject'];
  readonly provides: AnyTask['provides'];
  readonly priority: number;
  readonly timeout: number | null;
  readonly runOn: AnyTask['runOn'];
  readonly version: string;
  readonly retry: AnyTask['retry'];
  readonly #revertRebound: boolean;

  static {
    markAsUnit(TaskUnit.prototype);
  }

  constructor(name: string, work: Work, read: Readable) {
    this.name = name;
    this.work = work;
    this.args = read.args;
    this.revertArgs = read.revertArgs;
    this.inject = read.inject;
    this.provides = read.provides;
    this.priority = read.priority;
    this.timeout = read.timeout;
    this.runOn = read.runOn;
    this.version = read.version;
    this.retry = read.retry;
    this.#revertRebound = read.revertRebound;
    Object.freeze(this);
  }

  as(name: unknown, options: Readonly<Record<string, unknown>> = {}): TaskUnit {
    const known = checkName(name, `The name that '${this.name}' is given by .as()`);
    const read = { ...this, revertRebound: this.#revertRebound };
    return new TaskUnit(known, this.work, readAgain(read, options, `'${this.name}'.as('${known}')`));
  }
}
