/** Runs a retry's own functions, on the main thread; whatever they do is an outcome. */
import type { RetryNode } from '../compile/node.ts';
import { absentTakes, close } from '../protocol/codec.ts';
import type { Outcome, PreparedArgument } from '../protocol/messages.ts';
import { failed, openArguments } from '../protocol/perform.ts';
import type { Storage } from '../storage/storage.ts';

export async function performRetry(
  node: RetryNode,
  action: 'execute' | 'revert',
  args: readonly PreparedArgument[],
  storage: Storage,
): Promise<Outcome> {
  const { atom } = node;
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  try {
    const opened = openArguments(args);
    const history = storage.historyOf(node);
    if (action === 'revert') {
      const result = close(await atom.revert?.(history, opened), 'result');
      return { kind: 'reverted', result, elapsed: elapsed() };
    }
    const value = await atom.execute(history, opened);
    const absent = absentTakes(
      value,
      atom.provides.map(({ take }) => take),
    );
    return { kind: 'executed', result: close(value, 'result'), absent, elapsed: elapsed() };
  } catch (thrown) {
    return failed(action, thrown, elapsed());
  }
}
