/** What a task gets beside its arguments; the same on a worker thread and on the main thread. */

/** Functions on the main thread that tasks may call; see the engine's option `services`. */
export type Services = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Writes lines that arrive on the main thread in order, before the outcome of the task. */
export interface Log {
  debug(message: string, details?: unknown): void;
  info(message: string, details?: unknown): void;
  warn(message: string, details?: unknown): void;
  error(message: string, details?: unknown): void;
}

export type LogLevel = keyof Log;

/** What a task may call of the engine's services when it doesn't say more of them. */
export type AnyServices = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** `Context<{ priceOf(item: string): Promise<number> }>` types the services that the task calls. */
export interface Context<S = unknown> {
  /** The atom's name in this flow, which `.as(name)` may have made another than the task's own. */
  readonly name: string;
  readonly flowName: string;
  readonly flowId: string;
  /** 1 the first time, then one more for each time that a retry or a resume runs the task again. */
  readonly attempt: number;
  /** Aborted when the task's timeout is over or the run is aborted. A task that heeds it ends in time. */
  readonly signal: AbortSignal;
  /** Says how far the task is: `fraction` from 0 to 1 (cut to that range), `details` any value that can be cloned. */
  progress(fraction: number, details?: unknown): void;
  readonly log: Log;
  /**
   * Tells of something that happens in the task, under a name of its own choice: the engine's event `notice` (TaskFlow
   * `task.notifier.notify`). `details`: any value that can be cloned.
   */
  notify(event: string, details?: unknown): void;
  /** The engine's services: each call crosses to the main thread and resolves to what the function returned. */
  readonly services: AnyServices & S;
  /**
   * Marks `buffers` inside `value` to be moved to their reader instead of copied; returns `value`, to be returned
   * by the task. The task must not touch the buffers afterwards.
   */
  transfer<T>(value: T, buffers: readonly ArrayBuffer[]): T;
  /**
   * Puts the memory of all typed arrays inside `value` where every thread reads the same bytes, and returns the value
   * to return. Readers get views on that one memory: what one of them writes, all see.
   */
  share<T>(value: T): T;
}
