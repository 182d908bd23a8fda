/**
 * `map` with `reduce`: items come from a generator, only as fast as they are worked off, and results are folded as they
 * come. So neither the items nor their results ever stand in memory all at once.
 *
 *               ┌─▶ count[0]  ─┐ add
 *   readLog() ───▶ count[1]  ──────▶ pages ─▶ the three that are asked for most
 *               └─▶ count[…]  ─┘
 */
import { map, run } from 'taskloom';
import { countPiece, type Pages, together } from './tasks.ts';

const PIECES = 60;
const LINES = 2_000;
const AT_ONCE = 4;

let read = 0;
let counted = 0;
let most = 0;

/** Stands for a log that is larger than the memory: each piece is made when it is asked for. */
async function* readLog(): AsyncGenerator<string> {
  let random = 1;
  for (let piece = 0; piece < PIECES; piece++) {
    const lines: string[] = [];
    for (let line = 0; line < LINES; line++) {
      random = (random * 48_271) % 2_147_483_647;
      const page = ['/', '/news', '/shop', '/shop/cart', '/about'][random % 5];
      lines.push(`GET ${page} ${random % 7 === 0 ? 404 : 200} ${random % 977}`);
    }
    read++;
    most = Math.max(most, read - counted);
    yield lines.join('\n');
  }
}

const { pages } = await run(
  map('count', {
    over: { items: readLog },
    as: 'piece',
    task: countPiece,
    concurrency: AT_ONCE,
    provides: 'pages',
    reduce: {
      initial: new Map() as Pages,
      add(so, piece) {
        counted++;
        const all = new Map(so);
        for (const [page, visits] of piece) all.set(page, together(all.get(page), visits));
        return all;
      },
      // What is added up does not depend on what comes first.
      order: 'arrival',
    },
  }),
);

console.log(`${read} pieces of ${LINES} lines, never more than ${AT_ONCE} at once: ${most <= AT_ONCE}`);
for (const [page, { count, slowest }] of [...pages].sort(([, a], [, b]) => b.count - a.count).slice(0, 3)) {
  console.log(`${page.padEnd(12)} ${count} requests, the slowest took ${slowest} ms`);
}
