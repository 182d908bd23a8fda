/** Listens to abort signals. Ten thousand engines may share one signal: it gets one listener, not ten thousand. */

const followers = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `stop` when the signal is aborted, at once when it is already. Returns what ends the listening. */
export function onAborted(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) {
    stop();
    return () => {};
  }
  let set = followers.get(signal);
  if (set === undefined) {
    const fresh = new Set<() => void>();
    set = fresh;
    followers.set(signal, fresh);
    signal.addEventListener(
      'abort',
      () => {
        for (const each of [...fresh]) each();
      },
      { once: true },
    );
  }
  const entry = (): void => stop();
  const all = set.add(entry);
  return () => void all.delete(entry);
}
