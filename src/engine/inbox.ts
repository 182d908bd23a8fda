/** Where outcomes wait for the engine's next turn; all that arrived by then are looked at together. */

export class Inbox<T> {
  #items: T[] = [];
  #resolve: (() => void) | null = null;
  #woken = false;
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

  /** Hands over all that arrived; `looked` resolves when `look` has seen each. */
  lookThrough(look: (item: T) => void): void {
    const items = this.#items;
    this.#items = [];
    this.#woken = false;
    for (const item of items) look(item);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Resolves when what is here now was looked at; null when nothing is here. */
  looked(): Promise<void> | null {
    if (this.isEmpty) return null;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
