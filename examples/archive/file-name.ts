/**
 * Names of files as data. Linux allows any bytes in a name: those that are no UTF-8 travel and are kept as base64, so
 * that no file is lost for its name.
 */
import { isUtf8 } from 'node:buffer';

/** A path relative to the archived folder, its segments parted by `/`; or what a link points to. */
export type FileName = string | { readonly base64: string };

export function nameFrom(bytes: Buffer): FileName {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

export function bytesOf(name: FileName): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : Buffer.from(name.base64, 'base64');
}

/** The path of `name` in the folder `root`, as node:fs takes it. */
export function pathIn(root: string, name: FileName): string | Buffer {
  return typeof name === 'string'
    ? `${root}/${name}`
    : Buffer.concat([Buffer.from(`${root}/`), bytesOf(name)]);
}

/** The name on one line of a terminal: a name with control characters in it must not steer it. */
export function shown(name: FileName): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  const strange = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]/;
  const text = bytesOf(name).toString();
  return strange.test(text) ? JSON.stringify(text).replace(/[\u007f-\uffff]/g, escaped) : text;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
