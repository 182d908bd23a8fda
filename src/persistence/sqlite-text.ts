/**
 * Strings of JavaScript as text of SQLite, and back. Text there ends at a NUL and can't hold half of a surrogate pair, so
 * these are written as U+FFFD and four hex digits, and so is U+FFFD itself; every other string stands there as it is.
 */
const SUSPECT = /[\0\uD800-\uDFFF\uFFFD]/;
const ESCAPED = /[\0\uFFFD]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const ESCAPE = /\uFFFD([0-9a-f]{4})/g;

export function toText(value: string): string {
  if (!SUSPECT.test(value)) return value;
  return value.replace(ESCAPED, (unit) => `\uFFFD${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function fromText(text: string): string {
  if (!text.includes('\uFFFD')) return text;
  return text.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

export function toTextOrNull(value: string | null): string | null {
  return value === null ? null : toText(value);
}

export function fromTextOrNull(text: string | null): string | null {
  return text === null ? null : fromText(text);
}
