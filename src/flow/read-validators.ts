/** Reads the schemas of a task's definition, and refuses what holds for nothing or is no Standard Schema. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe } from './names.ts';
import { argumentNames, definitionInvalid, type Readable } from './read-definition.ts';
import type { Take } from './symbols.ts';
import type { Validators } from './unit.ts';

/**
 * The schemas by what they hold for; null when there are none. A name that is an argument and a provided symbol holds
 * for both.
 *
 * @throws TaskloomError DEFINITION_INVALID
 */
export function readValidators(validate: unknown, read: Readable, place: string): Validators | null {
  if (validate === undefined) return null;
  if (typeof validate !== 'object' || validate === null || Array.isArray(validate)) {
    throw definitionInvalid(
      place,
      `validate must be an object of schemas by name, not ${describe(validate)}`,
    );
  }
  const names = new Set(argumentNames(read));
  const takes = new Map(read.provides.map(({ symbol, take }) => [symbol, take]));
  const args = new Map<string, StandardSchemaV1>();
  const provided = new Map<Take, StandardSchemaV1>();
  for (const [name, schema] of Object.entries(validate)) {
    if (!isSchema(schema)) {
      const what = `is no Standard Schema, as those of zod, valibot and arktype are, but ${describe(schema)}`;
      throw definitionInvalid(place, `what validate has for '${name}' ${what}`);
    }
    const take = takes.get(name);
    if (names.has(name)) args.set(name, schema);
    else if (take === undefined) throw unknownName(name, [...names, ...takes.keys()], place);
    if (take === undefined) continue;
    if (provided.has(take))
      throw definitionInvalid(
        place,
        `validate has two schemas for one part of the result, the second is '${name}'`,
      );
    provided.set(take, schema);
  }
  return args.size + provided.size === 0 ? null : Object.freeze({ args, provided });
}

/** A schema may be a function: those of arktype are. */
function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return (
    typeof (standard as Partial<StandardSchemaV1['~standard']> | null | undefined)?.validate === 'function'
  );
}

function unknownName(name: string, known: readonly string[], place: string): Error {
  const names = known.map((each) => `'${each}'`).join(', ') || 'none';
  const what = `validate names '${name}', which is neither an argument nor a provided symbol here`;
  return definitionInvalid(place, `${what} (there are: ${names})`);
}
