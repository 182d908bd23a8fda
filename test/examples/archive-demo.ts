/** Starts the archive demo as a user would, in a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../examples/archive/demo.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function demo(...args: string[]): Promise<Ended> {
  return start(args).ended;
}

export function start(args: readonly string[]): {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
} {
  const child = spawn(process.execPath, ['--import', 'tsx', DEMO, ...args]);
  const [stdout, stderr]: Buffer[][] = [[], []];
  child.stdout.on('data', (bytes: Buffer) => stdout?.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => stderr?.push(bytes));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const [out, err] = [stdout, stderr].map((chunks) => Buffer.concat(chunks ?? []).toString());
      resolve({ code, stdout: out ?? '', stderr: err ?? '' });
    });
  });
  return { process: child, ended };
}
