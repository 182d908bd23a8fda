/**
 * Several tasks give the same symbol, and each reader gets it from the nearest one before it. A flow is a scope: what
 * stands inside of it comes first, then what came before it in the flow around. Siblings in an unordered flow see
 * nothing of each other; what follows a flow sees what the flow gave.
 *
 *   book-style ─ margin, bookMargin ─▶ title ─▶ chapters ─▶ epilogue
 *                                                  │         margin: of first-style
 *        ┌─────────────────────────────────────────┴───┐
 *   first: first-style ─ margin ─▶ body ─▶ quote    second: page
 *                     margin: of first-style │              margin: of book-style
 *                                       rebind: bookMargin
 */
import { linear, run, unordered } from 'taskloom';
import { print, style } from './tasks.ts';

/** Has a margin of its own, and reaches the outer one by its other name. */
const first = linear('first').add(
  style.as('first-style', { inject: { width: 6 } }),
  print.as('body', { inject: { text: 'first chapter, its own margin' }, provides: 'body' }),
  print.as('quote', {
    rebind: { margin: 'bookMargin' },
    inject: { text: 'first chapter, the margin of the book' },
    provides: 'quote',
  }),
);

/** Has none, so it gets that of the book, whether or not the first chapter was printed before. */
const second = linear('second').add(
  print.as('page', { inject: { text: 'second chapter, the margin of the book' }, provides: 'page' }),
);

const book = linear('book').add(
  style.as('book-style', {
    inject: { width: 2 },
    provides: { margin: 'blank', bookMargin: 'blank' },
  }),
  print.as('title', { inject: { text: 'title, the margin of the book' }, provides: 'title' }),
  unordered('chapters').add(first, second),
  print.as('epilogue', {
    inject: { text: 'epilogue, the margin of the first chapter: the last one set before it' },
    provides: 'epilogue',
  }),
);

const { title, body, quote, page, epilogue } = await run(book);
for (const line of [title, body, quote, page, epilogue]) console.log(line);

// The store is nearer than any task: with it, all have the same margin.
const plain = await run(book, { store: { margin: '--' } });
const all = [plain.title, plain.body, plain.epilogue].every((line) => line.startsWith('--'));
console.log(`with the margin -- in the store, all of them begin with it: ${all}`);
