/** The line to one worker thread: its message port, the memory that outlives it, and its way to services. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Services } from '../flow/context.ts';
import { Marks } from '../protocol/marks.ts';
import type { Duty, FromWorker, ToWorker } from '../protocol/messages.ts';
import { OutcomeRing } from '../protocol/outcome-ring.ts';
import { openServices } from './service-desk.ts';

export class Line {
  readonly marks: Marks = new Marks();
  readonly ring: OutcomeRing = new OutcomeRing();
  readonly #near: MessagePort;
  readonly #hear: (message: FromWorker) => void;
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
    if (port === null) return { duty: null, moved: [] };
    return { duty: { port, marks: this.marks.memory, ring: this.ring.memory }, moved: [port] };
  }

  /** Throws what structured clone throws. */
  send(message: ToWorker): void {
    this.#near.postMessage(message);
  }

  /** Opens the way to services, once; `servicesOf` gives those of the request with a number. */
  offerServices(servicesOf: (number: number) => Services | null): void {
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

  close(): void {
    this.#near.close();
    this.#services?.close();
  }
}
