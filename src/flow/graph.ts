/** The graph pattern: units run as soon as those are done that give what they need, or that they were linked to. */
import { TaskloomError } from '../errors.ts';
import { A_FLAG, checkOptions, type OptionRules } from '../options.ts';
import { AutoLinks, type ResolveOptions } from './auto-links.ts';
import type { Loosely, Together } from './dataflow.ts';
import { type LinkOptions, readLinkOptions } from './decider.ts';
import { describe } from './names.ts';
import { markAsUnit } from './recognise.ts';
import type { Nothing, Plain } from './symbols.ts';
import type { AnyFlow, AnyRetry, AnyUnit, Link } from './unit.ts';
import { type Addable, type FlowOptions, readFlow, UnitList } from './unit-list.ts';
import { summarize } from './unit-symbols.ts';

const RESOLVE_RULES: OptionRules<ResolveOptions> = { resolveRequires: A_FLAG, resolveExisting: A_FLAG };

export class GraphFlow<Needs = Nothing, Gives = Nothing> implements AnyFlow {
  declare readonly types?: { readonly needs: Plain<Needs>; readonly gives: Plain<Gives> };
  readonly kind = 'flow';
  readonly pattern = 'graph';
  readonly name: string;
  readonly retry: AnyRetry | null;
  readonly #list: UnitList;
  readonly #links: AutoLinks;
  #target: AnyUnit | null = null;

  static {
    markAsUnit(GraphFlow.prototype);
  }

  constructor(name: string, options: FlowOptions = {}) {
    const { name: known, retry } = readFlow(name, options);
    this.name = known;
    this.retry = retry;
    this.#list = new UnitList(this);
    this.#links = new AutoLinks(this);
    summarize(this, {
      needs: () => this.#links.needs(this.#wanted()),
      gives: () => this.#links.gives(this.#wanted()),
      release: () => this.#links.release(),
    });
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
    this.#add(units, {});
    return this as never;
  }

  /**
   * Adds units as `add` does, but without some of the links by symbols (TaskFlow `add(resolve_requires=,
   * resolve_existing=)`). What such a unit requires must then come over a link by hand, from the store, or from a unit
   * that a later call adds; else the flow is refused before it runs. The compiler lets the store give it, and does not
   * demand it.
   *
   * @returns this flow, with its new types
   * @throws TaskloomError OPTION_INVALID, and what `add` throws
   */
  addWith<const U extends readonly Addable[]>(
    options: ResolveOptions,
    ...units: U & Together<U, Needs, Gives>['units']
  ): GraphFlow<Loosely<U, Needs, Gives>['needs'], Loosely<U, Needs, Gives>['gives']> {
    checkOptions(options, RESOLVE_RULES, `addWith() of flow '${this.name}'`);
    this.#add(units, options);
    return this as never;
  }

  /**
   * Lets `to` wait for `from`, and see what it gives, whether or not a symbol joins them. With a decider, `to` runs
   * only if that says yes. Linking again puts another decider and its depth in place, and else does nothing.
   *
   * @throws TaskloomError LINK_INVALID when one of them was not added to this very flow; DEPENDENCY_CYCLE;
   * OPTION_INVALID
   */
  link(from: AnyUnit, to: AnyUnit, options: LinkOptions = {}): this {
    this.#checkOwn(from, `cannot link ${shown(from)} to ${shown(to)}`);
    this.#checkOwn(to, `cannot link ${shown(from)} to ${shown(to)}`);
    const deciding = readLinkOptions(options, `the link from '${from.name}' to '${to.name}'`);
    this.#links.link(from, to, deciding);
    return this;
  }

  /**
   * Lets only `unit` run, and what it depends on in this flow; the others are as if they had not been added. Null
   * takes that back.
   *
   * @throws TaskloomError LINK_INVALID when the unit was not added to this very flow
   */
  target(unit: AnyUnit | null): this {
    if (unit !== null) this.#checkOwn(unit, `cannot have ${shown(unit)} as its target`);
    this.#target = unit;
    return this;
  }

  /** In the order in which they were added; of a flow with a target, those that it depends on. */
  get units(): readonly AnyUnit[] {
    const wanted = this.#wanted();
    return wanted === null ? this.#list.all : this.#list.all.filter((unit) => wanted.has(unit));
  }

  /** Found or made; of a flow with a target, those between the units that it depends on. */
  get links(): readonly Link[] {
    const wanted = this.#wanted();
    return wanted === null ? this.#links.all : this.#links.all.filter(({ to }) => wanted.has(to));
  }

  #add(units: readonly unknown[], options: ResolveOptions): void {
    const before = this.#list.all.length;
    const added = this.#list.append(units);
    try {
      this.#links.addAll(added, options);
    } catch (refusal) {
      this.#list.cut(before);
      throw refusal;
    }
  }

  /** The target and all that it depends on; null without one. */
  #wanted(): ReadonlySet<AnyUnit> | null {
    if (this.#target === null) return null;
    const before = new Map<AnyUnit, AnyUnit[]>();
    for (const { from, to } of this.#links.all) {
      const units = before.get(to);
      if (units === undefined) before.set(to, [from]);
      else units.push(from);
    }
    const wanted = new Set([this.#target]);
    for (const unit of wanted) for (const each of before.get(unit) ?? []) wanted.add(each);
    return wanted;
  }

  #checkOwn(unit: unknown, what: string): asserts unit is AnyUnit {
    if (isUnit(unit) && this.#list.has(unit)) return;
    throw new TaskloomError(
      'LINK_INVALID',
      `Graph flow '${this.name}' ${what}: ${shown(unit)} was not added to it. Add it first.`,
      { details: { flow: this.name, unit: isUnit(unit) ? unit.name : null } },
    );
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
