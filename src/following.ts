/**
 * Listens to abort signals. Ten thousand engines, and every task that they run, may share one signal: it gets one listener,
 * not ten thousand, and who comes and goes costs next to nothing.
 */

export interface Follower {
  /** The signal was aborted. */
  onAborted(reason: unknown): void;
}

const followers = new WeakMap<AbortSignal, Set<Follower>>();

/** Tells the follower when the signal is aborted; of one that is aborted already nothing more is told. */
export function follow(signal: AbortSignal, follower: Follower): void {
  if (signal.aborted) return;
  let set = followers.get(signal);
  if (set === undefined) {
    const fresh = new Set<Follower>();
    set = fresh;
    followers.set(signal, fresh);
    signal.addEventListener(
      'abort',
      () => {
        for (const each of [...fresh]) each.onAborted(signal.reason);
      },
      { once: true },
    );
  }
  set.add(follower);
}

export function unfollow(signal: AbortSignal, follower: Follower): void {
  followers.get(signal)?.delete(follower);
}
