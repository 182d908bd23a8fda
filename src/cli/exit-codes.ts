/** How the process ends, as a number; documented in `taskloom run --help`. */

export const EXIT = {
  done: 0,
  /** A task failed, or the run itself. */
  failed: 1,
  /** Wrong use; nothing ran. */
  usage: 2,
  /** A kept run was suspended because another process asked for it: it is not done, and can go on. */
  suspended: 3,
  /** Nobody reads stdout any more, and the run was stopped for it: 128 + SIGPIPE, as a shell would say. */
  unread: 141,
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** Why a run is stopped from outside; also a key of EXIT. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'unread';
