/** What every command works with. */
import type { Guard } from './guard.ts';
import type { Terminal } from './terminal.ts';

export interface Surroundings {
  readonly terminal: Terminal;
  readonly guard: Guard;
  /** Calls `listener` when stdout can't be written any more, at once if that is so already. */
  onUnread(listener: () => void): void;
}
