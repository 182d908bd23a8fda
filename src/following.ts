/**
 * Abort signals and those who listen to them. Ten thousand engines, and every task that they run, may share one signal: it gets
 * one listener, not ten thousand, and who comes and goes costs next to nothing.
 */

export interface Follower {
  /** The signal was aborted. */
  onAborted(reason: unknown): void;
}

/**
 * What is asked of an abort signal. Any AbortSignal will do. What the engine makes for each run is less than one, for Node's
 * outlive every scavenge, and with them all that hangs on them.
 */
export interface StopSignal {
  readonly aborted: boolean;
  /** Why; undefined while it is not aborted. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A stop signal and who aborts it, in one. Each listener is called once. */
export class Stopping implements StopSignal {
  readonly followers: Set<Follower> = new Set();
  #aborted: { readonly reason: unknown } | null = null;
  #listeners: Set<() => void> | null = null;

  get aborted(): boolean {
    return this.#aborted !== null;
  }

  get reason(): unknown {
    return this.#aborted?.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /** The first reason counts. */
  abort(reason: unknown): void {
    if (this.#aborted !== null) return;
    this.#aborted = { reason };
    for (const follower of [...this.followers]) follower.onAborted(reason);
    for (const listener of this.#listeners ?? []) callListener(listener);
  }
}

/** As an AbortSignal does: what a listener throws reaches nobody who aborts, and is not hidden. */
function callListener(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Of signals of others. */
const followers = new WeakMap<StopSignal, Set<Follower>>();

/** Tells the follower when the signal is aborted; of one that is aborted already nothing more is told. */
export function follow(signal: StopSignal, follower: Follower): void {
  if (signal.aborted) return;
  let set = followersOf(signal);
  if (set === undefined) {
    const fresh = new Set<Follower>();
    set = fresh;
    followers.set(signal, fresh);
    const tell = (): void => {
      for (const each of [...fresh]) each.onAborted(signal.reason);
    };
    signal.addEventListener('abort', tell, { once: true });
  }
  set.add(follower);
}

export function unfollow(signal: StopSignal, follower: Follower): void {
  followersOf(signal)?.delete(follower);
}

function followersOf(signal: StopSignal): Set<Follower> | undefined {
  return signal instanceof Stopping ? signal.followers : followers.get(signal);
}
