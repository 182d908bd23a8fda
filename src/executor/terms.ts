/**
 * The terms of requests: made once for all tasks of one definition that are alike, as most are, so that a batch of them carries
 * them once.
 */
import type { Argument, Take } from '../flow/symbols.ts';
import type { AnyTask, Work } from '../flow/unit.ts';
import type { Identity, Parameter, SymbolNames, Terms } from '../protocol/messages.ts';
import type { Call } from './executor.ts';

const NO_TAKES: readonly Take[] = [];
const THE_WHOLE: readonly Take[] = [null];
const NO_SERVICES: readonly string[] = [];

export class TermsOf {
  /** The last ones of each definition. */
  readonly #last = new WeakMap<Work, Terms>();

  of(
    task: AnyTask,
    action: Terms['action'],
    args: readonly Parameter[],
    call: Call,
    { flowName, flowId }: Identity,
  ): Terms {
    const { work } = task;
    const takes = takesOf(task);
    const services = namesOf(call.services);
    const last = this.#last.get(work);
    const isSame =
      last !== undefined &&
      last.action === action &&
      areAlike(last.parameters, args) &&
      last.flowId === flowId &&
      last.flowName === flowName &&
      last.takes === takes &&
      last.services === services &&
      last.read === call.read &&
      work.validators === null;
    if (isSame) return last;
    const symbols =
      work.validators === null ? null : symbolsOf(task, action === 'execute' ? task.args : task.revertArgs);
    const { module, name } = work;
    const terms = {
      action,
      parameters: args.map(({ name, take }) => ({ name, take })),
      module: module ?? '',
      task: name,
      flowName,
      flowId,
      takes,
      read: call.read,
      services,
      symbols,
    };
    this.#last.set(work, terms);
    return terms;
  }
}

function areAlike(some: readonly Parameter[], others: readonly Parameter[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++)
    if (some[at]?.name !== others[at]?.name || some[at]?.take !== others[at]?.take) return false;
  return true;
}

function takesOf({ provides }: AnyTask): readonly Take[] {
  if (provides.length === 0) return NO_TAKES;
  if (provides.length === 1 && provides[0]?.take === null) return THE_WHOLE;
  return provides.map(({ take }) => take);
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
