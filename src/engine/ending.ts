/** How a run ends: in which state the flow is left, and what the caller gets (TaskFlow `engine.py`, `run_iter`). */
import type { Compilation } from '../compile/compilation.ts';
import { TaskloomError } from '../errors.ts';
import { openerOfParts } from '../protocol/codec.ts';
import { WrappedFailure } from '../revival.ts';
import type { FlowState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import type { Keep } from './keeping.ts';
import type { Selector } from './selector.ts';

/** The state for a flow of which nothing runs and nothing more is started. */
export function endState(
  { atoms }: Compilation,
  storage: Storage,
  selector: Selector,
  fatal: ReadonlyMap<string, Error>,
): FlowState {
  if (fatal.size > 0) return 'FAILURE';
  let done = true;
  let unresolved = false;
  for (const node of atoms.values()) {
    const { state, intention } = storage.recordAt(node);
    if (state !== 'SUCCESS' && state !== 'IGNORE') done = false;
    if (state === 'FAILURE' && intention === 'EXECUTE') unresolved = true;
  }
  if (storage.flowState === 'SUSPENDING' && (unresolved || selector.hasMore())) return 'SUSPENDED';
  return done ? 'SUCCESS' : 'REVERTED';
}

/**
 * What `run` rejects with: the one error, several wrapped, or the abort; null when the flow ended well.
 *
 * @param fatal - Errors that stopped the run itself, such as failed reverts, by atom
 * @param abort - Set when the run's signal was aborted
 */
export function endError(
  storage: Storage,
  fatal: ReadonlyMap<string, Error>,
  abort: { readonly reason: unknown } | null,
): Error | null {
  const state = storage.flowState;
  if (state === 'FAILURE') return errorOf(fatal);
  if (abort !== null && state !== 'SUCCESS') return abortError(storage, abort.reason);
  if (state !== 'REVERTED') return null;
  const message = `Flow '${storage.flowName}' was reverted, and no atom has failed.`;
  return errorOf(storage.failures) ?? new TaskloomError('ENGINE_STATE_INVALID', message);
}

/** A flow of which nothing has run does not begin under a signal that is aborted. @throws TaskloomError FLOW_ABORTED */
export function refuseAborted(storage: Storage, signal: AbortSignal | undefined): void {
  if (signal?.aborted && storage.flowState === 'PENDING') throw abortError(storage, signal.reason);
}

/** The error of a run that its signal stopped. */
function abortError({ flowName, flowState, failures }: Storage, reason: unknown): TaskloomError {
  const left = flowState === 'REVERTED' ? 'what ran was reverted' : `it is left ${flowState}`;
  return new TaskloomError('FLOW_ABORTED', `Flow '${flowName}' was aborted by its signal: ${left}.`, {
    cause: reason,
    details: { flow: flowName, state: flowState, failures: [...failures.keys()] },
  });
}

function errorOf(errors: ReadonlyMap<string, Error>): Error | null {
  const [first] = errors.values();
  return errors.size > 1 ? new WrappedFailure(errors) : (first ?? null);
}

/** Every provided symbol with its value, as a task after the flow would see it; nothing, where nothing is kept. */
export function resultsOf(
  compilation: Compilation,
  storage: Storage,
  keep: Keep = 'all',
): Record<string, unknown> {
  if (keep === 'none') return {};
  const entries: [string, unknown][] = [];
  const openPart = openerOfParts();
  for (const [symbol, nearest] of compilation.results) {
    for (let source: typeof nearest | null = nearest; source !== null; source = source.previous) {
      const provided = storage.values.provided(source);
      // What it shadows is another value, and no stand-in for one that was dropped.
      if (provided === null && storage.values.isDropped(source)) break;
      if (provided === null) continue;
      entries.push([symbol, openPart(provided.value, source.take)]);
      break;
    }
  }
  return Object.fromEntries(entries);
}
