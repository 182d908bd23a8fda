/** A child process of the tests that says lines of JSON, and what it said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export type Said = { readonly kind: string } & Readonly<Record<string, unknown>>;

export class Child {
  readonly said: Said[] = [];
  /** What it wrote to standard error. */
  errors = '';
  readonly exit: Promise<unknown>;
  readonly #process: ChildProcess;

  /** @param program - In test/fixtures/durability/ */
  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const path = fileURLToPath(new URL(`../fixtures/durability/${program}`, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], { env: { ...process.env, ...env } });
    this.#process = child;
    this.exit = once(child, 'exit');
    createInterface({ input: child.stdout }).on('line', (line) => this.said.push(JSON.parse(line) as Said));
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    child.stdin.on('error', () => {});
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  get isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Ends it whatever it does, stopped or not. */
  kill(): void {
    if (!this.isOver) this.#process.kill('SIGKILL');
  }

  /** Resolves to what it says of one of these kinds. */
  async says(...kinds: readonly string[]): Promise<Said> {
    const find = (): Said | undefined => this.said.find(({ kind }) => kinds.includes(kind));
    await until(
      () => {
        if (find() === undefined && this.isOver)
          throw new Error(`it ended: ${this.errors || 'without a word'}`);
        return find() !== undefined;
      },
      `it says ${kinds.join(' or ')}`,
    );
    return find() as Said;
  }
}

/** Waits until something is so. @throws when it isn't within half a minute */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`half a minute is over, and not yet ${what}`);
    await pause(5);
  }
}
