/**
 * Typed listeners: who tells, and who hears. A listener can't change a run: what it throws is reported as
 * a process warning and the next listener is called.
 */

export type Listener<Event> = (event: Event) => void;

/** `Events` maps each kind of event to what its listeners are given. */
export class Notifier<Events> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Calls `listener` at every event of this kind, in the order of registration. Returns what stops it. */
  on<K extends keyof Events & string>(kind: K, listener: Listener<Events[K]>): () => void {
    const entry: Listener<Events[K]> = (event) => listener(event);
    const set = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, set.add(entry as Listener<never>));
    return () => void set.delete(entry as Listener<never>);
  }

  /** True when somebody listens, so that an event need not be made for nobody. */
  has(kind: keyof Events & string): boolean {
    return (this.#listeners.get(kind)?.size ?? 0) > 0;
  }

  /** Calls all listeners of this kind. Never throws. */
  tell<K extends keyof Events & string>(kind: K, event: Events[K]): void {
    for (const listener of this.#listeners.get(kind) ?? []) {
      try {
        const answer: unknown = (listener as Listener<Events[K]>)(event);
        if (answer instanceof Promise) answer.catch((thrown: unknown) => report(kind, thrown));
      } catch (thrown) {
        report(kind, thrown);
      }
    }
  }
}

/** Says that a listener threw, without letting it touch the run. */
function report(kind: string, thrown: unknown): void {
  let what = 'something that cannot be shown';
  try {
    what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  } catch {
    // What was thrown can't even be printed; the sentence above stands.
  }
  process.emitWarning(`A listener of '${kind}' threw: ${what}`, {
    type: 'TaskloomWarning',
    code: 'LISTENER_THREW',
  });
}
