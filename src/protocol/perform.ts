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
import type { Undo, Work } from '../flow/unit.ts';
import { errorFrom } from '../revival.ts';
import { absentTakes, close, open, openerOfParts, type Value } from './codec.ts';
import type { Outcome, PreparedArgument, RevertRequest, WorkRequest } from './messages.ts';
import { type ContextHost, openContext } from './task-context.ts';
import { validateArguments, validateResult } from './validate.ts';

export interface PerformHost extends ContextHost {
  /** ms, monotonic. */
  now(): number;
}

type Failed = Extract<Outcome, { kind: 'failed' | 'revert-failed' }>;

/** Executes or reverts a task with prepared arguments. */
export async function perform(request: WorkRequest, work: Work, host: PerformHost): Promise<Outcome> {
  let run: (context: Context) => unknown;
  try {
    let args = openArguments(request.args);
    if (work.validators !== null) args = await validateArguments(request, args, work.validators);
    run = bind(request, work, args);
  } catch (error) {
    return refused(error);
  }
  const { context, end } = openContext(request, host);
  const start = host.now();
  let elapsed = 0;
  let value: unknown;
  try {
    value = await run(context);
    elapsed = host.now() - start;
  } catch (error) {
    return failed(request.action, error, host.now() - start);
  } finally {
    end();
  }
  try {
    if (work.validators !== null && request.action === 'execute')
      value = await validateResult(request, value, work.validators);
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
  const absent = absentTakes(value, request.takes);
  const result: Value = close(value, 'result', { read: request.read });
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
    // Defined, not assigned: an argument named __proto__ is one more argument.
    Object.defineProperty(args, name, {
      value: openPart(value, take),
      enumerable: true,
      configurable: true,
      writable: true,
    });
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
