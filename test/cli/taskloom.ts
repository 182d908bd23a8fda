/** Runs the built program as its users do, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN: string = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
export const FIXTURES: string = fileURLToPath(new URL('../fixtures/cli/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves when stdout and stderr together hold `text`; rejects when the process ends without it. */
  shows(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** The environment without what colours output or makes signals be taken for doubled ones. */
export function plainEnv(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, npm_lifecycle_event: ___, NODE_OPTIONS: ____, ...rest } = process.env;
  return { ...rest, ...env };
}

export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: FIXTURES, env: plainEnv(env) });
  let [out, err] = ['', ''];
  const waiting = new Set<() => void>();
  const heard = (): void => {
    for (const each of waiting) each();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    heard();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
  const shows = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!`${out}\n${err}`.includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      void ended.then(() => reject(new Error(`ended without '${text}':\n${out}\n${err}`)), reject);
      look();
    });
  return { child, shows, ended };
}

export function taskloom(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return start(args, env).ended;
}
