/**
 * The main thread's end of the database's thread: starts it with the first request, matches answers with requests, and keeps
 * the process alive only while something is outstanding. A thread that dies takes what is outstanding with it; the next
 * request starts another.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { TaskloomError } from '../errors.ts';
import { errorFrom } from '../revival.ts';
import type {
  Answer,
  DatabaseSettings,
  DatabaseStart,
  FromDatabase,
  PackedAtoms,
  Request,
  RequestKind,
  ToDatabase,
} from './database-messages.ts';
import { unavailable } from './sqlite-errors.ts';
import { forgetWayOut, newWayOut } from './way-out.ts';

/** Beside this file as in the package: dist/src/persistence/ and dist/workers/, or both in TypeScript. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = new URL(`../../workers/database-worker.${EXTENSION}`, import.meta.url);
/** The program's own options for Node are not for this thread: some, as `--input-type`, would even keep it from starting. */
const NODE_OPTIONS = EXTENSION === 'ts' ? {} : { execArgv: [] };

interface Outstanding {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly onPart: (part: PackedAtoms) => void;
}

export class DatabaseThread {
  readonly #settings: DatabaseSettings;
  #worker: Worker | null = null;
  readonly #outstanding = new Map<number, Outstanding>();
  #number = 0;
  #ending: Promise<void> | null = null;

  constructor(settings: DatabaseSettings) {
    this.#settings = settings;
  }

  /**
   * @param moved - Buffers to hand over rather than to copy
   * @param onPart - Takes what comes before the answer
   * @throws (rejects) TaskloomError STORAGE_…, FLOW_…, LEASE_LOST, WORKER_START_FAILED
   */
  async ask<K extends RequestKind>(
    request: Request<K>,
    moved: readonly ArrayBuffer[] = [],
    onPart: (part: PackedAtoms) => void = () => {},
  ): Promise<Answer<K>> {
    if (this.#ending !== null)
      throw new TaskloomError('STORAGE_CLOSED', `The backend of ${this.#settings.file} is closed.`, {
        details: { file: this.#settings.file },
      });
    return this.#send(request as Request, moved, onPart) as Promise<Answer<K>>;
  }

  /** Ends the thread when all that was asked for is done. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const exit = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    // A thread that died meanwhile has ended too, and what it did not do has been told to who asked for it.
    await this.#send({ kind: 'close' }, [], () => {}).catch(() => {});
    worker.ref();
    await exit;
  }

  #send(
    request: Request,
    moved: readonly ArrayBuffer[],
    onPart: (part: PackedAtoms) => void,
  ): Promise<Answer> {
    const worker = this.#worker ?? this.#start();
    const number = this.#number++;
    worker.postMessage({ number, request } satisfies ToDatabase, moved);
    if (this.#outstanding.size === 0) worker.ref();
    return new Promise((resolve, reject) => this.#outstanding.set(number, { resolve, reject, onPart }));
  }

  #start(): Worker {
    const { file } = this.#settings;
    if (!existsSync(WORKER))
      throw new TaskloomError('WORKER_START_FAILED', `There is no file ${fileURLToPath(WORKER)}.`);
    const wayOut = newWayOut();
    const start: DatabaseStart = { settings: this.#settings, wayOut };
    const worker = new Worker(WORKER, { ...NODE_OPTIONS, workerData: start });
    let cause: unknown;
    worker.unref();
    worker.on('message', (messages: readonly FromDatabase[]) => {
      for (const message of messages) this.#receive(message);
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (code) => {
      forgetWayOut(wayOut);
      this.#worker = null;
      const why = cause instanceof Error ? cause.message : `exit code ${code}`;
      this.#failAll(unavailable(file, `lost its thread (${why})`, cause));
    });
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromDatabase): void {
    const asked = this.#outstanding.get(message.number);
    if (asked === undefined) return;
    if (message.kind === 'part') {
      try {
        asked.onPart(message.part);
      } catch (thrown) {
        // It can't be read; what comes after it is asked for by nobody.
        this.#forget(message.number);
        asked.reject(thrown);
      }
      return;
    }
    this.#forget(message.number);
    if (message.kind === 'done') asked.resolve(message.answer);
    else asked.reject(errorFrom(message.failure));
  }

  #forget(number: number): void {
    this.#outstanding.delete(number);
    if (this.#outstanding.size === 0) this.#worker?.unref();
  }

  #failAll(error: TaskloomError): void {
    const all = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const { reject } of all) reject(error);
  }
}
