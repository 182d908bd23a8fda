/**
 * Typed listeners: who tells, and who hears. A listener can't change a run: what it throws is reported as
 * a process warning and the next listener is called. Who wants to hear of one subject only is found by its name, so that
 * an event costs the same however many listen to others.
 */

export type Listener<Event> = (event: Event) => void;

const NOBODY: ReadonlySet<Listener<never>> = new Set();

/** `Events` maps each kind of event to what its listeners are given. */
export class Notifier<Events> {
  /** By kind, then by subject; undefined for every subject. No set is empty. */
  readonly #listeners = new Map<keyof Events, Map<string | undefined, Set<Listener<never>>>>();

  /**
   * Calls `listener` at every event of this kind, or only at those about one subject: after those that hear all, else in
   * the order of registration. Returns what stops it.
   */
  on<K extends keyof Events & string>(kind: K, listener: Listener<Events[K]>, about?: string): () => void {
    const entry: Listener<Events[K]> = (event) => listener(event);
    const subjects = this.#listeners.get(kind) ?? new Map();
    const set = subjects.get(about) ?? new Set();
    this.#listeners.set(kind, subjects.set(about, set.add(entry as Listener<never>)));
    return () => {
      if (set.delete(entry as Listener<never>) && set.size === 0) subjects.delete(about);
    };
  }

  /** True when somebody would hear it, so that an event need not be made for nobody. */
  has(kind: keyof Events & string, about?: string): boolean {
    const subjects = this.#listeners.get(kind);
    return subjects !== undefined && (subjects.has(undefined) || subjects.has(about));
  }

  /**
   * Calls the listeners of this kind that hear all, then those of this subject. Never throws. The event is frozen first:
   * what one listener does to it, the next would hear.
   */
  tell<K extends keyof Events & string>(kind: K, event: Events[K], about?: string): void {
    const subjects = this.#listeners.get(kind);
    if (subjects === undefined) return;
    Object.freeze(event);
    this.#call(subjects.get(undefined), kind, event);
    if (about !== undefined) this.#call(subjects.get(about), kind, event);
  }

  #call<K extends keyof Events & string>(
    listeners: ReadonlySet<Listener<never>> = NOBODY,
    kind: K,
    event: Events[K],
  ): void {
    for (const listener of listeners) {
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
