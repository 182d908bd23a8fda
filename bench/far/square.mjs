/** A task module in plain JavaScript, so that no TypeScript loader is measured; its function also stands alone. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export function square({ n }) {
  return n * n;
}

export const squareTask = task('square', { requires: ['n'], provides: 'squared', execute: square });
