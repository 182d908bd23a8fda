/**
 * Text from tasks, files and errors, made fit for a terminal: whatever a name or a message holds is shown as text, and
 * can neither move the cursor, nor colour, nor turn round or flood what stands beside it.
 */

/** Control characters, marks that turn the direction of text, line separators, invisible ones, halves of pairs. */
const UNSAFE = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028\u2029\u202A-\u202E\u2060\u2066-\u2069\uFEFF]|\p{Cs}/gu;
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Characters of one line of somebody's text. */
const LINE_LIMIT = 500;

/** The text in one line, with everything that would act on the terminal written out, cut to `limit` characters. */
export function oneLine(text: string, limit: number = LINE_LIMIT): string {
  const kept = text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text;
  return kept.replace(UNSAFE, writtenOut);
}

/** The text line by line, each as `oneLine` gives it; of more than `limit` lines the last says how many are left out. */
export function safeLines(text: string, limit: number): string[] {
  const lines = text.split(/\r?\n/, limit + 1);
  const kept = lines.slice(0, limit).map((line) => oneLine(line));
  return lines.length > limit ? [...kept, '…'] : kept;
}

/** Columns that a safe text takes in a terminal. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += /\p{M}|\u200D/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** The beginning of a safe text that fits into so many columns. */
export function shorten(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let [kept, used] = ['', 0];
  for (const character of text) {
    used += width(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Fills a safe text up to so many columns. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** A time as one reads it: `12 ms`, `3.41 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Names in one line; of many the first, and how many more there are. */
export function nameList(names: readonly string[], limit = 20): string {
  const shown = names.slice(0, limit).map((name) => oneLine(name, 80));
  return names.length > limit ? `${shown.join(', ')} and ${names.length - limit} more` : shown.join(', ');
}

function writtenOut(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
