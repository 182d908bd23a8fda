/**
 * Requests as they cross: one flat list for all of a message, since objects and lists of their own would cost more than what they
 * say. Terms and flow are the same objects in all requests that share them, and cross once.
 *
 *   terms ┬ flow ┬ atom ┬ attempt ┬ a value for each parameter of the terms ┬ of a revert: executed ┬ failures
 */
import type { Failure } from '../failure.ts';
import type { Value } from './codec.ts';
import type { Executed, FlowIdentity, PreparedArgument, Terms, WorkRequest } from './messages.ts';

const NO_ARGUMENTS: readonly PreparedArgument[] = [];

/** Puts a request behind those that are packed. */
export function pack(request: WorkRequest, packed: unknown[]): void {
  packed.push(request.terms, request.flow, request.atom, request.attempt);
  for (const { value } of request.args) packed.push(value);
  if (request.action === 'revert') packed.push(request.executed, request.failures);
}

/** Takes requests out, in the order in which they were packed. */
export class Unpacking {
  readonly #packed: readonly unknown[];
  #at = 0;

  constructor(packed: readonly unknown[]) {
    this.#packed = packed;
  }

  next(): WorkRequest {
    const terms = this.#take<Terms>();
    const common = {
      terms,
      flow: this.#take<FlowIdentity>(),
      atom: this.#take<string>(),
      attempt: this.#take<number>(),
      args: this.#arguments(terms),
    };
    return terms.action === 'execute'
      ? { action: 'execute', ...common }
      : {
          action: 'revert',
          ...common,
          executed: this.#take<Executed>(),
          failures: this.#take<ReadonlyMap<string, Failure>>(),
        };
  }

  #arguments({ parameters }: Terms): readonly PreparedArgument[] {
    if (parameters.length === 0) return NO_ARGUMENTS;
    return parameters.map(({ name, take }) => ({ name, value: this.#take<Value>(), take }));
  }

  #take<T>(): T {
    return this.#packed[this.#at++] as T;
  }
}
