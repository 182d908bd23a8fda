/** One task sets a margin, another prints with one. Which margin that is depends on where they stand. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const style = task('style', {
  requires: ['width'],
  provides: { margin: 'blank' },
  execute: ({ width }: { width: number }) => ({ blank: '.'.repeat(width) }),
});

export const print = task('print', {
  requires: ['margin', 'text'],
  provides: 'line',
  execute: ({ margin, text }: { margin: string; text: string }) => `${margin}${text}`,
});
