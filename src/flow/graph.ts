/** The graph pattern: units run as soon as those are done that give what they need, or that they were linked to. */
import { TaskloomError } from '../errors.ts';
import { AutoLinks } from './auto-links.ts';
import type { Together } from './dataflow.ts';
import { describe } from './names.ts';
import type { Nothing, Plain } from './symbols.ts';
import type { AnyFlow, AnyRetry, AnyUnit, Link } from './unit.ts';
import { type Addable, type FlowOptions, openFlow, UnitList } from './unit-list.ts';
import { summarize } from './unit-symbols.ts';

export class GraphFlow<Needs = Nothing, Gives = Nothing> implements AnyFlow {
  declare readonly types?: { readonly needs: Plain<Needs>; readonly gives: Plain<Gives> };
  readonly kind = 'flow';
  readonly pattern = 'graph';
  readonly name: string;
  readonly retry: AnyRetry | null;
  readonly units: readonly AnyUnit[];
  readonly links: readonly Link[];
  readonly #list: UnitList;
  readonly #links: AutoLinks;

  constructor(name: string, options: FlowOptions = {}) {
    const { name: known, retry } = openFlow(this, name, options);
    this.name = known;
    this.retry = retry;
    this.#list = new UnitList(this);
    this.#links = new AutoLinks(this);
    this.units = this.#list.all;
    this.links = this.#links.all;
    summarize(this, this.#links);
  }

  /**
   * Adds units and links them by their symbols, in any order; all of them, or none when one is refused. Arrays of
   * units may stand among them. A flow that is added is closed: its symbols are read now, so nothing can be added to
   * it, or to flows inside it, any more.
   *
   * @returns this flow, with its new types
   * @throws TaskloomError DEPENDENCY_AMBIGUOUS when two units gave a symbol before a unit was added that requires it;
   * DEPENDENCY_CYCLE; UNIT_INVALID, TASKLOOM_TWICE, DUPLICATE_NAME, UNIT_TWICE, FLOW_CONTAINS_ITSELF, FLOW_CLOSED
   */
  add<const U extends readonly Addable[]>(
    ...units: U & Together<U, Needs, Gives>['units']
  ): GraphFlow<Together<U, Needs, Gives>['needs'], Together<U, Needs, Gives>['gives']> {
    const before = this.units.length;
    const added = this.#list.append(units);
    try {
      this.#links.addAll(added);
    } catch (refusal) {
      this.#list.cut(before);
      throw refusal;
    }
    return this as never;
  }

  /**
   * Lets `to` wait for `from`, and see what it gives, whether or not a symbol joins them. Linking again does nothing.
   *
   * @throws TaskloomError LINK_INVALID when one of them was not added to this very flow; DEPENDENCY_CYCLE
   */
  link(from: AnyUnit, to: AnyUnit): this {
    for (const [unit, role] of [
      [from, 'from'],
      [to, 'to'],
    ] as const) {
      if (isUnit(unit) && this.#list.has(unit)) continue;
      const [a, b] = [shown(from), shown(to)];
      throw new TaskloomError(
        'LINK_INVALID',
        `Graph flow '${this.name}' cannot link ${a} to ${b}: ${shown(unit)} was not added to it. Add it first.`,
        { details: { flow: this.name, [role]: isUnit(unit) ? unit.name : null } },
      );
    }
    this.#links.link(from, to);
    return this;
  }
}

/**
 * Makes a flow whose units run in the order that their symbols and links ask for.
 *
 * @throws TaskloomError NAME_INVALID, OPTION_INVALID
 */
export function graph<Needs = Nothing, Gives = Nothing>(
  name: string,
  options?: FlowOptions<Needs, Gives>,
): GraphFlow<Needs, Gives> {
  return new GraphFlow(name, options);
}

function isUnit(value: unknown): value is AnyUnit {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value;
}

function shown(unit: unknown): string {
  return isUnit(unit) ? `'${unit.name}'` : describe(unit);
}
