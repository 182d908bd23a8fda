/** What is said of a worker thread that was lost, or damaged. */
import { TaskloomError } from '../errors.ts';
import { codeOf, type Failure } from '../failure.ts';
import { pathOf } from '../protocol/loading.ts';
import type { WorkRequest } from '../protocol/messages.ts';
import { errorFrom } from '../revival.ts';

/** How a thread ended. */
export interface End {
  readonly exitCode: number;
  /** What it threw; undefined when it just exited. */
  readonly error: unknown;
}

/**
 * @param began - The task's code had begun
 * @param imported - Its module had been imported
 */
export function lostError(
  request: WorkRequest,
  { exitCode, error }: End,
  began: boolean,
  imported: boolean,
): TaskloomError {
  const atom = request.atom;
  const when = began
    ? `in the midst of task '${atom}'`
    : imported
      ? `before task '${atom}' could begin`
      : `while it imported ${pathOf(request.terms.module)} for task '${atom}'`;
  const details = { atom, exitCode };
  if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new TaskloomError(
      'WORKER_OUT_OF_MEMORY',
      `The worker thread ran out of heap ${when}. Raise resourceLimits.maxOldGenerationSizeMb of the executor, or keep less at once.`,
      { details },
    );
  }
  if (error === undefined) {
    return new TaskloomError(
      'WORKER_EXITED',
      `The worker thread exited with code ${exitCode} ${when}: something called process.exit().`,
      { details },
    );
  }
  return new TaskloomError('WORKER_EXITED', `The worker thread broke down ${when}.`, {
    cause: error,
    details,
  });
}

export function loadOverdue(request: WorkRequest, limit: number): TaskloomError {
  const {
    atom,
    terms: { module },
  } = request;
  return new TaskloomError(
    'MODULE_LOAD_FAILED',
    `The task module ${pathOf(module)} was not imported within ${limit} ms: a top-level await in it does not end, or it does work when it is imported. Move that into tasks, or raise loadTimeout of the executor.`,
    { details: { module, atom, loadTimeout: limit } },
  );
}

export function startFailed(error: unknown): TaskloomError {
  return new TaskloomError(
    'WORKER_START_FAILED',
    'No worker thread could be started. If taskloom is bundled, mark it as external: workers load its files from node_modules.',
    { cause: error },
  );
}

/** Says that something threw outside of every task. */
export function warnOfStray(failure: Failure, task: string | null): void {
  const after =
    task === null ? 'before its first task' : `in or after task '${task}', the last that ran there`;
  process.emitWarning(
    `Something threw in a worker thread outside of its task, ${after}: ${failure.message}`,
    {
      type: 'TaskloomWarning',
      code: 'WORKER_STRAY_ERROR',
      detail: errorFrom(failure).stack ?? '',
    },
  );
}
