/** `taskloom/testing`: the executor that settles when told, for tests of your own flows. */
export { type ManualOptions, ManualTaskExecutor, type WaitingTask } from './executor/manual.ts';
export type { Outcome } from './protocol/messages.ts';
