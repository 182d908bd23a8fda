/** Thread pools of one test, ended after it: of one thread and with a short grace, unless the test wants more. */
import { type ThreadPoolOptions, ThreadPoolTaskExecutor } from 'taskloom';
import { afterEach } from 'vitest';

const opened: ThreadPoolTaskExecutor[] = [];
afterEach(() => Promise.all(opened.splice(0).map((executor) => executor.stop())));

export function pool(options: ThreadPoolOptions = {}): ThreadPoolTaskExecutor {
  const executor = new ThreadPoolTaskExecutor({ threads: 1, timeoutGrace: 20, ...options });
  opened.push(executor);
  return executor;
}
