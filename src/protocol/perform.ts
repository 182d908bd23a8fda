/**
 * The one function that the main thread and every worker run: a work request becomes an outcome. It never throws,
 * whatever the task does, and knows nothing of threads.
 *
 *   request ─▶ open, validate arguments ─▶ work.execute | work.revert ─▶ validate, close the result ─▶ executed, reverted
 *                      └▶ refused                   └▶ failed, revert-failed          └▶ failed, revert-failed
 *
 * Arguments that don't fit refuse a revert too: what it was called with then is not what it may be called with now.
 */
import { failureFrom } from '../failure.ts';
import type { Context } from '../flow/context.ts';
import type { Undo, Validators, Work } from '../flow/unit.ts';
import { errorFrom } from '../revival.ts';
import { absentTakes, close, open, openerOfParts, type Value } from './codec.ts';
import type { Outcome, PreparedArgument, RevertRequest, WorkRequest } from './messages.ts';
import { type ContextHost, endContext, openContext } from './task-context.ts';
import { validateArguments, validateResult } from './validate.ts';

export interface PerformHost extends ContextHost {
  /** ms, monotonic. */
  now(): number;
}

type Failed = Extract<Outcome, { kind: 'failed' | 'revert-failed' }>;

/** Executes or reverts a task with prepared arguments; at once where the task does not wait for anything. */
export function perform(request: WorkRequest, work: Work, host: PerformHost): Outcome | Promise<Outcome> {
  if (work.validators !== null) return performValidated(request, work, work.validators, host);
  let run: (context: Context) => unknown;
  try {
    run = bind(request, work, openArguments(request.args));
  } catch (error) {
    return refused(error);
  }
  return performBound(request, run, host, null);
}

/** The arguments are held against their schemas first, which may answer later. */
async function performValidated(
  request: WorkRequest,
  work: Work,
  validators: Validators,
  host: PerformHost,
): Promise<Outcome> {
  let run: (context: Context) => unknown;
  try {
    const args = await validateArguments(request, openArguments(request.args), validators);
    run = bind(request, work, args);
  } catch (error) {
    return refused(error);
  }
  return performBound(request, run, host, validators);
}

function performBound(
  request: WorkRequest,
  run: (context: Context) => unknown,
  host: PerformHost,
  validators: Validators | null,
): Outcome | Promise<Outcome> {
  const context = openContext(request, host);
  const start = host.now();
  const gave = (value: unknown): Outcome | Promise<Outcome> => {
    endContext(context);
    return finish(request, value, host.now() - start, validators);
  };
  const threw = (error: unknown): Outcome => {
    endContext(context);
    return failed(request.action, error, host.now() - start);
  };
  try {
    const value = run(context);
    return isThenable(value) ? Promise.resolve(value).then(gave, threw) : gave(value);
  } catch (error) {
    return threw(error);
  }
}

/** What `await` would wait for. Asking for `then` may throw, as it may there. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

function finish(
  request: WorkRequest,
  value: unknown,
  elapsed: number,
  validators: Validators | null,
): Outcome | Promise<Outcome> {
  if (validators !== null && request.action === 'execute')
    return validateResult(request, value, validators).then(
      (valid) => finish(request, valid, elapsed, null),
      (error) => failed(request.action, error, elapsed),
    );
  try {
    return succeeded(request, value, elapsed);
  } catch (error) {
    return failed(request.action, error, elapsed);
  }
}

/** The task's code did not begin, because of this error. */
export function refused(error: unknown): Outcome {
  return { kind: 'refused', failure: failureFrom(error) };
}

/** It began and failed with this error. */
export function failed(action: WorkRequest['action'], error: unknown, elapsed: number): Failed {
  const kind = action === 'execute' ? 'failed' : 'revert-failed';
  return { kind, failure: failureFrom(error), elapsed };
}

/** It gave this value, which is closed now. Throws what `close` throws. */
export function succeeded(request: WorkRequest, value: unknown, elapsed: number): Outcome {
  if (request.action === 'revert') return { kind: 'reverted', result: close(value, 'result'), elapsed };
  const absent = absentTakes(value, request.terms.takes);
  const result: Value = close(value, 'result', { read: request.terms.read });
  return { kind: 'executed', result, absent, elapsed };
}

/** Opens all that the task is called with; what goes wrong here is not the task's doing. */
function bind(
  request: WorkRequest,
  work: Work,
  args: Readonly<Record<string, unknown>>,
): (context: Context) => unknown {
  if (request.action === 'execute') return (context) => work.execute(args, context);
  const undo = openUndo(request);
  return (context) => work.revert?.(args, context, undo);
}

/** The values of prepared arguments, by name. */
export function openArguments(prepared: readonly PreparedArgument[]): Readonly<Record<string, unknown>> {
  const args: Record<string, unknown> = {};
  const openPart = openerOfParts();
  for (const { name, value, take } of prepared) {
    const opened = openPart(value, take);
    // Defined, which takes longer than to assign: an argument of a name that every object has is one more argument.
    if (name in args)
      Object.defineProperty(args, name, {
        value: opened,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else args[name] = opened;
  }
  return args;
}

function openUndo({ executed, failures }: RevertRequest): Undo {
  const errors = new Map<string, Error>();
  for (const [atom, failure] of failures) errors.set(atom, errorFrom(failure));
  return {
    result: executed.kind === 'result' ? open(executed.value, null) : undefined,
    failure: executed.kind === 'failure' ? errorFrom(executed.failure) : undefined,
    failures: errors,
  };
}
