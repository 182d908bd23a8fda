/** Comlink over ports of worker threads; loaded when a task is offered services, not before. */
import type { MessagePort } from 'node:worker_threads';
import type { ServiceDesk } from './services.ts';

/** Answers calls on the port by the desk. */
export async function exposeDesk(port: MessagePort, desk: ServiceDesk): Promise<void> {
  const [{ expose }, endpoint] = await Promise.all([import('comlink'), endpointOf(port)]);
  expose(desk, endpoint);
}

/** The desk at the other end of the port. */
export async function remoteDesk(port: MessagePort): Promise<ServiceDesk> {
  const [{ wrap }, endpoint] = await Promise.all([import('comlink'), endpointOf(port)]);
  const remote = wrap<ServiceDesk>(endpoint);
  // Held by the function below: a proxy that is collected would close the port. It is no plain object, so that
  // a promise must not resolve to it.
  return { call: (id, name, args) => remote.call(id, name, args) };
}

async function endpointOf(port: MessagePort): Promise<import('comlink').Endpoint> {
  // @ts-expect-error: Comlink has the types of its Node adapter where only CommonJS finds them.
  const { default: nodeEndpoint } = await import('comlink/dist/esm/node-adapter.mjs');
  return nodeEndpoint(port);
}
