/** Where outcomes wait for the engine's next turn; all that arrived by then are looked at together. */

export class Inbox<T> {
  #items: T[] = [];
  #resolve: (() => void) | null = null;
  #woken = false;
  #looking = false;
  readonly #waiting: (() => void)[] = [];

  put(item: T): void {
    this.#items.push(item);
    this.wake();
  }

  /** Ends the wait, or the next one, though nothing may have arrived: something else wants to be looked at. */
  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Resolves when something was put, or `wake` was called, since the last `lookThrough`. */
  async arrival(): Promise<void> {
    if (this.#woken) return;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    this.#resolve = null;
  }

  /** Hands over all that arrived, one after another; `looked` resolves when `look` is through with each. */
  async lookThrough(look: (item: T) => void | Promise<void>): Promise<void> {
    const items = this.#items;
    this.#items = [];
    this.#woken = false;
    this.#looking = true;
    for (const item of items) {
      const more = look(item);
      if (more !== undefined) await more;
    }
    this.#looking = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Resolves when what is here now was looked at; null when nothing is here. */
  looked(): Promise<void> | null {
    if (this.isEmpty && !this.#looking) return null;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
