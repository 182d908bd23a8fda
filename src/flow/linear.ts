/** The linear pattern: one unit after another, each seeing what those before it gave. */
import type { InOrder } from './dataflow.ts';
import { NO_LINKS } from './flow.ts';
import { markAsUnit } from './recognise.ts';
import type { Nothing, Plain } from './symbols.ts';
import type { AnyFlow, AnyRetry, AnyUnit, Link } from './unit.ts';
import { type Addable, type FlowOptions, readFlow, UnitList } from './unit-list.ts';

export class LinearFlow<Needs = Nothing, Gives = Nothing> implements AnyFlow {
  declare readonly types?: { readonly needs: Plain<Needs>; readonly gives: Plain<Gives> };
  readonly kind = 'flow';
  readonly pattern = 'linear';
  readonly name: string;
  readonly retry: AnyRetry | null;
  readonly units: readonly AnyUnit[];
  readonly links: readonly Link[] = NO_LINKS;
  readonly #list: UnitList;

  static {
    markAsUnit(LinearFlow.prototype);
  }

  constructor(name: string, options: FlowOptions = {}) {
    const { name: known, retry } = readFlow(name, options);
    this.name = known;
    this.retry = retry;
    this.#list = new UnitList(this);
    this.units = this.#list.all;
  }

  /**
   * Adds units at the end; all of them, or none when one is refused. Arrays of units may stand among them.
   *
   * @returns this flow, with its new types
   * @throws TaskloomError UNIT_INVALID, TASKLOOM_TWICE, DUPLICATE_NAME, UNIT_TWICE, FLOW_CONTAINS_ITSELF, FLOW_CLOSED
   */
  add<const U extends readonly Addable[]>(
    ...units: U & InOrder<U, Needs, Gives>['units']
  ): LinearFlow<InOrder<U, Needs, Gives>['needs'], InOrder<U, Needs, Gives>['gives']> {
    this.#list.append(units);
    return this as never;
  }
}

/**
 * Makes a flow whose units run one after another, in the order in which they are added.
 *
 * @throws TaskloomError NAME_INVALID, OPTION_INVALID
 */
export function linear<Needs = Nothing, Gives = Nothing>(
  name: string,
  options?: FlowOptions<Needs, Gives>,
): LinearFlow<Needs, Gives> {
  return new LinearFlow(name, options);
}
