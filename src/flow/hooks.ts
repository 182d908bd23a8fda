/**
 * What a definition has done before and after its execute or revert (TaskFlow pre_execute, post_execute, pre_revert,
 * post_revert). They are part of the task's run: its failures are theirs, its time and timeout too.
 */
import type { Context } from './context.ts';

type Hook = (context: Context) => unknown;

/** Those of one definition. */
export interface Hooks {
  readonly preExecute?: Hook;
  readonly postExecute?: Hook;
  readonly preRevert?: Hook;
  readonly postRevert?: Hook;
}

/**
 * Puts `pre` before and `post` after a function of a task; without both it is the function itself. `post` runs whatever
 * `pre` and the function did. The first that threw is what is thrown.
 */
export function withHooks<Args, Rest extends readonly unknown[]>(
  act: (args: Args, context: Context, ...rest: Rest) => unknown,
  pre: Hook | undefined,
  post: Hook | undefined,
): (args: Args, context: Context, ...rest: Rest) => unknown {
  if (pre === undefined && post === undefined) return act;
  return async (args, context, ...rest) => {
    let result: unknown;
    try {
      await pre?.(context);
      result = await act(args, context, ...rest);
    } catch (thrown) {
      await afterFailure(post, context);
      throw thrown;
    }
    await post?.(context);
    return result;
  };
}

/** The task has failed already: what `post` throws now goes to the log, in place of nowhere. */
async function afterFailure(post: Hook | undefined, context: Context): Promise<void> {
  try {
    await post?.(context);
  } catch (thrown) {
    context.log.warn(`A post hook of '${context.name}' threw as well, after the task had failed.`, {
      thrown,
    });
  }
}
