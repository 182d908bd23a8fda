/** What a thread pool may be told. */
import type { ResourceLimits } from 'node:worker_threads';
import {
  AN_OBJECT,
  aWholeNumber,
  checkOptions,
  MILLISECONDS,
  type OptionRule,
  type OptionRules,
} from '../options.ts';

export interface ThreadPoolOptions {
  /** How many worker threads at most; each is started when there is work for it. Default: `os.availableParallelism()`. */
  readonly threads?: number;
  /**
   * Limits of each thread's heap, as of Node's Worker; a task that exceeds them fails with WORKER_OUT_OF_MEMORY. Where
   * one big piece is asked for that does not fit, as by a Map that grows, Node ends the whole process instead.
   */
  readonly resourceLimits?: ResourceLimits;
  /** ms for a thread to start, and for a task module to be imported. Default 30,000. */
  readonly loadTimeout?: number;
  /** ms from a task's timeout, when its signal is aborted, until its thread is replaced. Default 1000. */
  readonly timeoutGrace?: number;
  /**
   * How many tasks travel to a thread together, whatever they take; 1: each alone. Default: as many as make about 2 ms of work,
   * by what was learned of each definition.
   */
  readonly batch?: number;
}

const RULES: OptionRules<ThreadPoolOptions> = {
  threads: aWholeNumber(1),
  resourceLimits: AN_OBJECT,
  loadTimeout: MILLISECONDS,
  timeoutGrace: MILLISECONDS,
  batch: aWholeNumber(1),
};
const MEGABYTES: OptionRule = {
  fits: (value) => Number.isFinite(value) && (value as number) > 0,
  words: 'a number of MB above 0',
};
/** Node takes no notice of a limit that it doesn't know. */
const LIMIT_RULES: OptionRules<ResourceLimits> = {
  maxYoungGenerationSizeMb: MEGABYTES,
  maxOldGenerationSizeMb: MEGABYTES,
  codeRangeSizeMb: MEGABYTES,
  stackSizeMb: MEGABYTES,
};

/** @throws TaskloomError OPTION_INVALID */
export function checkPoolOptions(options: ThreadPoolOptions): void {
  checkOptions(options, RULES, 'ThreadPoolTaskExecutor');
  checkOptions(options.resourceLimits ?? {}, LIMIT_RULES, 'resourceLimits of ThreadPoolTaskExecutor');
}
