/** The command line of the benches: names of questions, all where none is named, and flags. */
import { parseArgs } from 'node:util';
import type { Question } from './question.ts';
import { NAMES, pick } from './questions.ts';

/** Ends the process with 2 and a word on what there is, where something is wrong. */
export function readCommandLine<Flag extends string>(
  script: string,
  flags: readonly Flag[],
): { readonly questions: readonly Question[] } & Readonly<Record<Flag, boolean>> {
  try {
    const options = Object.fromEntries(
      flags.map((flag) => [flag, { type: 'boolean', default: false } as const]),
    );
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    return { ...(values as Record<Flag, boolean>), questions: pick(positionals) };
  } catch (error) {
    const shown = flags.map((flag) => `[--${flag}]`).join(' ');
    console.error(`${(error as Error).message}\nnpm run ${script} -- [names…] ${shown}\nnames: ${NAMES}`);
    process.exit(2);
  }
}
