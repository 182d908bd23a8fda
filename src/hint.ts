/** The way out of a misspelt name: which known one was probably meant. */

/** Names further away than this part of their length are not offered. */
const FAR = 0.4;

/** ` Did you mean 'x'?` when one of the known names is near, else the empty string. */
export function hint(name: string, known: Iterable<string>): string {
  const meant = nearest(name, known);
  return meant === null ? '' : ` Did you mean '${meant}'?`;
}

/** The known name that differs least from `name`, if it is near. */
export function nearest(name: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    if (candidate.length > 100 || name.length > 100) continue;
    const away = distance(name.toLowerCase(), candidate.toLowerCase());
    if (away < least) [best, least] = [candidate, away];
  }
  if (best === null || least > Math.max(1, FAR * Math.max(name.length, best.length))) return null;
  return best;
}

/** Edits from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
