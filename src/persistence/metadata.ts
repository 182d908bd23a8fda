/** What a user notes with a logbook: data that JSON carries unchanged, so that people who read the database can read it too. */
import { isDeepStrictEqual } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { AN_OBJECT } from '../options.ts';

type Metadata = Readonly<Record<string, unknown>>;

/**
 * @returns it as JSON
 * @throws TaskloomError OPTION_INVALID for what JSON would lose or change
 */
export function metadataText(logbook: string, metadata: Metadata): string {
  try {
    const text = JSON.stringify(metadata);
    if (AN_OBJECT.fits(metadata) && isDeepStrictEqual(JSON.parse(text), metadata)) return text;
  } catch {
    // Refused below: cyclic, a BigInt, or no JSON at all.
  }
  throw new TaskloomError(
    'OPTION_INVALID',
    `The metadata of logbook '${logbook}' must be a plain object that JSON carries unchanged: no undefined, Dates, Maps, BigInts, NaN or -0.`,
    { details: { logbook } },
  );
}

export function metadataFrom(text: string): Metadata {
  return JSON.parse(text) as Metadata;
}

/** Both, as JSON; what was noted later wins. Entries, for a key may be `__proto__`. */
export function mergedText(earlier: string, later: string): string {
  const both = [...Object.entries(metadataFrom(earlier)), ...Object.entries(metadataFrom(later))];
  return JSON.stringify(Object.fromEntries(both));
}
