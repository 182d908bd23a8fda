/** Shows an error to the user: what it says, and of its stack the user's own lines only. */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { TaskloomError } from '../errors.ts';
import { codeOf } from '../failure.ts';
import { oneLine, safeLines } from './text.ts';

/** Causes below causes, and errors inside an error, that are shown. */
const DEEP = 5;
const MESSAGE_LINES = 10;
const FRAMES = 12;
const INDENT = '    ';

/** Frames of Node, of this package and of what it is built on tell the user nothing. */
const FOREIGN =
  /\(node:|\bat (?:async )?node:|\(<anonymous>\)$|[\\/]node_modules[\\/](?:piscina|comlink|commander|tsx)[\\/]/;
const OWN: readonly string[] = ['../', '../../workers/'].flatMap((folder) => {
  const url = new URL(folder, import.meta.url);
  return [url.href, fileURLToPath(url)];
});

/** The error in lines: name and message, the user's stack lines, its code, and the errors below it. */
export function describeError(thrown: unknown, depth = 0): string[] {
  if (!(thrown instanceof Error)) return [oneLine(`thrown: ${inspect(thrown, { depth: 1 })}`)];
  const lines = [
    ...safeLines(titleOf(thrown), MESSAGE_LINES),
    ...userFrames(thrown).map((frame) => INDENT + frame),
  ];
  const code = codeOf(thrown);
  if (code !== undefined) lines.push(`${INDENT}code: ${oneLine(String(code))}`);
  if (depth >= DEEP) return lines;
  const inner: unknown = Reflect.get(thrown, 'errors');
  for (const each of Array.isArray(inner) ? inner.slice(0, DEEP) : [])
    lines.push(...below('one of', each, depth));
  if (thrown.cause !== undefined) lines.push(...below('caused by', thrown.cause, depth));
  return lines;
}

/** `Name: message` in one line. */
export function titleLine(thrown: unknown): string {
  return oneLine(thrown instanceof Error ? titleOf(thrown) : `thrown: ${inspect(thrown, { depth: 1 })}`);
}

/** The stack lines of the user's own files. */
export function userFrames({ stack }: Error): string[] {
  const frames = String(stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !FOREIGN.test(line) && !OWN.some((own) => line.includes(own)));
  return frames.slice(0, FRAMES).map((frame) => oneLine(frame.trim()));
}

function titleOf(error: Error): string {
  // Of our own errors the class says nothing that the code, shown below, doesn't.
  return error instanceof TaskloomError ? error.message : `${error.name}: ${error.message}`;
}

function below(how: string, thrown: unknown, depth: number): string[] {
  const [first = '', ...rest] = describeError(thrown, depth + 1);
  return [`${how}: ${first}`, ...rest].map((line) => `  ${line}`);
}
