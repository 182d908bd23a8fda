/** The line to one worker thread: its message port, the marks that outlive it, and its way to services. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Services } from '../flow/context.ts';
import {
  BEGUN,
  type Duty,
  type FromWorker,
  type Marks,
  RECEIVED,
  type ToWorker,
} from '../protocol/messages.ts';
import { openServices } from './service-desk.ts';

export class Line {
  readonly #near: MessagePort;
  readonly #hear: (message: FromWorker) => void;
  readonly #marks: Marks = new Int32Array(new SharedArrayBuffer(8));
  /** The thread's end, until it is sent. */
  #far: MessagePort | null;
  #services: MessagePort | null = null;

  constructor(hear: (message: FromWorker) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.#far = port2;
    this.#hear = hear;
    this.#near.on('message', hear);
    // Whether the process lives on is Piscina's to say, by whether the thread is on duty.
    this.#near.unref();
  }

  /** What the next duty is started with, and what of it is moved. */
  nextDuty(): { readonly duty: Duty; readonly moved: MessagePort[] } {
    const port = this.#far;
    this.#far = null;
    return port === null ? { duty: null, moved: [] } : { duty: { port, marks: this.#marks }, moved: [port] };
  }

  /** Throws what structured clone throws. */
  send(message: ToWorker): void {
    this.#near.postMessage(message);
  }

  /** Opens the way to services, once; `servicesOf` gives those of a request in hand. */
  offerServices(servicesOf: (id: number) => Services | null): void {
    if (this.#services !== null) return;
    const { port1, port2 } = new MessageChannel();
    this.#services = port1;
    openServices(port1, servicesOf);
    this.#near.postMessage({ kind: 'services', port: port2 } satisfies ToWorker, [port2]);
  }

  /** Hears now what was posted and not yet delivered. */
  look(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#near);
      if (received === undefined) return;
      this.#hear(received.message as FromWorker);
    }
  }

  /** How far the thread got with the last request that it was sent. */
  reached(id: number): 'sent' | 'received' | 'begun' {
    if (Atomics.load(this.#marks, BEGUN) === (id | 0)) return 'begun';
    return Atomics.load(this.#marks, RECEIVED) === (id | 0) ? 'received' : 'sent';
  }

  close(): void {
    this.#near.close();
    this.#services?.close();
  }
}
