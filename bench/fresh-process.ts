/** Runs a script in a fresh Node process, without the loader and the options that this one has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Fresh {
  /** ms from just before the process is started until its first output arrives. */
  readonly ms: number;
  readonly output: string;
}

/** Resolves when the process has ended, so that its end disturbs nobody. Rejects if it fails or prints nothing. */
export async function inFreshProcess(script: URL, ...args: readonly string[]): Promise<Fresh> {
  const path = fileURLToPath(script);
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, NODE_COMPILE_CACHE: ___, ...env } = process.env;
  const began = performance.now();
  const child = spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let [ms, output] = [0, ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ms ||= performance.now() - began;
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 || output === '') throw new Error(`${path} ended with ${code}, printing '${output}'`);
  return { ms, output };
}
