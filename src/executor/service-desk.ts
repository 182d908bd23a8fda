/** The main thread's end of a worker thread's way to services: a Comlink port, opened once per thread. */
import type { MessagePort } from 'node:worker_threads';
import { TaskloomError } from '../errors.ts';
import { failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import { exposeDesk } from '../protocol/comlink.ts';
import { answerService, type ServiceDesk } from '../protocol/services.ts';

/**
 * Answers calls of services on the port, which doesn't keep the process alive.
 * @param servicesOf - The services of a request in hand; null when it has ended
 */
export function openServices(port: MessagePort, servicesOf: (id: number) => Services | null): void {
  const desk: ServiceDesk = {
    async call(id, name, args) {
      const services = servicesOf(id);
      return services === null
        ? { kind: 'failure', failure: failureFrom(ended(name)) }
        : answerService(services, name, args);
    },
  };
  // Calls that come before Comlink is loaded wait in the port.
  void exposeDesk(port, desk).then(() => port.unref());
}

function ended(service: string): TaskloomError {
  return new TaskloomError(
    'SERVICE_UNKNOWN',
    `The service '${service}' was called after the task had ended.`,
    {
      details: { service },
    },
  );
}
