/**
 * The terms of requests: made once for all tasks of one definition that are alike, as most are, so that a batch of them carries
 * them once.
 */
import type { Argument, Take } from '../flow/symbols.ts';
import type { AnyTask, Work } from '../flow/unit.ts';
import type { FlowIdentity, Parameter, SymbolNames, Terms } from '../protocol/messages.ts';
import type { Call } from './executor.ts';

const NO_SERVICES: readonly string[] = [];

/** Terms that are remembered of a definition, whose tasks are used in few ways. */
const MOST_KNOWN = 4;

export class TermsOf {
  /** Of each definition, the oldest first. */
  readonly #known = new WeakMap<Work, Terms[]>();
  #lastFlow: FlowIdentity = { flowName: '', flowId: '' };

  /** The same object again for the same flow, as most are one after the other. */
  flowOf({ flowName, flowId }: FlowIdentity): FlowIdentity {
    const last = this.#lastFlow;
    if (last.flowId !== flowId || last.flowName !== flowName) this.#lastFlow = { flowName, flowId };
    return this.#lastFlow;
  }

  of(task: AnyTask, action: Terms['action'], args: readonly Parameter[], call: Call): Terms {
    const { work } = task;
    // What its failures call the values differs from use to use.
    if (work.validators !== null) return newTerms(task, action, args, call);
    let known = this.#known.get(work);
    if (known === undefined) {
      known = [];
      this.#known.set(work, known);
    }
    const services = namesOf(call.services);
    for (const terms of known) {
      const isSame =
        terms.action === action &&
        terms.read === call.read &&
        areTaken(terms.takes, task) &&
        terms.services === services &&
        areAlike(terms.parameters, args);
      if (isSame) return terms;
    }
    const terms = newTerms(task, action, args, call);
    if (known.push(terms) > MOST_KNOWN) known.shift();
    return terms;
  }
}

function newTerms(task: AnyTask, action: Terms['action'], args: readonly Parameter[], call: Call): Terms {
  const { work } = task;
  const taken = action === 'execute' ? task.args : task.revertArgs;
  return {
    action,
    parameters: args.map(({ name, take }) => ({ name, take })),
    module: work.module ?? '',
    task: work.name,
    takes: task.provides.map(({ take }) => take),
    read: call.read,
    services: namesOf(call.services),
    symbols: work.validators === null ? null : symbolsOf(task, taken),
  };
}

function areAlike(some: readonly Parameter[], others: readonly Parameter[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++)
    if (some[at]?.name !== others[at]?.name || some[at]?.take !== others[at]?.take) return false;
  return true;
}

function areTaken(takes: readonly Take[], { provides }: AnyTask): boolean {
  if (takes.length !== provides.length) return false;
  for (let at = 0; at < takes.length; at++) if (takes[at] !== provides[at]?.take) return false;
  return true;
}

/** Of the services objects that engines hand over with each call. */
const names = new WeakMap<object, readonly string[]>();

function namesOf(services: Call['services']): readonly string[] {
  let found = names.get(services);
  if (found === undefined) {
    found = Object.keys(services);
    if (found.length === 0) found = NO_SERVICES;
    names.set(services, found);
  }
  return found;
}

function symbolsOf({ inject, provides }: AnyTask, taken: readonly Argument[]): SymbolNames {
  return {
    args: new Map(taken.map(({ name, symbol }) => [name, inject.has(name) ? null : symbol])),
    provided: provides.map(({ symbol }) => symbol),
  };
}
