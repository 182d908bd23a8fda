// @ts-check
// Tasks in plain JavaScript. The comments with types are optional: editors use them, Node does not.
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const split = task('split', {
  requires: ['text'],
  provides: 'words',
  /** @param {{ text: string }} args */
  execute({ text }) {
    return text.toLowerCase().match(/[a-z]+/g) ?? [];
  },
});

export const count = task('count', {
  requires: ['words'],
  provides: 'counts',
  /** @param {{ words: string[] }} args */
  execute({ words }) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  },
});
