/** Prints docs/errors.md from the one table of codes. */
import { ERROR_CODES } from '../../src/errors.ts';

const HEAD = `# Errors

Printed from \`src/errors.ts\` by \`npm run docs\`; change it there.

What taskloom itself throws is a \`TaskloomError\` with one of these in \`code\`. Codes are stable: switch on the code, not on the
message, which also names the thing, the place and what to do. \`details\` holds what the message speaks of, as data, and
\`cause\` the error below, where there is one. A task's own error is none of these: it reaches you as itself.
`;

export function printErrors(codes: Readonly<Record<string, string>> = ERROR_CODES): string {
  const sections = Object.entries(codes).map(([code, sentence]) => `\n## ${code}\n\n${sentence}\n`);
  return HEAD + sections.join('');
}
