/**
 * The engine's services as a task sees them: functions that cross to the main thread. Arguments, results and errors
 * travel closed, on the main thread as well, so that a service behaves the same on every executor.
 */
import { TaskloomError } from '../errors.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Context, Services } from '../flow/context.ts';
import { hint } from '../hint.ts';
import { errorFrom } from '../revival.ts';
import { close, open, type Value } from './codec.ts';

/** What a service gave: errors are data, because Comlink would keep their name, message and stack only. */
export type ServiceAnswer =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Calls a service by name with its arguments, an array, closed. Never rejects but for a broken wire. */
export type CallService = (name: string, args: Value) => Promise<ServiceAnswer>;

/** What the main thread exposes to one worker thread. */
export interface ServiceDesk {
  call(id: number, name: string, args: Value): Promise<ServiceAnswer>;
}

/** `context.services`: one function for each name that is offered; any other name throws SERVICE_UNKNOWN. */
export function serviceFunctions(offered: readonly string[], call: CallService): Context['services'] {
  const target: Record<string, (...args: unknown[]) => Promise<unknown>> = Object.create(null);
  for (const name of offered) target[name] = serviceFunction(name, call);
  return new Proxy(target, UNKNOWN_THROWS);
}

const UNKNOWN_THROWS: ProxyHandler<Record<string, (...args: unknown[]) => Promise<unknown>>> = {
  get(target, name) {
    // Whoever awaits, prints or serialises the object asks for these; they must not learn of an error.
    if (typeof name === 'symbol' || name in target || name === 'then' || name === 'toJSON')
      return target[name as string];
    throw unknownService(name, Object.keys(target));
  },
  set: () => false,
};

function serviceFunction(name: string, call: CallService): (...args: unknown[]) => Promise<unknown> {
  return async (...args) => {
    const answer = await call(name, close(args, `arguments of service '${name}'`));
    if (answer.kind === 'failure') throw errorFrom(answer.failure);
    return open(answer.value);
  };
}

/** The main thread's half: calls the service and closes what became of it. */
export async function answerService(services: Services, name: string, args: Value): Promise<ServiceAnswer> {
  try {
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    if (typeof service !== 'function') throw unknownService(name, Object.keys(services));
    const result: unknown = await service.apply(services, open(args) as never[]);
    return { kind: 'value', value: close(result, `result of service '${name}'`) };
  } catch (error) {
    return { kind: 'failure', failure: failureFrom(error) };
  }
}

function unknownService(name: string, offered: readonly string[]): TaskloomError {
  const known = offered.length === 0 ? 'There are none.' : `There are: ${offered.join(', ')}.`;
  return new TaskloomError(
    'SERVICE_UNKNOWN',
    `The engine offers no service '${name}'.${hint(name, offered)} ${known} Pass it in the option services.`,
    { details: { service: name, offered } },
  );
}
