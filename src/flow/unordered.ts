/** The unordered pattern: units in any order or all at once, none seeing what another gives. */
import type { Apart } from './dataflow.ts';
import { NO_LINKS } from './flow.ts';
import { markAsUnit } from './recognise.ts';
import type { Nothing, Plain } from './symbols.ts';
import type { AnyFlow, AnyRetry, AnyUnit, Link } from './unit.ts';
import { type Addable, type FlowOptions, readFlow, UnitList } from './unit-list.ts';

export class UnorderedFlow<Needs = Nothing, Gives = Nothing, Own = Nothing> implements AnyFlow {
  declare readonly types?: { readonly needs: Plain<Needs>; readonly gives: Plain<Gives> };
  readonly kind = 'flow';
  readonly pattern = 'unordered';
  readonly name: string;
  readonly retry: AnyRetry | null;
  readonly units: readonly AnyUnit[];
  readonly links: readonly Link[] = NO_LINKS;
  readonly #list: UnitList;

  static {
    markAsUnit(UnorderedFlow.prototype);
  }

  constructor(name: string, options: FlowOptions = {}) {
    const { name: known, retry } = readFlow(name, options);
    this.name = known;
    this.retry = retry;
    this.#list = new UnitList(this);
    this.units = this.#list.all;
  }

  /**
   * Adds units; all of them, or none when one is refused. Arrays of units may stand among them.
   *
   * @returns this flow, with its new types
   * @throws TaskloomError UNIT_INVALID, TASKLOOM_TWICE, DUPLICATE_NAME, UNIT_TWICE, FLOW_CONTAINS_ITSELF, FLOW_CLOSED
   */
  add<const U extends readonly Addable[]>(
    ...units: U
  ): UnorderedFlow<Apart<U, Needs, Gives, Own>['needs'], Apart<U, Needs, Gives, Own>['gives'], Own> {
    this.#list.append(units);
    return this as never;
  }
}

/**
 * Makes a flow whose units may all run at once.
 *
 * @throws TaskloomError NAME_INVALID, OPTION_INVALID
 */
export function unordered<Needs = Nothing, Gives = Nothing>(
  name: string,
  options?: FlowOptions<Needs, Gives>,
): UnorderedFlow<Needs, Gives, Gives> {
  return new UnorderedFlow(name, options);
}
