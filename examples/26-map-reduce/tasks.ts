/** One piece of a web server's log: how many requests there were for each page, and how long they took. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export interface Visits {
  readonly count: number;
  /** ms of the slowest. */
  readonly slowest: number;
}

export type Pages = ReadonlyMap<string, Visits>;

export const countPiece = task('count-piece', {
  requires: ['piece'],
  execute({ piece }: { piece: string }): Pages {
    const pages = new Map<string, Visits>();
    for (const line of piece.split('\n')) {
      const [, page, time] = /^GET (\S+) 200 (\d+)$/.exec(line) ?? [];
      if (page === undefined) continue;
      const visits = { count: 1, slowest: Number(time) };
      pages.set(page, together(pages.get(page), visits));
    }
    return pages;
  },
});

export function together(one: Visits | undefined, other: Visits): Visits {
  if (one === undefined) return other;
  return { count: one.count + other.count, slowest: Math.max(one.slowest, other.slowest) };
}
