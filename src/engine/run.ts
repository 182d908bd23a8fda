/** The two doors to an engine: make one, or make one, run it and close it. */
import type { Compilation } from '../compile/compilation.ts';
import type { GivesOf, NeedsOf } from '../flow/symbols.ts';
import type { AnyUnit } from '../flow/unit.ts';
import { Engine } from './engine.ts';
import type { AnyEngineOptions, EngineOptions } from './options.ts';
import { Turn } from './turns.ts';

/** The options may be left out when the flow needs nothing from the store. */
// biome-ignore lint/complexity/noBannedTypes: {} asks whether every need is optional
type OptionsArgument<U> = {} extends NeedsOf<U> ? [options?: EngineOptions<U>] : [options: EngineOptions<U>];

/**
 * Makes an engine that runs `flow`: a flow, a single task, or what `compile` made of one. Nothing is started before `run()`.
 *
 * @throws TaskloomError OPTION_INVALID; MODULE_RUNS_FLOW in a worker that is importing a task module
 */
export function createEngine<U extends AnyUnit | Compilation>(
  flow: U,
  ...[options]: OptionsArgument<U>
): Engine<U> {
  return new Engine<U>(flow, (options === undefined ? {} : options) as AnyEngineOptions, 'createEngine()');
}

/**
 * Runs `flow`, which may be a flow, a single task, or what `compile` made of one, to its end and closes what it started.
 *
 * @returns every provided symbol, by its nearest provider as a task after the flow would see it (the store aside); with
 * `keep: 'none'` an empty object, whatever its type says
 * @throws (rejects) the task's own error when one atom failed, `WrappedFailure` when several did, after all that ran
 * was reverted; TaskloomError FLOW_ABORTED, MISSING_DEPENDENCIES,
 * and what `createEngine` throws
 */
export async function run<U extends AnyUnit | Compilation>(
  flow: U,
  ...[options]: OptionsArgument<U>
): Promise<GivesOf<U>> {
  const turn = new Turn();
  const coming = turn.come();
  if (coming !== undefined) await coming;
  // Made only now, and in a call of its own: what is made before a long wait is old when that ends, and keeps what it then
  // points to from being let go with the other young garbage.
  return runAndClose<U>(flow, (options === undefined ? {} : options) as AnyEngineOptions, turn);
}

async function runAndClose<U>(
  flow: AnyUnit | Compilation,
  options: AnyEngineOptions,
  turn: Turn,
): Promise<GivesOf<U>> {
  try {
    const engine = new Engine<U>(flow, options, 'run()', turn);
    try {
      return await engine.run();
    } finally {
      await engine.close();
    }
  } finally {
    turn.end();
  }
}
