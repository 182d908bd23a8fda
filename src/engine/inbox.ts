/** Where outcomes wait for the engine's next turn; all that arrived by then are taken together. */

export class Inbox<T> {
  #items: T[] = [];
  #resolve: (() => void) | null = null;
  #woken = false;

  put(item: T): void {
    this.#items.push(item);
    this.wake();
  }

  /** Ends the wait, or the next one, though nothing may have arrived: something else wants to be looked at. */
  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Resolves when something was put, or `wake` was called, since the last `takeAll`. */
  async arrival(): Promise<void> {
    if (this.#woken) return;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    this.#resolve = null;
  }

  takeAll(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    this.#woken = false;
    return items;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }
}
