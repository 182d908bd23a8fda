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
    const flow = this.#take<FlowIdentity>();
    const atom = this.#take<string>();
    const attempt = this.#take<number>();
    const args = this.#arguments(terms);
    // Each written out: a spread takes longer than all the rest.
    if (terms.action === 'execute') return { action: 'execute', terms, flow, atom, attempt, args };
    const executed = this.#take<Executed>();
    const failures = this.#take<ReadonlyMap<string, Failure>>();
    return { action: 'revert', terms, flow, atom, attempt, args, executed, failures };
  }

  #arguments({ parameters }: Terms): readonly PreparedArgument[] {
    if (parameters.length === 0) return NO_ARGUMENTS;
    return parameters.map(({ name, take }) => ({ name, value: this.#take<Value>(), take }));
  }

  #take<T>(): T {
    return this.#packed[this.#at++] as T;
  }
}
