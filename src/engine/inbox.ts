/** Where outcomes wait for the engine's next turn; all that arrived by then are looked at together. */

export class Inbox<T> {
  #items: T[] = [];
  #resolve: (() => void) | null = null;
  #woken = false;
  /** Something arrived since the engine last rested. */
  #isBusy = false;
  readonly #waiting: (() => void)[] = [];

  put(item: T): void {
    this.#items.push(item);
    this.#isBusy = true;
    this.wake();
  }

  /** Ends the wait, or the next one, though nothing may have arrived: something else wants to be looked at. */
  wake(): void {
    this.#woken = true;
    this.#resolve?.();
    this.#resolve = null;
  }

  /** Resolves when something is put or `wake` is called; null when that was so since the last `lookThrough`. */
  arrival(): Promise<void> | null {
    if (this.#woken) return null;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Hands over all that arrived. */
  lookThrough(look: (item: T) => void): void {
    const items = this.#items;
    this.#items = [];
    this.#woken = false;
    for (const item of items) look(item);
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** What arrived was looked at, and what became ready by it is sent off. */
  rest(): void {
    if (this.#items.length > 0) return;
    this.#isBusy = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when the engine rests; null when it does. */
  resting(): Promise<void> | null {
    return this.#isBusy ? this.#rested() : null;
  }

  /** Apart: what its closures hold would be made at each call. */
  #rested(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
