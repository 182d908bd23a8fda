/** Runs Node as a user would and waits until the process has ended by itself; it is killed when its time is over. */
import { spawn } from 'node:child_process';

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** null when the process was killed, which happens only when it did not end by itself in time. */
  readonly code: number | null;
}

/** ms. Far more than anything here takes: what hangs, hangs for good. */
const LONGEST = 60_000;

/** @param args As for `node` on the command line; `cwd` is the folder to run in, `longest` ms after which it is killed. */
export function runNode(args: readonly string[], cwd: string, longest: number = LONGEST): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, ...inherited } = process.env;
    // A busy machine may be warned of a slow import of tasks.
    const env = { ...inherited, NODE_NO_WARNINGS: '1' };
    const child = spawn(process.execPath, args, { cwd, env, timeout: longest, killSignal: 'SIGKILL' });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
    child.on('error', reject);
    child.on('close', (code) => {
      // Windows may check files out with other line ends, and Node prints what is in the file.
      resolve({ stdout: sameLines(out.join('')), stderr: sameLines(err.join('')), code });
    });
  });
}

export function sameLines(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
